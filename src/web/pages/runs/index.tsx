export { ChallengePage, RunAudit } from './audit.tsx';
export { CompareRuns } from './compare.tsx';
export { RunDisclosure } from './disclosure.tsx';
export { NewRun, RunList } from './list.tsx';
export { RunOverview } from './overview.tsx';
export { RunSamples } from './samples.tsx';
