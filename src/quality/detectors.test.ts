import { describe, expect, it } from 'vitest';
import { detectorContract } from './detector.contract.ts';
import { DETECTOR_IDS } from './detector.ts';
import { DETECTORS } from './detectors.ts';

for (const detector of Object.values(DETECTORS)) detectorContract(detector, [1, 2, 3]);

describe('the detectors', () => {
  it('are one for each kind of bias and fraud, under their own names', () => {
    expect(Object.keys(DETECTORS).sort()).toEqual([...DETECTOR_IDS].sort());
    for (const [id, detector] of Object.entries(DETECTORS)) expect(detector.id).toBe(id);
  });
});
