import type { ReactNode } from 'react';
import { Area, Choice, Input } from './controls.tsx';
import type { RulesDraft } from './rules-draft.ts';

const COHORTS_HINT =
  'JSON. Items of these strata go only to raters who describe themselves so: [{"name": "local", "items": {"topic": ["harbour"]}, "raters": {"region": ["north"]}}]';
const QUOTAS_HINT =
  'JSON. Shares of all wanted judgments by self-description; a full group is asked no more: [{"attribute": "region", "shares": {"north": 0.5, "south": 0.5}}]';

/** Who judges what, and how often. */
export function RulesEditor({
  rules,
  faults,
  onChange,
}: {
  readonly rules: RulesDraft;
  readonly faults: Readonly<Record<string, string>>;
  readonly onChange: (change: Partial<RulesDraft>) => void;
}): ReactNode {
  type TextField = { [K in keyof RulesDraft]: string extends RulesDraft[K] ? K : never }[keyof RulesDraft];
  const number = (field: TextField, label: string, hint?: string) => (
    <Input
      label={label}
      numeric
      value={rules[field]}
      fault={faults[field]}
      hint={hint}
      onChange={(value) => onChange({ [field]: value })}
    />
  );
  return (
    <>
      <div className="thirds">
        {number('overlap', 'Judgments per item')}
        {number('overlapPercent', 'On % of the items', 'The other items get one judgment.')}
        {number('perRaterCap', 'Most items per rater', 'Empty: no limit.')}
        {number('reservationMinutes', 'Reservation, minutes', 'An item not answered in time goes to somebody else.')}
        <Choice
          label="Which item comes first"
          value={rules.order}
          options={[
            ['random', 'A random one'],
            ['least-judged', 'The least judged'],
            ['priority', 'By priority, from a selection rule'],
          ]}
          onChange={(order) => onChange({ order })}
        />
      </div>
      <h3>Measuring raters</h3>
      <div className="thirds">
        {number('goldEvery', 'Known answers: one in', 'Empty: none. Needs items with a known answer.')}
        <Choice
          label="Known answers are"
          value={rules.goldMode}
          options={[
            ['gold', 'silent (gold)'],
            ['training', 'explained afterwards (training)'],
          ]}
          onChange={(goldMode) => onChange({ goldMode })}
        />
        {number('repeatsEvery', 'Repeats: one in', 'Empty: none. Half of them are shown in reverse order.')}
        {number('qualificationItems', 'Qualification, items', 'Empty: none. Answered before any work.')}
        {number('qualificationPercent', 'Right answers to pass, %')}
      </div>
      <h3>Further judgments</h3>
      <Choice
        label="When an item gets more, or fewer"
        value={rules.more}
        options={[
          ['none', 'Never: every item gets the same'],
          ['extra', 'Extra raters where they disagree'],
          ['adaptive', 'Adaptive: until the answer is sure enough'],
        ]}
        onChange={(more) => onChange({ more })}
      />
      {rules.more === 'extra' && (
        <div className="thirds">
          {number('extraBelowPercent', 'While agreement is below, %')}
          {number('extraMax', 'At most so many more')}
        </div>
      )}
      {rules.more === 'adaptive' && (
        <div className="thirds">
          {number('adaptivePercent', 'Sure enough, %', 'Probability of the leading answer.')}
          {number('adaptiveAccuracyPercent', 'Raters are right, %', 'Assumed when reckoning.')}
          {number('adaptiveMin', 'Judgments, at least')}
          {number('adaptiveMax', 'Judgments, at most')}
        </div>
      )}
      <details>
        <summary>Cohorts and quotas</summary>
        <Area
          label="Cohorts"
          code
          value={rules.cohorts}
          fault={faults.cohorts}
          hint={COHORTS_HINT}
          onChange={(cohorts) => onChange({ cohorts })}
        />
        <Area
          label="Quotas"
          code
          value={rules.quotas}
          fault={faults.quotas}
          hint={QUOTAS_HINT}
          onChange={(quotas) => onChange({ quotas })}
        />
      </details>
    </>
  );
}
