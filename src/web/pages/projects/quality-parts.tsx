import { Component, type ReactNode } from 'react';
import type { AgreementRow, FeedbackReport, TruthReport } from '../../../quality/index.ts';
import { BarPlot } from '../../ui/bars.tsx';
import { duration, estimateText, figure, interval, percent } from '../../ui/figures.ts';
import { Scroll } from '../../ui/scroll.tsx';
import { Pairs } from '../../ui/table.tsx';
import { ItemLink } from './frame.tsx';
import { type FormNames, useNames } from './names.ts';
import { edgeText, effectText, measureText, pText, shareText } from './quality-text.ts';

export interface OfProject {
  readonly project: string;
}

/** A part of the report; where the report has another shape than this page knows, the others still show. */
export class Part extends Component<{ readonly title: string; readonly children: () => ReactNode }> {
  override state = { broken: false };
  static getDerivedStateFromError(): { broken: boolean } {
    return { broken: true };
  }
  override render(): ReactNode {
    const { title, children } = this.props;
    return (
      <section>
        <h2>{title}</h2>
        {this.state.broken ? (
          <p className="soft">This part has a shape that this page does not know; the report as JSON is below.</p>
        ) : (
          <Content>{children}</Content>
        )}
      </section>
    );
  }
}
/** Rendered below the boundary, so that the boundary catches what it throws. */
const Content = ({ children }: { readonly children: () => ReactNode }): ReactNode => children();

