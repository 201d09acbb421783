/** Names of the turns of a dialogue in the form of HH-RLHF, by the role that chat formats give them. */
export const TURN_NAMES = {
  user: 'Human',
  assistant: 'Assistant',
  system: 'System',
  developer: 'Developer',
  tool: 'Tool',
} as const satisfies Readonly<Record<string, string>>;
export type TurnRole = keyof typeof TURN_NAMES;

const ROLES = new Map(Object.entries(TURN_NAMES).map(([role, name]) => [name as string, role as TurnRole]));
const NAMES = [...ROLES.keys()].join('|');
const MARK = new RegExp(`\n\n(${NAMES}):`, 'g');
const ESCAPED = new RegExp(`\n\n\\\\(\\\\*)(${NAMES}):`, 'g');

/** One turn of a dialogue, as people read it. */
export interface Turn {
  readonly role: TurnRole;
  readonly text: string;
}

/** The turns of a text in the form of HH-RLHF, for looking at; null for text that does not begin with a turn. */
export function turnsOf(text: string): readonly Turn[] | null {
  const marks = [...text.matchAll(MARK)];
  if (marks[0]?.index !== 0) return null;
  return marks.map((mark, i) => ({
    role: ROLES.get(mark[1]!)!,
    text: text
      .slice(mark.index + mark[0].length, marks[i + 1]?.index ?? text.length)
      .replace(/^ /, '')
      .replace(ESCAPED, '\n\n$1$2:'),
  }));
}

/** Where what is answered begins: the last turn of the user, or the last turn where none is theirs. */
export function lastAsked(turns: readonly Turn[]): number {
  const asked = turns.findLastIndex(({ role }) => role === 'user');
  return asked < 0 ? Math.max(0, turns.length - 1) : asked;
}
