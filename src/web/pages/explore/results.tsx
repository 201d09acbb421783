import type { ReactNode } from 'react';
import type { Change, Noticed, Scene, Verdicts } from '../../../lab/index.ts';
import { Verdict } from '../../ui/controls.tsx';
import { figure, interval, percent } from '../../ui/figures.ts';
import { LinePlot } from '../../ui/plots.tsx';
import { Listing } from '../../ui/table.tsx';

const KL = 'KL from the base model, nats a reply';
const HERE = 'where the knob stands';

/** What the reward says and what the replies are worth, on one axis of KL, each on its own scale. */
export function Curves({ scene: { curve, here } }: { readonly scene: Scene }): ReactNode {
  const panel = (what: 'proxy' | 'gold', yLabel: string, title: string) => (
    <LinePlot
      title={`${title} by ${KL}`}
      xLabel={KL}
      yLabel={yLabel}
      series={[
        { name: what, points: curve.map((point) => ({ x: point.kl, y: point[what] })) },
        { name: HERE, points: [{ x: here.kl, y: here[what] }] },
      ]}
    />
  );
  return (
    <>
      <h3>Proxy: what the reward says</h3>
      {panel('proxy', 'deviations of scores', 'Proxy, the score of the reward')}
      <h3>Gold: what the replies are truly worth</h3>
      {panel('gold', 'true utility', 'Gold, the true utility')}
    </>
  );
}

const NOTICED: { readonly [N in Noticed]: { readonly name: string; readonly text: (value: number) => string } } = {
  truth: { name: 'Replies that are true', text: percent },
  agreement: { name: 'Agreement with mistaken users', text: percent },
  words: { name: 'Words a reply', text: figure },
  sure: { name: 'Replies that claim to be sure', text: percent },
};

const COLUMNS = [
  { head: 'Noticed', cell: ({ what }: Change) => NOTICED[what].name },
  { head: 'Base model', cell: ({ what, before }: Change) => NOTICED[what].text(before) },
  { head: 'Tuned policy', cell: ({ what, after }: Change) => NOTICED[what].text(after) },
];

export const Changes = ({ changes }: { readonly changes: readonly Change[] }): ReactNode => (
  <Listing name="Before and after" rows={changes} rowId={({ what }) => what} columns={COLUMNS} empty="Nothing." />
);

/** The likeliest reply to some prompts, before and after. */
export const Exchanges = ({ scene: { exchanges } }: { readonly scene: Scene }): ReactNode =>
  exchanges.map(({ prompt, before, after }) => (
    <section key={prompt} className="exchange">
      <h3>{prompt}</h3>
      <div className="beside">
        {[['Before', before] as const, ['After', after] as const].map(([when, { text, proxy, gold }]) => (
          <div key={when}>
            <h4>{when}</h4>
            <p className="text">{text}</p>
            <p className="soft small">
              proxy {figure(proxy)}, gold {figure(gold)}
            </p>
          </div>
        ))}
      </div>
    </section>
  ));

/** What the probes of an audit say of it, and where it entered. */
export function Probes({ verdicts }: { readonly verdicts: Verdicts | null }): ReactNode {
  if (verdicts === null) return <p role="status">The probes are at work…</p>;
  const { findings, entered } = verdicts;
  const assessed = findings.filter(({ verdict }) => verdict !== 'not-assessed');
  const left = findings.length - assessed.length;
  return (
    <>
      <Listing
        name="Verdicts of the probes"
        rows={assessed}
        rowId={({ probe }) => probe}
        columns={[
          { head: 'Challenge', cell: ({ challenge, title }) => `${challenge} ${title}` },
          { head: 'Probe', cell: ({ probe }) => probe },
          { head: 'Verdict', cell: ({ verdict }) => <Verdict value={verdict} /> },
          { head: 'Estimate', cell: ({ estimate, interval: range }) => `${figure(estimate)} (${interval(range)})` },
          { head: 'n', cell: ({ n }) => figure(n) },
        ]}
        empty="Too little is known here for any probe."
      />
      <p className="soft small">
        {left} probes and challenges are not assessed: this page has nothing that they could read.
      </p>
      {entered.length > 0 && (
        <>
          <h3>Where it entered</h3>
          <dl className="entries">
            {entered.map(({ title, text }) => (
              <div key={title}>
                <dt>{title}</dt>
                <dd>{text}</dd>
              </div>
            ))}
          </dl>
        </>
      )}
    </>
  );
}
