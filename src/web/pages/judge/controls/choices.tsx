import type { ReactNode } from 'react';
import { own } from '../../../../run/index.ts';
import { stepsOf } from '../../../../text/index.ts';
import {
  comparisonOptions,
  emptyMarks,
  keyOfIndex,
  keyOfPoint,
  pointsOf,
  ratingCells,
  STEP_MARKS,
  STRENGTHS,
} from '../logic/answer-keys.ts';
import { cellKey, letterOf } from '../logic/types.ts';
import { AboutOne, Chip, type ControlProps, KeyHint, KeyNote } from './parts.tsx';

/** The best of two or more replies, or why there is none; how much better where the form asks. */
export function ComparisonControl({ question, fields, shown, onChange }: ControlProps<'comparison'>): ReactNode {
  const { choice, strength } = fields;
  return (
    <>
      <div className="chips">
        {comparisonOptions(question, shown.replies.length).map((option) => (
          <Chip
            key={option.choice}
            name={question.id}
            checked={choice === option.choice}
            hint={option.key}
            onChoose={() =>
              onChange({ choice: option.choice, strength: typeof option.choice === 'number' ? strength : null })
            }
          >
            {option.text}
          </Chip>
        ))}
      </div>
      {question.strength && (
        <div className="chips" role="radiogroup" aria-label="How much better">
          <span className="soft small">How much?</span>
          {STRENGTHS.map(({ value, text, key }) => (
            <Chip
              key={value}
              name={`${question.id}/strength`}
              checked={strength === value}
              disabled={typeof choice !== 'number'}
              hint={key}
              onChoose={() => onChange({ choice, strength: value })}
            >
              {text}
            </Chip>
          ))}
        </div>
      )}
    </>
  );
}

/** A value for every reply under every criterion, criterion by criterion so that replies are compared on one at a time. */
export function RatingControl({ question, fields, shown, onChange }: ControlProps<'rating'>): ReactNode {
  const { criteria, scale, id } = question;
  const points = pointsOf(scale);
  const cells = ratingCells(question, shown.replies.length);
  const set = (cell: string, value: number | undefined) => {
    const { [cell]: _, ...rest } = fields.values;
    onChange({ values: value === undefined ? rest : { ...rest, [cell]: value } });
  };
  const keys = points?.map((_, i) => keyOfPoint(points, i)) ?? [];
  const rows = criteria.map((criterion) => (
    <div key={criterion.id} className="criterion">
      <p className="criterion-name">
        {criterion.title}
        {criterion.definition !== undefined && <span className="definition">{criterion.definition}</span>}
      </p>
      {shown.replies.map((_, place) => {
        const cell = cellKey(place, criterion.id);
        const label = shown.replies.length > 1 ? `${criterion.title}, reply ${letterOf(place)}` : criterion.title;
        const at = { 'data-cell': cells.indexOf(cell) };
        return points === null ? (
          <label key={cell} className="rated" {...at}>
            {shown.replies.length > 1 && <span className="place">{letterOf(place)}</span>}
            <input
              type="number"
              aria-label={`${label}, ${scale.min} to ${scale.max}`}
              min={scale.min}
              max={scale.max}
              step={scale.step}
              value={own(fields.values, cell) ?? ''}
              onChange={({ target }) =>
                set(cell, target.validity.valid && target.value !== '' ? Number(target.value) : undefined)
              }
            />
          </label>
        ) : (
          <div key={cell} className="rated" role="radiogroup" aria-label={label} {...at}>
            {shown.replies.length > 1 && (
              <span className="place" aria-hidden="true">
                {letterOf(place)}
              </span>
            )}
            <div className="chips tight">
              {points.map((point, i) => (
                <label key={point} className="chip point">
                  <input
                    type="radio"
                    name={`${id}/${cell}`}
                    checked={own(fields.values, cell) === point}
                    onChange={() => set(cell, point)}
                    aria-keyshortcuts={keys[i] ?? undefined}
                  />
                  <span>{point}</span>
                  {keys[i] !== String(point) && <KeyHint of={keys[i]} />}
                </label>
              ))}
            </div>
          </div>
        );
      })}
    </div>
  ));
  return (
    <>
      {keys.length > 0 && (
        <p className="flush">
          <KeyNote of={`${keys[0]} … ${keys.at(-1) ?? '9'}`}>rate row by row</KeyNote>
        </p>
      )}
      {rows}
    </>
  );
}

/** Labels that apply to a reply, each with its definition; none is an answer too. */
export function LabelControl({ question, fields, shown, onChange }: ControlProps<'label'>): ReactNode {
  const { options, multiple, id } = question;
  return (
    <AboutOne question={question} fields={fields} shown={shown} onChange={onChange}>
      {({ entry = { labels: [], none: false }, enter, reply }) => (
        <fieldset className="chips bare" aria-label={`Labels of reply ${letterOf(reply)}`}>
          {options.map((option, i) => {
            const checked = entry.labels.includes(option.id);
            const others = entry.labels.filter((label) => label !== option.id);
            return (
              <Chip
                key={option.id}
                type={multiple ? 'checkbox' : 'radio'}
                name={`${id}/labels`}
                checked={checked}
                hint={keyOfIndex(i)}
                definition={option.definition}
                onChoose={() =>
                  enter({ labels: multiple ? (checked ? others : [...others, option.id]) : [option.id], none: false })
                }
              >
                {option.title}
              </Chip>
            );
          })}
          {multiple && (
            <Chip
              type="checkbox"
              name={`${id}/none`}
              checked={entry.none}
              hint="0"
              onChoose={() => enter({ labels: [], none: !entry.none })}
            >
              None of these
            </Chip>
          )}
        </fieldset>
      )}
    </AboutOne>
  );
}

/** Each step of a reply: wrong, neutral, right; in first-error mode judging ends with the first wrong one. */
export function StepsControl({ question, fields, shown, onChange }: ControlProps<'steps'>): ReactNode {
  return (
    <AboutOne question={question} fields={fields} shown={shown} onChange={onChange}>
      {({ text, entry, enter }) => {
        const marks = entry?.marks ?? emptyMarks(text);
        const wrong = question.mode === 'first-error' ? marks.indexOf(-1) : -1;
        return (
          <>
            <ol className="steps">
              {stepsOf(text).map((step, i) => {
                const after = wrong >= 0 && i > wrong;
                return (
                  // biome-ignore lint/suspicious/noArrayIndexKey: a step is told by its place; two may read the same
                  <li key={i} data-cell={i} className={after ? 'soft' : ''}>
                    <p>{step}</p>
                    <div className="chips tight" role="radiogroup" aria-label={`Step ${i + 1}`}>
                      {STEP_MARKS.map(({ mark, text: word, sign, key }) => (
                        <Chip
                          key={mark}
                          name={`${question.id}/${i}`}
                          checked={!after && marks[i] === mark}
                          disabled={after}
                          hint={key}
                          onChoose={() => enter({ marks: marks.with(i, mark) })}
                        >
                          <span aria-hidden="true">{sign}</span> {word}
                        </Chip>
                      ))}
                    </div>
                  </li>
                );
              })}
            </ol>
            {wrong >= 0 && (
              <p className="soft small">Step {wrong + 1} is the first error: what follows it is not asked.</p>
            )}
          </>
        );
      }}
    </AboutOne>
  );
}
