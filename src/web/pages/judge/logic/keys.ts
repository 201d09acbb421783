/** What keys do, apart from answering: one table for the handler, the hints on the controls and the list of keys. */
export const COMMANDS = {
  submit: { keys: ['Enter', 'Ctrl+Enter'], text: 'Submit, or go to what is missing' },
  skip: { keys: ['s'], text: 'Skip, with a reason' },
  undo: { keys: ['u', 'Ctrl+Z'], text: 'Take back the last submission, skip or report' },
  flag: { keys: ['r'], text: 'Report a problem to the lead' },
  'next-question': { keys: ['j'], text: 'Next question' },
  'previous-question': { keys: ['k'], text: 'Question before' },
  instructions: { keys: ['i'], text: 'Instructions' },
  differences: { keys: ['m'], text: 'Mark differences between two replies' },
  expand: { keys: ['l'], text: 'Show long texts in full, or folded' },
  keys: { keys: ['?'], text: 'This list' },
  'leave-text': { keys: ['Escape'], text: 'Leave a text field' },
} as const satisfies Readonly<Record<string, { readonly keys: readonly string[]; readonly text: string }>>;
export type Command = keyof typeof COMMANDS;

/** A key as the browser reports it. */
export interface Pressed {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly isComposing: boolean;
}
/** Where the focus is when a key is pressed. */
export interface Where {
  /** In a field that takes text. */
  readonly typing: boolean;
  /** On something that Enter activates by itself: a button, a link. */
  readonly onButton: boolean;
  /** A dialog is open: its own keys only. */
  readonly dialog: boolean;
  /** Keys of a single character are on (WCAG 2.1.4 asks that they can be turned off). */
  readonly singleKeys: boolean;
}

const BY_KEY = new Map<string, Command>(
  (Object.keys(COMMANDS) as Command[]).flatMap((command) =>
    COMMANDS[command].keys.filter((key) => key.length === 1).map((key) => [key, command] as const),
  ),
);

/** What a key asks for: a command, an answer to the question at hand, or nothing of ours. */
export function commandOf(pressed: Pressed, where: Where): Command | { readonly answer: string } | null {
  const { key, isComposing } = pressed;
  const held = pressed.ctrlKey || pressed.metaKey;
  if (where.dialog || isComposing || pressed.altKey) return null;
  if (key === 'Enter') return held || !(where.typing || where.onButton) ? 'submit' : null;
  if (where.typing) return key === 'Escape' ? 'leave-text' : null;
  if (held) return key.toLowerCase() === 'z' ? 'undo' : null;
  if (!where.singleKeys || key.length !== 1) return null;
  const lower = key.toLowerCase();
  return BY_KEY.get(lower) ?? (/[a-h0-9tnxw]/.test(lower) ? { answer: lower } : null);
}
