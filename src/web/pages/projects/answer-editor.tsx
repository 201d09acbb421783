import { lazy, type ReactNode, Suspense, useEffect, useState } from 'react';
import type { Answer, Item, Question } from '../../../feedback/index.ts';
import { aboutReply, KINDS } from '../judge/logic/kinds.ts';
import { letterOf } from '../judge/logic/types.ts';
import { groupsOf } from './answers.ts';
import { Area, Check, Choice } from './form/controls.tsx';

type Put = (answer: Answer | null) => void;
interface Props<K extends Question['kind']> {
  readonly question: Extract<Question, { kind: K }>;
  readonly item: Item;
  readonly onChange: Put;
}

/** Says what the fields add up to whenever that changes. */
function useAnswer(answer: Answer | null, onChange: Put): void {
  const text = JSON.stringify(answer);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the text stands for the answer; onChange is a setter
  useEffect(() => onChange(answer), [text]);
}

const replyOptions = (item: Item) => item.replies.map((_, i) => [String(i), `Reply ${letterOf(i)}`] as const);

function Ranking({ item, onChange }: Props<'ranking'>): ReactNode {
  const [ranks, setRanks] = useState<readonly (number | null)[]>(() => item.replies.map(() => null));
  const groups = groupsOf(ranks);
  useAnswer(groups === undefined ? null : { kind: 'ranking', groups }, onChange);
  const places = [['', 'unranked'] as const, ...item.replies.map((_, i) => [String(i + 1), String(i + 1)] as const)];
  return (
    <div className="thirds">
      {item.replies.map((reply, i) => (
        <Choice
          key={reply.id}
          label={`Rank of reply ${letterOf(i)}`}
          value={ranks[i] === null ? '' : String(ranks[i])}
          options={places}
          onChange={(value) =>
            setRanks(ranks.map((rank, k) => (k === i ? (value === '' ? null : Number(value)) : rank)))
          }
        />
      ))}
    </div>
  );
}

function Rating({ question, item, onChange }: Props<'rating'>): ReactNode {
  const [values, setValues] = useState<Readonly<Record<string, string>>>({});
  const { min, max, step } = question.scale;
  const given = item.replies.flatMap((_, reply) =>
    question.criteria.flatMap(({ id: criterion }) => {
      const text = values[`${reply}/${criterion}`] ?? '';
      return text === '' ? [] : [{ reply, criterion, value: Number(text) }];
    }),
  );
  useAnswer(given.length === 0 ? null : { kind: 'rating', scale: { min, max, step }, values: given }, onChange);
  return (
    <div className="thirds">
      {item.replies.flatMap((one, reply) =>
        question.criteria.map(({ id, title }) => (
          <label key={`${one.id}/${id}`} className="field">
            <span>
              Reply {letterOf(reply)}: {title}
            </span>
            <input
              type="number"
              min={min}
              max={max}
              step={step}
              value={values[`${reply}/${id}`] ?? ''}
              onChange={(event) => setValues({ ...values, [`${reply}/${id}`]: event.target.value })}
            />
          </label>
        )),
      )}
    </div>
  );
}

function Label({ question, item, onChange }: Props<'label'>): ReactNode {
  const [reply, setReply] = useState('0');
  const [labels, setLabels] = useState<readonly string[]>([]);
  useAnswer({ kind: 'label', reply: Number(reply), labels: [...labels] }, onChange);
  return (
    <>
      <Choice label="Of" value={reply} options={replyOptions(item)} onChange={setReply} />
      <fieldset className="field bare">
        <legend>What applies</legend>
        {question.options.map(({ id, title }) => (
          <Check
            key={id}
            label={title}
            checked={labels.includes(id)}
            onChange={(now) =>
              setLabels(now ? (question.multiple ? [...labels, id] : [id]) : labels.filter((one) => one !== id))
            }
          />
        ))}
      </fieldset>
    </>
  );
}

