/** Where runs get the detection rates of probes from. */
export { allDetectionRates as detectionRates, type DetectionRates } from '../lab/index.ts';