function AgreementTable({ rows, caption }: { readonly rows: readonly AgreementRow[]; readonly caption: string }) {
  const names = useNames();
  return (
    <Scroll name={caption}>
      <table>
        <thead>
          <tr>
            <th scope="col">Question</th>
            <th scope="col">Measure</th>
            <th scope="col">Estimate (interval)</th>
            <th scope="col" className="number">
              Units
            </th>
            <th scope="col" className="number">
              Values
            </th>
            <th scope="col" className="number">
              Raters
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={JSON.stringify([row.question, row.part, row.stratum, row.measure])}>
              <th scope="row">
                {names.question(row.question)}
                {row.part !== '' && <span className="soft"> {names.part(row.question, row.part)}</span>}
                {row.stratum !== null && (
                  <span className="soft">
                    {' '}
                    {row.stratum.key} = {row.stratum.value}
                  </span>
                )}
              </th>
              <td>{measureText(row.measure)}</td>
              <td>
                {'value' in row.estimate
                  ? estimateText({ ...row.estimate, interval: row.interval })
                  : estimateText(row.estimate)}
              </td>
              <td className="number">{figure(row.units)}</td>
              <td className="number">{figure(row.values)}</td>
              <td className="number">{figure(row.raters)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

/** Agreement of each question, its parts, and its strata behind a fold. */
export function Agreement({ agreement }: { readonly agreement: FeedbackReport['agreement'] }): ReactNode {
  const whole = agreement.rows.filter(({ stratum }) => stratum === null);
  const strata = agreement.rows.filter(({ stratum }) => stratum !== null);
  if (whole.length === 0) return <p className="soft">No question has two answers to compare.</p>;
  return (
    <>
      <AgreementTable rows={whole} caption="Agreement by question" />
      {strata.length > 0 && (
        <details>
          <summary>By stratum ({strata.length} rows)</summary>
          <AgreementTable rows={strata} caption="Agreement by stratum" />
        </details>
      )}
      {agreement.strataLeftOut.length > 0 && (
        <p className="soft small">
          Left out as labels of items: {agreement.strataLeftOut.map(({ key }) => key).join(', ')}.
        </p>
      )}
      <p className="soft small">Intervals from {figure(agreement.replicates)} bootstrap replicates.</p>
    </>
  );
}

function Independence({ check }: { readonly check: TruthReport['independence'] }): ReactNode {
  if ('undefined' in check) return <p className="soft">Independence of errors is not tested: {check.undefined}.</p>;
  return (
    <p>
      <span className={`verdict ${check.detected ? 'concern' : 'clear'}`}>
        {check.detected ? '▲ errors are correlated' : '● no sign of correlated errors'}
      </span>
      , {pText(check.p)}; excess agreement {figure(check.excess.value)} ({interval(check.excess)}).
      {check.groups.length > 0 && (
        <> Raters that stand out: {check.groups.map((group) => group.join(', ')).join('; ')}.</>
      )}
    </p>
  );
}

/** Estimates of the true answers of one question, and where methods differ. */
export function Truth({ project, truth }: OfProject & { readonly truth: TruthReport }): ReactNode {
  const { gold, disputes } = truth;
  const names = useNames();
  const question = names.question(truth.question);
  const classText = (name: string | null) => (name === null ? 'tied' : names.part(truth.question, name));
  return (
    <>
      <h3>{question}</h3>
      <p>
        {figure(truth.votes)} votes on {figure(truth.units)} units; the methods differ on {figure(truth.disputed)}.
      </p>
      {gold !== null && (
        <Pairs
          name={`Known answers: ${question} ${truth.kind}`}
          rows={[
            [`Right by majority, of ${figure(gold.units)} with a known answer`, shareText(gold.majority)],
            ['Right by Dawid–Skene', shareText(gold.dawidSkene)],
            ['Right by one coin per rater', shareText(gold.oneCoin)],
          ]}
        />
      )}
      <Independence check={truth.independence} />
      {truth.notes.length > 0 && (
        <ul>
          {truth.notes.map(({ code, because }) => (
            <li key={code}>{because}</li>
          ))}
        </ul>
      )}
      {truth.assumes.length > 0 && (
        <details>
          <summary>What these estimates assume</summary>
          <ul>
            {truth.assumes.map(({ id, means }) => (
              <li key={id}>{means}</li>
            ))}
          </ul>
        </details>
      )}
      {disputes.length > 0 && (
        <details>
          <summary>Units on which the methods differ</summary>
          <Scroll name={`Methods differ: ${question} ${truth.classes.map(classText).join(', ')}`}>
            <table>
              <thead>
                <tr>
                  <th scope="col">Item</th>
                  <th scope="col">Votes</th>
                  <th scope="col">Majority</th>
                  <th scope="col">Dawid–Skene</th>
                  <th scope="col">One coin</th>
                  <th scope="col" className="number">
                    Posterior
                  </th>
                </tr>
              </thead>
              <tbody>
                {disputes.map((dispute) => (
                  <tr key={`${dispute.itemId}/${dispute.votes.join('/')}`}>
                    <th scope="row">
                      <ItemLink project={project} item={dispute.itemId} />
                    </th>
                    <td>{votesText(names, truth, dispute.votes)}</td>
                    <td>{classText(dispute.majority)}</td>
                    <td>{classText(dispute.dawidSkene)}</td>
                    <td>{classText(dispute.oneCoin)}</td>
                    <td className="number">{figure(dispute.posterior)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Scroll>
        </details>
      )}
    </>
  );
}

/** How often each class was chosen. */
export const votesText = (
  names: FormNames,
  { question, classes }: { readonly question: string | null; readonly classes: readonly string[] },
  votes: readonly number[],
): string =>
  votes.flatMap((n, i) => (n > 0 ? [`${names.part(question, classes[i] ?? String(i))}: ${n}`] : [])).join('; ');

/** Position, length and suggestions. */
export function Bias({ bias }: { readonly bias: FeedbackReport['bias'] }): ReactNode {
  const { position, length, anchoring } = bias;
  return (
    <Pairs
      name="Bias"
      rows={[
        [
          'Reply shown first chosen',
          position.first === null
            ? shareText(null)
            : `${shareText(position.first)}; ${pText(position.first.p)} against one half`,
        ],
        [
          'What standing first adds, log-odds',
          `${effectText(position.order)} (${position.method.replaceAll('-', ' ')})`,
        ],
        ['Items judged in both orders', figure(position.itemsInBothOrders)],
        ['Longer reply chosen', shareText(length.longer)],
        ['Length, log-odds from equal to all', effectText(length.logistic)],
        ['The same beside the strengths of replies', effectText(length.bradleyTerry)],
        ['Equal to a suggestion that was shown', shareText(anchoring.shown)],
        ['Equal to it where it was not shown', shareText(anchoring.notShown)],
        ['What showing it adds', effectText(anchoring.difference)],
      ]}
    />
  );
}

/** Active time, and agreement over sessions and calendar time. */
export function Time({ time }: { readonly time: FeedbackReport['time'] }): ReactNode {
  const { active, session, fatigue, calendar } = time;
  return (
    <>
      {active === null ? (
        <p className="soft">No active time was recorded.</p>
      ) : (
        <>
          <p>
            Median {duration(active.median)}, half of all between {duration(active.quartiles[0])} and{' '}
            {duration(active.quartiles[1])}; n = {figure(active.n)}, without a time {figure(active.unrecorded)}.
          </p>
          <BarPlot
            title="Judgments by active time"
            xLabel="active time, from"
            yLabel="judgments"
            bars={active.histogram.map(({ from, count }) => ({ name: edgeText(from), value: count }))}
          />
        </>
      )}
      <Pairs
        name="Agreement in a session"
        rows={[
          ['Change of agreement per doubling of the place in a session', effectText(fatigue)],
          ...session.map(
            ({ from, to, agreement }) =>
              [
                `Agreement, place ${from + 1} ${to === null ? 'and later' : `to ${to}`}`,
                effectText(agreement),
              ] as const,
          ),
        ]}
      />
      {calendar.length > 0 && (
        <details>
          <summary>Agreement over calendar time</summary>
          <Pairs
            name="Agreement over calendar time"
            rows={calendar.map(
              ({ from, agreement }) =>
                [`from ${new Date(from).toISOString().slice(0, 16).replace('T', ' ')}`, effectText(agreement)] as const,
            )}
          />
        </details>
      )}
    </>
  );
}

/** Known answers, repeats, and circles among preferences. */
export function Reliability({ report }: { readonly report: FeedbackReport }): ReactNode {
  const { known, repeats, consistency } = report;
  return (
    <Pairs
      name="Known answers, repeats, consistency"
      rows={[
        ...Object.entries(known.byPurpose).map(
          ([purpose, share]) => [`Known answers given right: ${purpose}`, shareText(share)] as const,
        ),
        ['Repeats answered the same', shareText(repeats.selfConsistency)],
        ['Repeats in reverse order answered the same', shareText(repeats.swappedConsistency)],
        ['Of those answered differently, same place again', shareText(repeats.followedPlace)],
        ['Triples of replies that run in a circle', shareText(consistency.cyclicShare)],
        ['Prompts with a reply that beats every other', shareText(consistency.condorcet)],
      ]}
    />
  );
}

const counts = (of: Readonly<Record<string, number>>): string =>
  Object.entries(of)
    .filter(([, n]) => n > 0)
    .map(([key, n]) => `${key.replaceAll('-', ' ')} ${figure(n)}`)
    .join(', ') || 'none';

/** What was judged how often, and what was left out of the figures. */
export function Coverage({ coverage }: { readonly coverage: FeedbackReport['coverage'] }): ReactNode {
  const { history, wanted } = coverage;
  return (
    <Pairs
      name="Coverage"
      rows={[
        [
          'Items by judgments they have',
          coverage.itemsByJudgments.map(({ judgments, items }) => `${judgments}: ${figure(items)}`).join(', ') ||
            'none',
        ],
        ...(wanted === null
          ? []
          : [[`Items below the ${wanted.judgments} wanted`, figure(wanted.itemsBelow)] as const]),
        ['Judgments by purpose', counts(coverage.judgmentsByPurpose)],
        ['Judgments by kind', counts(coverage.judgmentsByKind)],
        ['Without a preference', counts(coverage.unscored)],
        ['Replaced by a later one', figure(coverage.superseded)],
        ['Later ones of a rater on the same unit', figure(coverage.repeatedByRater)],
        ...(history === null
          ? []
          : ([
              ['Skips', counts(history.skips)],
              ['Flags, on items', `${figure(history.flags)} on ${figure(history.flaggedItems)}`],
              ['Undone', figure(history.undone)],
              ['Withdrawn', figure(history.withdrawn)],
              ['Open drafts', figure(history.openDrafts)],
              ['Decisions by a lead', figure(history.adjudications)],
            ] as const)),
      ]}
    />
  );
}

/** Who the raters say they are, under consent. */
export function PeopleSaid({ people }: { readonly people: FeedbackReport['people'] }): ReactNode {
  return (
    <>
      <p>
        {figure(people.raters)} raters, {figure(people.withProfile)} with a profile, {figure(people.consented)} who
        described themselves under a consent.
      </p>
      {people.groups.length > 0 && (
        <Pairs
          name="Groups of raters"
          rows={people.groups.map(
            ({ attribute, value, raters, judgments, share, target }) =>
              [
                `${attribute}: ${value}`,
                `${figure(raters)} raters (${percent(share)}${target === null ? '' : `, target ${percent(target)}`}), ${figure(judgments)} judgments`,
              ] as const,
          )}
        />
      )}
      {'undefined' in people.weighting ? (
        <p className="soft">Not weighted: {people.weighting.undefined}.</p>
      ) : (
        <Pairs
          name="Weighting"
          rows={[
            ['Effective raters after weighting', figure(people.weighting.effectiveRaters)],
            ['Design effect', figure(people.weighting.designEffect)],
            [
              'Majorities that change',
              `${figure(people.weighting.changedMajorities.k)} of ${figure(people.weighting.changedMajorities.n)}`,
            ],
          ]}
        />
      )}
    </>
  );
}