function Steps({ question, item, onChange }: Props<'steps'>): ReactNode {
  const [reply, setReply] = useState('0');
  const [labels, setLabels] = useState<Readonly<Record<string, string>>>({});
  const steps = (item.replies[Number(reply)]?.text ?? '').split('\n').filter((line) => line.trim() !== '');
  const given = steps.map((_, i) => {
    const text = labels[`${reply}/${i}`] ?? '';
    return text === '' ? null : (Number(text) as -1 | 0 | 1);
  });
  const answered = given.some((label) => label !== null);
  useAnswer(answered ? { kind: 'steps', reply: Number(reply), mode: question.mode, labels: given } : null, onChange);
  return (
    <>
      <Choice label="Of" value={reply} options={replyOptions(item)} onChange={setReply} />
      {steps.map((step, i) => (
        <Choice
          // biome-ignore lint/suspicious/noArrayIndexKey: a step is its place
          key={i}
          label={step}
          value={labels[`${reply}/${i}`] ?? ''}
          options={[
            ['', 'not judged'],
            ['1', 'right'],
            ['0', 'neutral'],
            ['-1', 'wrong'],
          ]}
          onChange={(value) => setLabels({ ...labels, [`${reply}/${i}`]: value })}
        />
      ))}
    </>
  );
}

/** The control of the raters, fetched where it is needed. */
const SpansControl = lazy(async () => ({ default: (await import('../judge/controls/spans.tsx')).SpansControl }));

function Spans({ question, item, onChange }: Props<'spans'>): ReactNode {
  const [fields, setFields] = useState(() => KINDS.spans.empty(item.replies.length));
  const shown = { replies: item.replies.map(({ text }) => text), preferred: null };
  // Places are the item's own order here, so that the answer is in it too. A decision is about one reply: that shown.
  const answers = KINDS.spans.answers(fields, question, shown);
  useAnswer(answers.find(({ reply }) => reply === aboutReply(fields, shown)) ?? null, onChange);
  return (
    <Suspense fallback={<p role="status">Loading…</p>}>
      <SpansControl question={question} fields={fields} shown={shown} onChange={setFields} />
    </Suspense>
  );
}

function Words({
  kind,
  item,
  onChange,
}: {
  readonly kind: 'correction' | 'critique' | 'demonstration';
  readonly item: Item;
  readonly onChange: Put;
}): ReactNode {
  const [reply, setReply] = useState('0');
  const [text, setText] = useState('');
  const answer = kind === 'demonstration' ? { kind, text } : { kind, reply: Number(reply), text };
  useAnswer(text.trim() === '' ? null : answer, onChange);
  return (
    <>
      {kind !== 'demonstration' && <Choice label="Of" value={reply} options={replyOptions(item)} onChange={setReply} />}
      <Area label="Text" rows={6} value={text} onChange={setText} />
    </>
  );
}

/** Another answer than those given, for the kinds that can be written here; null while it is not complete. */
export function AnswerEditor({
  question,
  item,
  onChange,
}: {
  readonly question: Question;
  readonly item: Item;
  readonly onChange: Put;
}): ReactNode {
  switch (question.kind) {
    case 'ranking':
      return <Ranking question={question} item={item} onChange={onChange} />;
    case 'rating':
      return <Rating question={question} item={item} onChange={onChange} />;
    case 'label':
      return <Label question={question} item={item} onChange={onChange} />;
    case 'steps':
      return <Steps question={question} item={item} onChange={onChange} />;
    case 'correction':
    case 'critique':
    case 'demonstration':
      return <Words kind={question.kind} item={item} onChange={onChange} />;
    case 'spans':
      return <Spans question={question} item={item} onChange={onChange} />;
    // Every outcome of a comparison is offered already.
    case 'comparison':
      return null;
  }
}

export const canWriteAnswer = ({ kind }: Question): boolean => kind !== 'comparison';
