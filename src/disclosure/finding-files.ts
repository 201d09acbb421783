import { EVIDENCE, type Finding, isProbeId, probeOf } from '../audit/index.ts';

/** Files of the evidence that a finding rests on. */
export function evidenceOf({ probe }: Pick<Finding, 'probe'>): string[] {
  if (!isProbeId(probe)) return [];
  const { needs, uses } = probeOf(probe);
  return [...needs, ...uses].map((kind) => EVIDENCE[kind].file);
}
