import type { ReactNode } from 'react';
import type { AgreementMatrix, DetectorReport, FeedbackReport, Flag } from '../../../quality/index.ts';
import { figure, interval, percent } from '../../ui/figures.ts';
import { Scroll } from '../../ui/scroll.tsx';
import { Pairs } from '../../ui/table.tsx';
import { ItemLink, RecordsLink } from './frame.tsx';
import { useNames } from './names.ts';
import { type OfProject, votesText } from './quality-parts.tsx';

function FlagLine({ project, flag }: OfProject & { readonly flag: Flag }): ReactNode {
  return (
    <li>
      {flag.raters.map((rater, i) => (
        <span key={rater}>
          {i > 0 && ', '}
          <RecordsLink project={project} rater={rater}>
            {rater}
          </RecordsLink>
        </span>
      ))}
      : {flag.statistic} {figure(flag.value)}
      {flag.interval !== null && ` (${interval(flag.interval)})`}, {flag.test.measure} {figure(flag.test.value)} against{' '}
      {figure(flag.test.threshold)}, n = {figure(flag.n)}
      {flag.records.length > 0 && (
        <>
          ;{' '}
          <RecordsLink project={project} ids={flag.records}>
            {flag.recordsInAll > flag.records.length
              ? `${flag.records.length} of ${figure(flag.recordsInAll)} records`
              : `${flag.records.length} records`}
            <span className="sr-only"> behind {flag.raters.join(', ')}</span>
          </RecordsLink>
        </>
      )}
    </li>
  );
}

const sharesText = ({ low, high }: { readonly low: number; readonly high: number }): string =>
  `${(100 * low).toFixed(1)} to ${(100 * high).toFixed(1)} %`;

/** A detector with its flags, what it stands on, and how often it is right. */
export function DetectorPart({ project, detector }: OfProject & { readonly detector: DetectorReport }): ReactNode {
  const { flags, reason, rates } = detector;
  const state =
    reason !== null
      ? { look: 'not-assessed', text: '○ cannot say' }
      : flags.length > 0
        ? { look: 'concern', text: `▲ ${flags.length} ${flags.length === 1 ? 'flag' : 'flags'}` }
        : { look: 'clear', text: '● no flag' };
  return (
    <section className="panel spaced">
      <div className="row spread">
        <h3 className="flush">{detector.id.replaceAll('-', ' ')}</h3>
        <span className={`verdict ${state.look}`}>{state.text}</span>
      </div>
      <p className="flush">{detector.looksFor}</p>
      {reason !== null && <p className="soft flush">{reason}</p>}
      {flags.length > 0 && (
        <ul>
          {flags.map((flag) => (
            <FlagLine key={flag.raters.join('/')} project={project} flag={flag} />
          ))}
        </ul>
      )}
      <p className="soft small flush">
        {figure(detector.assessed)} {detector.tests} tested, {figure(detector.unassessed)} with too little evidence. On
        simulated pools: false alarms in {figure(rates.clean.alarms)} of {figure(rates.clean.runs)} clean ones (
        {sharesText(rates.clean)});{' '}
        {rates.planted
          .map(
            ({ strength, power, low, high }) =>
              `finds ${percent(power)} (${sharesText({ low, high })}) at strength ${strength}`,
          )
          .join('; ')}
        .
      </p>
      <details>
        <summary>How it decides</summary>
        <Pairs
          name={`How ${detector.id} decides`}
          rows={[
            ['Needs', detector.needs],
            ['Assumes', detector.assumes],
            ['Rule', detector.rule],
            ['Level', figure(detector.level)],
            ['Strength means', rates.means],
          ]}
        />
      </details>
    </section>
  );
}

/** Units with most disagreement, each with its item. */
export function Disagreements({
  project,
  list,
}: OfProject & { readonly list: FeedbackReport['disagreements'] }): ReactNode {
  const names = useNames();
  if (list.length === 0) return <p className="soft">Raters do not differ on any unit.</p>;
  return (
    <Scroll name="Most disagreement">
      <table>
        <thead>
          <tr>
            <th scope="col">Item</th>
            <th scope="col">Question</th>
            <th scope="col">Votes</th>
            <th scope="col" className="number">
              Agreement
            </th>
          </tr>
        </thead>
        <tbody>
          {list.map((row, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: several units of one item can have the same votes
            <tr key={i}>
              <th scope="row">
                <ItemLink project={project} item={row.itemId} />
              </th>
              <td>{names.question(row.question)}</td>
              <td>{votesText(names, row, row.votes)}</td>
              <td className="number">{percent(row.agreement)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

/** Agreement of raters pair by pair, as numbers; a low one is marked. */
export function Matrix({ project, matrix }: OfProject & { readonly matrix: AgreementMatrix }): ReactNode {
  if (matrix.raters.length < 2) return <p className="soft">Fewer than two raters.</p>;
  return (
    <Scroll name="Agreement of raters pair by pair">
      <table className="matrix">
        <thead>
          <tr>
            <th scope="col">% of shared units</th>
            {matrix.raters.map((rater, i) => (
              <th key={rater} scope="col" className="number">
                <abbr title={rater}>{i + 1}</abbr>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {matrix.raters.map((rater, i) => (
            <tr key={rater}>
              <th scope="row">
                {i + 1}{' '}
                <RecordsLink project={project} rater={rater}>
                  {rater}
                </RecordsLink>
              </th>
              {matrix.raters.map((other, j) => {
                const share = matrix.share[i]?.[j] ?? null;
                return (
                  <td key={other} className="number">
                    {i === j ? '' : share === null ? '–' : Math.round(100 * share)}
                    {i !== j && share !== null && <div className="soft small">n {matrix.n[i]?.[j] ?? 0}</div>}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
