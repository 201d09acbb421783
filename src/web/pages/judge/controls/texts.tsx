import { type ReactNode, useDeferredValue, useMemo } from 'react';
import { edits } from '../logic/differences.ts';
import { letterOf } from '../logic/types.ts';
import { AboutOne, Chip, type ControlProps, KeyNote } from './parts.tsx';

/** What changed, as inserted and deleted text. */
function Changes({ from, to }: { readonly from: string; readonly to: string }): ReactNode {
  const corrected = useDeferredValue(to);
  const pieces = useMemo(() => edits(from, corrected), [from, corrected]);
  if (pieces.every(({ as }) => as === 'kept')) return <p className="soft small">No changes yet.</p>;
  return (
    <section aria-label="Your changes">
      <p className="soft small">
        Your changes: <del>taken out</del>, <ins>put in</ins>.
      </p>
      <p className="plain-text changes">
        {pieces.map(({ text, as }, i) => {
          // biome-ignore lint/suspicious/noArrayIndexKey: pieces have no other identity
          if (as === 'kept') return <span key={i}>{text}</span>;
          const Tag = as === 'out' ? 'del' : 'ins';
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: pieces have no other identity
            <Tag key={i}>
              <span className="sr-only">{as === 'out' ? ' taken out: ' : ' put in: '}</span>
              {text}
              <span className="sr-only"> end of change </span>
            </Tag>
          );
        })}
      </p>
    </section>
  );
}

/** The reply as it should have been: edited in place, the changes shown as they are made. */
export function CorrectionControl({ question, fields, shown, onChange }: ControlProps<'correction'>): ReactNode {
  return (
    <AboutOne question={question} fields={fields} shown={shown} onChange={onChange}>
      {({ reply, text, entry = { text, fine: false }, enter }) => (
        <>
          <div className="chips">
            <Chip
              type="checkbox"
              name={`${question.id}/fine`}
              checked={entry.fine}
              hint="0"
              onChoose={() => enter({ ...entry, fine: !entry.fine })}
            >
              Nothing to correct
            </Chip>
            <KeyNote of="w">write</KeyNote>
          </div>
          {!entry.fine && (
            <>
              <textarea
                data-text
                aria-label={`${question.title}: text of reply ${letterOf(reply)}`}
                rows={Math.min(14, 2 + text.split('\n').length + Math.floor(text.length / 60))}
                value={entry.text}
                onChange={({ target }) => enter({ text: target.value, fine: false })}
              />
              <div className="row">
                <button type="button" disabled={entry.text === text} onClick={() => enter({ text, fine: false })}>
                  Back to the original
                </button>
              </div>
              <Changes from={text} to={entry.text} />
            </>
          )}
        </>
      )}
    </AboutOne>
  );
}

/** What is good or bad about a reply, in words. */
export function CritiqueControl({ question, fields, shown, onChange }: ControlProps<'critique'>): ReactNode {
  return (
    <AboutOne question={question} fields={fields} shown={shown} onChange={onChange}>
      {({ reply, entry, enter }) => (
        <>
          <KeyNote of="w">write</KeyNote>
          <textarea
            data-text
            aria-label={shown.replies.length > 1 ? `${question.title} (reply ${letterOf(reply)})` : question.title}
            value={entry?.text ?? ''}
            onChange={({ target }) => enter({ text: target.value })}
          />
        </>
      )}
    </AboutOne>
  );
}

/** A reply of the rater's own. */
export function DemonstrationControl({ question, fields, onChange }: ControlProps<'demonstration'>): ReactNode {
  return (
    <>
      <KeyNote of="w">write</KeyNote>
      <textarea
        data-text
        rows={6}
        aria-label={question.title}
        value={fields.text}
        onChange={({ target }) => onChange({ text: target.value })}
      />
    </>
  );
}
