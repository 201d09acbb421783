import { useState } from 'react';
import { keep, localValues, readKept } from './outbox-browser.ts';

/** Settings of a person in this browser. */
const SINGLE_KEYS = 'goodhart/single-keys';

/** Whether keys of a single character answer (WCAG 2.1.4: they can be turned off); remembered in the browser. */
export function useSingleKeys(): [boolean, (on: boolean) => void] {
  const [on, setOn] = useState(() => readKept(localValues(), SINGLE_KEYS) !== false);
  return [
    on,
    (next) => {
      keep(localValues(), SINGLE_KEYS, next);
      setOn(next);
    },
  ];
}

const EXPANDED = 'goodhart/expanded';

/** Whether this person has long texts in full from the start, as they last had one; remembered in the browser. */
export function useExpanded(): [boolean, (expanded: boolean) => void] {
  const [expanded, setExpanded] = useState(() => readKept(localValues(), EXPANDED) === true);
  return [
    expanded,
    (next) => {
      keep(localValues(), EXPANDED, next);
      setExpanded(next);
    },
  ];
}

/** The version of the instructions that this person has read, as far as this browser knows. */
export function useReadInstructions(project: string, owner: string): [string | null, (version: string) => void] {
  const name = `goodhart/read/${owner}/${project}`;
  const [version, setVersion] = useState(() => (readKept(localValues(), name) as string | undefined) ?? null);
  return [
    version,
    (next) => {
      keep(localValues(), name, next);
      setVersion(next);
    },
  ];
}
