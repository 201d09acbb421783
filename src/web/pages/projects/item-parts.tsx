import type { ReactNode } from 'react';
import { goldText, type Item } from '../../../feedback/index.ts';
import { Dialogue } from '../../ui/dialogue.tsx';
import { duration, when } from '../../ui/figures.ts';
import { Markdown } from '../../ui/markdown.tsx';
import { Scroll } from '../../ui/scroll.tsx';
import { letterOf } from '../judge/logic/types.ts';
import { isJudgment, keyOf } from './answers.ts';
import { ItemLink, RecordsLink } from './frame.tsx';
import { useNames } from './names.ts';
import type { RecordRow } from './queries.ts';

/** Prompt and replies of an item, as text, in the item's own order. */
export function ItemText({ item, level = 2 }: { readonly item: Item; readonly level?: 2 | 3 }): ReactNode {
  const Heading = `h${level}` as const;
  return (
    <>
      <Heading>Prompt</Heading>
      <div className="panel">
        <Dialogue text={item.prompt} level={level === 2 ? 3 : 4} />
      </div>
      {item.facts !== undefined && item.facts.length > 0 && (
        <section className="facts" aria-label="Facts">
          <div className="label">Facts</div>
          <ul>
            {item.facts.map((fact, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: facts are told by their place; two may read the same
              <li key={i}>{fact}</li>
            ))}
          </ul>
        </section>
      )}
      {item.replies.length > 0 && (
        <>
          <Heading>Replies</Heading>
          <div className="beside">
            {item.replies.map((reply, i) => (
              <section key={reply.id} className="card" aria-label={`Reply ${letterOf(i)}`}>
                <div className="label">
                  Reply {letterOf(i)}
                  {item.gold === i && ' (known to be better)'}
                  {(item.goldAnswers ?? [])
                    .filter((known) => known.reply === i)
                    .map((known) => ` (known: ${goldText(known)})`)}
                </div>
                <Markdown text={reply.text} level={level === 2 ? 4 : 5} />
              </section>
            ))}
          </div>
        </>
      )}
      {item.gold === 'tie' && <p className="soft">The replies are known to be equally good.</p>}
    </>
  );
}

function Shown({ row, replies }: { readonly row: RecordRow; readonly replies: boolean }): ReactNode {
  const { record } = row;
  const presentation =
    record.type === 'judgment'
      ? record.judgment.presentation
      : record.type === 'skip'
        ? record.presentation
        : undefined;
  if (presentation === undefined) return '–';
  const { order, view, instructionsVersion, purpose = 'work', suggestion } = presentation;
  return (
    <>
      {replies && order.length > 0 && <>{order.map(letterOf).join(', ')}; </>}
      view {view}, instructions {instructionsVersion}
      {purpose !== 'work' && <>; {purpose.replaceAll('-', ' ')}</>}
      {suggestion !== undefined && <>; with a suggestion by {suggestion.by}</>}
    </>
  );
}

const TYPE_WORDS: { readonly [T in RecordRow['record']['type']]: string } = {
  judgment: 'judgment',
  draft: 'draft',
  skip: 'skip',
  flag: 'flag',
  undo: 'undo',
  adjudication: 'decision',
  archive: 'put away',
  withdrawal: 'withdrawal',
  concern: 'concern',
  erased: 'erased',
  erasure: 'erasure',
};

/** Whether a record still counts, by shape and word. */
export function Standing({ standing }: { readonly standing: boolean }): ReactNode {
  return (
    <span className={standing ? 'verdict clear' : 'verdict missing'}>
      <span aria-hidden="true">{standing ? '●' : '○'}</span> {standing ? 'stands' : 'does not stand'}
    </span>
  );
}

/** Records as they were stored, in order. */
export function RecordTable({
  project,
  records,
  withItem,
  caption,
}: {
  readonly project: string;
  readonly records: readonly RecordRow[];
  readonly withItem: boolean;
  readonly caption: string;
}): ReactNode {
  const names = useNames();
  return (
    <Scroll name={caption}>
      <table>
        <thead>
          <tr>
            <th scope="col" className="number">
              No.
            </th>
            <th scope="col">What</th>
            {withItem && <th scope="col">Item</th>}
            <th scope="col">Who</th>
            <th scope="col">Said</th>
            <th scope="col">Stands</th>
            <th scope="col">Shown</th>
            <th scope="col" className="number">
              Active time
            </th>
            <th scope="col">When</th>
          </tr>
        </thead>
        <tbody>
          {records.map((row) => {
            const { id, raterId, itemId, at } = keyOf(row);
            const judgment = isJudgment(row) ? row.record.judgment : null;
            return (
              <tr key={row.seq}>
                <td className="number">
                  <RecordsLink project={project} ids={[id]}>
                    {row.seq}
                  </RecordsLink>
                </td>
                <td>
                  {TYPE_WORDS[row.record.type]}
                  {judgment?.questionId !== undefined && (
                    <div className="soft small">{names.question(judgment.questionId)}</div>
                  )}
                </td>
                {withItem && <td>{itemId === null ? '–' : <ItemLink project={project} item={itemId} />}</td>}
                <td>
                  <RecordsLink project={project} rater={raterId}>
                    {raterId}
                  </RecordsLink>
                </td>
                <td className="said text">
                  {row.text}
                  {judgment?.reason !== undefined && <div className="soft small">{judgment.reason}</div>}
                  {judgment?.confidence !== undefined && (
                    <div className="soft small">{Math.round(100 * judgment.confidence)} % sure</div>
                  )}
                </td>
                <td>
                  <Standing standing={row.standing} />
                </td>
                <td className="small">
                  <Shown row={row} replies={!withItem} />
                </td>
                <td className="number">{duration(judgment?.activeMs)}</td>
                <td className="small">{when(at)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </Scroll>
  );
}
