import { lazy, type ReactNode, Suspense } from 'react';

export { JudgeHome } from './judge-home.tsx';

/** Markdown, controls and all: fetched when somebody begins to judge, so that the way there is light. */
const Screen = lazy(async () => ({ default: (await import('./judge-screen.tsx')).JudgeScreen }));

const Records = lazy(async () => ({ default: (await import('./own-records.tsx')).OwnRecords }));

const fetched = (page: ReactNode) => <Suspense fallback={<p role="status">Loading…</p>}>{page}</Suspense>;

export function JudgeScreen(): ReactNode {
  return fetched(<Screen />);
}
export function OwnRecords(): ReactNode {
  return fetched(<Records />);
}
