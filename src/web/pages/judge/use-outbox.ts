import { useSyncExternalStore } from 'react';
import type { OutboxState } from './logic/outbox.ts';
import { outboxOf } from './outbox-browser.ts';

/** What waits in the outbox, for a person to read. */
export function useOutbox(owner: string): OutboxState & { readonly waiting: number } {
  const outbox = outboxOf(owner);
  const state = useSyncExternalStore(outbox.subscribe, outbox.state);
  return { ...state, waiting: state.entries.filter((entry) => entry.refused === null).length };
}
