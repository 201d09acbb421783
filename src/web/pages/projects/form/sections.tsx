import { lazy, type ReactNode, Suspense } from 'react';
import { Area, Check, Choice, Input } from './controls.tsx';
import type { Faults, ProjectDraft } from './project-draft.ts';
import { QuestionsEditor } from './question-editor.tsx';
import { RulesEditor } from './rules-editor.tsx';

/** Markdown comes with it, which no other page of a project needs. */
const LazyPreview = lazy(async () => ({ default: (await import('./preview.tsx')).Preview }));

/** Everything of a project but its name, in sections; with the preview beside where there is room. */
export function ProjectSections({
  draft,
  faults,
  head,
  onChange,
}: {
  readonly draft: ProjectDraft;
  readonly faults: Faults;
  /** Fields before the questions. */
  readonly head: ReactNode;
  readonly onChange: (change: Partial<ProjectDraft>) => void;
}): ReactNode {
  return (
    <div className="with-preview">
      <div>
        {head}
        <h2>Questions</h2>
        <QuestionsEditor
          questions={draft.questions}
          faults={faults}
          onChange={(questions) => onChange({ questions })}
        />
        <h2>Instructions and consent</h2>
        <Area
          label="Instructions"
          rows={8}
          hint="Markdown. A changed text becomes a new version; every judgment keeps the version that was shown."
          value={draft.instructions}
          onChange={(instructions) => onChange({ instructions })}
        />
        <Area
          label="Consent"
          hint="What raters agree to before they begin. Empty: none is asked, and nothing raters say of themselves is kept."
          value={draft.consent}
          onChange={(consent) => onChange({ consent })}
        />
        <h2>Who judges what</h2>
        <RulesEditor
          rules={draft.rules}
          faults={faults}
          onChange={(change) => onChange({ rules: { ...draft.rules, ...change } })}
        />
        <h2>Raters</h2>
        <Area
          label="What raters may say of themselves"
          hint="One attribute a line with its values: region: north, south"
          rows={3}
          value={draft.demographics}
          fault={faults.demographics}
          onChange={(demographics) => onChange({ demographics })}
        />
        <div className="thirds">
          <Input
            label="Pay"
            numeric
            hint="Empty: not known, and no cost is shown."
            value={draft.payAmount}
            fault={faults.payAmount}
            onChange={(payAmount) => onChange({ payAmount })}
          />
          <Input label="Currency" value={draft.payCurrency} onChange={(payCurrency) => onChange({ payCurrency })} />
          <Choice
            label="Paid"
            value={draft.payPer}
            options={[
              ['hour', 'per hour of active time'],
              ['item', 'per judgment'],
            ]}
            onChange={(payPer) => onChange({ payPer })}
          />
          <Input
            label="Suggest a break after, minutes"
            numeric
            value={draft.breakAfterMinutes}
            fault={faults.breakAfterMinutes}
            onChange={(breakAfterMinutes) => onChange({ breakAfterMinutes })}
          />
        </div>
        <details>
          <summary>What of an item is shown</summary>
          <Input
            label="View"
            hint="full: with the facts beside the replies. Any other name leaves them out and is kept with every judgment."
            value={draft.view}
            onChange={(view) => onChange({ view })}
          />
        </details>
        <Check label="Paused: nobody is asked" checked={draft.paused} onChange={(paused) => onChange({ paused })} />
      </div>
      <Suspense fallback={<p role="status">Loading the preview…</p>}>
        <LazyPreview questions={draft.questions} instructions={draft.instructions} />
      </Suspense>
    </div>
  );
}

/** What stands in the way of sending the form, at the place where it was tried. */
export function FaultList({ faults }: { readonly faults: Faults }): ReactNode {
  const texts = [...new Set(Object.values(faults))];
  if (texts.length === 0) return null;
  return (
    <div className="notice fault" role="alert">
      <p>This is not complete yet:</p>
      <ul>
        {texts.map((text) => (
          <li key={text}>{text}</li>
        ))}
      </ul>
    </div>
  );
}
