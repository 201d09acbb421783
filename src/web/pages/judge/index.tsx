import type { ReactNode } from 'react';

export function JudgeHome(): ReactNode {
  return null;
}
export function JudgeScreen(): ReactNode {
  return null;
}
export function OwnRecords(): ReactNode {
  return null;
}
