import { type FormEvent, type KeyboardEvent, type ReactNode, useState } from 'react';
import { Field } from '../../ui/controls.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Markdown } from '../../ui/markdown.tsx';
import { Scroll } from '../../ui/scroll.tsx';
import { Chip } from './controls/parts.tsx';
import { COMMANDS, type Command } from './logic/keys.ts';
import type { JudgeProject } from './logic/types.ts';
import type { DeskWork } from './use-desk.ts';

type SkipReason = Parameters<DeskWork['skip']>[0];
/** In the words of the screen; a reason without words is a type error. */
const SKIP_WORDS: Readonly<Record<SkipReason, string>> = {
  unclear: 'It is unclear what is asked or said',
  'no-expertise': 'I do not know enough about this',
  broken: 'Something is broken: cut off, garbled, wrong language',
  upsetting: 'It is upsetting, and I would rather not',
  other: 'Another reason',
};
const SKIP_REASONS = Object.keys(SKIP_WORDS) as SkipReason[];

/** Ctrl+Enter in a text: sends it. The key is used up, so that the desk behind does not take it for a submission. */
function isSend(event: KeyboardEvent): boolean {
  const sends = event.key === 'Enter' && (event.ctrlKey || event.metaKey);
  if (sends) event.preventDefault();
  return sends;
}

/** Why the task is passed by: a number and Enter, or a click, with a note where there is more to say. */
function SkipDialog({
  onSkip,
  onClose,
}: {
  readonly onSkip: (reason: SkipReason, note: string) => void;
  readonly onClose: () => void;
}): ReactNode {
  const [reason, setReason] = useState<SkipReason>(SKIP_REASONS[0]!);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    onSkip(reason, String(new FormData(event.currentTarget).get('note') ?? '').trim());
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target instanceof HTMLTextAreaElement) {
      if (isSend(event)) event.currentTarget.closest('form')?.requestSubmit();
      return;
    }
    const chosen = SKIP_REASONS[Number(event.key) - 1];
    if (chosen !== undefined) setReason(chosen);
  };
  return (
    <Dialog title="Skip this task" open focusFirst="input" onClose={onClose}>
      <form onSubmit={submit} onKeyDown={onKeyDown} className="stack">
        <p className="soft">You will not be asked this again. It can be taken back.</p>
        <div className="chips column" role="radiogroup" aria-label="Reason">
          {SKIP_REASONS.map((value, i) => (
            <Chip
              key={value}
              name="reason"
              checked={reason === value}
              hint={String(i + 1)}
              onChoose={() => setReason(value)}
            >
              {SKIP_WORDS[value]}
            </Chip>
          ))}
        </div>
        <Field label="More about it (optional)">{(ids) => <textarea name="note" maxLength={10_000} {...ids} />}</Field>
        <div>
          <button type="submit" className="primary">
            Skip
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** Tells the lead that something is wrong with a task; it stays on the screen. */
function FlagDialog({
  onFlag,
  onClose,
}: {
  readonly onFlag: (reason: string) => void;
  readonly onClose: () => void;
}): ReactNode {
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const reason = String(new FormData(event.currentTarget).get('reason') ?? '').trim();
    if (reason !== '') onFlag(reason);
  };
  return (
    <Dialog title="Report a problem" open focusFirst="textarea" onClose={onClose}>
      <form
        onSubmit={submit}
        onKeyDown={(event) => {
          if (isSend(event)) event.currentTarget.requestSubmit();
        }}
      >
        <p className="soft">The lead sees what you write, beside this task. You can still judge it.</p>
        <Field label="What should the lead know?" hint="Ctrl+Enter sends it.">
          {(ids) => <textarea name="reason" required maxLength={10_000} {...ids} />}
        </Field>
        <button type="submit" className="primary">
          Report
        </button>
      </form>
    </Dialog>
  );
}

const ANSWER_KEYS: readonly (readonly [string, string])[] = [
  ['a–h', 'The reply at that place: chooses it, goes to its row, or says what a question is about'],
  ['1–9', 'The option, rank or rating with that number; how much better'],
  ['0', 'None: no label, nothing to mark or correct, not ranked, no say on a step'],
  ['t', 'Equally good'],
  ['n', 'None is good'],
  ['x', 'I cannot judge'],
  ['w', 'Write: goes into the text of the question'],
];

