import { type ReactNode, useMemo } from 'react';
import { lastAsked, type TurnRole, turnsOf } from '../../feedback/index.ts';
import { counted } from './figures.ts';
import { Markdown } from './markdown.tsx';

/** Roles as people call them. */
const ROLES: { readonly [R in TurnRole]: string } = {
  user: 'User',
  assistant: 'Assistant',
  system: 'System',
  developer: 'Developer',
  tool: 'Tool',
};

/** How many turns of a prompt stand before the one that is answered. */
export function earlierTurns(text: string): number {
  const turns = turnsOf(text);
  return turns === null ? 0 : lastAsked(turns);
}

/**
 * A prompt as it was said: turns with their roles where it is a dialogue, Markdown otherwise. Folded, the turns before the
 * one that is answered are left out: that one is always seen.
 */
export function Dialogue({
  text,
  level = 4,
  folded = false,
}: {
  readonly text: string;
  readonly level?: 3 | 4 | 5;
  readonly folded?: boolean;
}): ReactNode {
  const turns = useMemo(() => turnsOf(text), [text]);
  if (turns === null) return <Markdown text={text} level={level} />;
  const from = folded ? lastAsked(turns) : 0;
  return (
    <>
      {from > 0 && <p className="soft small flush">{counted(from, 'earlier turn')} folded</p>}
      <ol className="turns" start={from + 1}>
        {turns.slice(from).map(({ role, text: said }, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a turn is told by its place
          <li key={from + i} className={`turn ${role}`} dir="auto">
            <span className="turn-role">{ROLES[role]}</span>
            <Markdown text={said} level={level} />
          </li>
        ))}
      </ol>
    </>
  );
}