/** Every key, and the switch for those of a single character. */
function KeysDialog({
  singleKeys,
  onSingleKeys,
  onClose,
}: {
  readonly singleKeys: boolean;
  readonly onSingleKeys: (on: boolean) => void;
  readonly onClose: () => void;
}): ReactNode {
  const row = (keys: readonly string[], text: string) => (
    <tr key={text}>
      <th scope="row">
        {keys.map((key, i) => (
          <span key={key}>
            {i > 0 && ' or '}
            <kbd>{key}</kbd>
          </span>
        ))}
      </th>
      <td>{text}</td>
    </tr>
  );
  return (
    <Dialog title="Keys" open onClose={onClose}>
      <label className="row single-keys">
        <input type="checkbox" checked={singleKeys} onChange={({ target }) => onSingleKeys(target.checked)} /> Keys of a
        single character are on
      </label>
      <p className="soft small">
        Turn them off if they get in the way of a screen reader or of speaking to the computer. Tab, arrows, the space
        bar, Enter and Ctrl with Enter or Z work in any case.
      </p>
      <Scroll name="Keys">
        <table className="keys">
          <caption>For the question at hand</caption>
          <tbody>{ANSWER_KEYS.map(([key, text]) => row([key], text))}</tbody>
        </table>
        <table className="keys">
          <caption>At any time</caption>
          <tbody>
            {(Object.keys(COMMANDS) as Command[]).map((command) => row(COMMANDS[command].keys, COMMANDS[command].text))}
          </tbody>
        </table>
      </Scroll>
      <p className="soft small">
        On a Mac, Cmd does what Ctrl does. No key answers while you type or a window is open.
      </p>
    </Dialog>
  );
}

/** The instructions as they stand now, by version. */
function InstructionsDialog({
  instructions,
  onClose,
}: {
  readonly instructions: NonNullable<JudgeProject['instructions']>;
  readonly onClose: () => void;
}): ReactNode {
  return (
    <Dialog title="Instructions" open onClose={onClose}>
      <p className="soft small">Version {instructions.version}</p>
      <Markdown text={instructions.text} level={3} />
    </Dialog>
  );
}

/** A pause: the task is covered and no time is counted. */
function BreakDialog({ onEnd }: { readonly onEnd: () => void }): ReactNode {
  return (
    <Dialog title="A break" open focusFirst=".primary" onClose={onEnd}>
      <p>Your place is kept and no time is counted. Look at something far away; stand up for a moment.</p>
      <button type="button" className="primary" onClick={onEnd}>
        Go on judging
      </button>
    </Dialog>
  );
}

export type DeskDialogName = 'skip' | 'flag' | 'keys' | 'instructions' | 'break';

/** The window that is open over the desk; fetched as one, ahead of use. */
export function DeskDialog({
  open,
  work,
  instructions,
  singleKeys,
  onSingleKeys,
  onClose,
}: {
  readonly open: DeskDialogName;
  readonly work: DeskWork;
  readonly instructions: JudgeProject['instructions'];
  readonly singleKeys: boolean;
  readonly onSingleKeys: (on: boolean) => void;
  readonly onClose: () => void;
}): ReactNode {
  switch (open) {
    case 'skip':
      return (
        <SkipDialog
          onClose={onClose}
          onSkip={(reason, note) => {
            onClose();
            work.skip(reason, note);
          }}
        />
      );
    case 'flag':
      return (
        <FlagDialog
          onClose={onClose}
          onFlag={(reason) => {
            onClose();
            work.flag(reason);
          }}
        />
      );
    case 'keys':
      return <KeysDialog singleKeys={singleKeys} onSingleKeys={onSingleKeys} onClose={onClose} />;
    case 'instructions':
      return instructions === null ? null : <InstructionsDialog instructions={instructions} onClose={onClose} />;
    case 'break':
      return <BreakDialog onEnd={work.endBreak} />;
    default:
      return open satisfies never;
  }
}
