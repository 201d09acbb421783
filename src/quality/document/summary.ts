import type { Reference, Section } from '../../report/index.ts';
import type { FeedbackReport } from '../report.ts';
import { countsText, effectText, estimateOf, seconds, shareText } from './words.ts';

/** Ties count as wrong; what the share is without them. */
function tiedText({ majority, tied }: FeedbackReport['gold']): string {
  if (majority === null || tied === 0 || majority.n === tied) return '';
  const without = (100 * majority.k) / (majority.n - tied);
  return `; ${tied} tied units count as wrong, without them ${without.toFixed(1)} %`;
}

const every = (what: string, text: string): Reference => ({ ref: 'list', ids: [what], text });

/** The headline of a body of feedback: what there is, how far raters agree, how often they are right. */
export function summarySection(report: FeedbackReport): Section {
  const { alphaNominal, pairwiseAgreement, gold, dissent, coverage, time } = report;
  return {
    id: 'summary',
    title: 'Summary',
    blocks: [
      {
        kind: 'facts',
        name: 'Summary',
        rows: [
          [
            'Judgments',
            [
              every('records', String(report.judgments)),
              ' on ',
              every('items', `${report.items} items`),
              ' by ',
              every('raters', `${report.raters} raters`),
            ],
          ],
          ['By kind', countsText(coverage.judgmentsByKind)],
          ['Without a preference', `${report.unscored} (${countsText(coverage.unscored)})`],
          ['Krippendorff’s α, nominal', estimateOf(alphaNominal, alphaNominal.interval)],
          ['Share of agreeing pairs', estimateOf(pairwiseAgreement, pairwiseAgreement.interval)],
          [
            'Units with dissent',
            [every('disagreement', String(dissent.dissenting)), ` of ${dissent.units} with two votes or more`],
          ],
          ['Items with a known answer', `${gold.items}; without: ${gold.without}`],
          ['Majority equals the known answer', `${shareText(gold.majority)}${tiedText(gold)}`],
          ['Dawid–Skene equals it', shareText(gold.dawidSkene)],
          ['One coin a rater equals it', shareText(gold.oneCoin)],
          [
            'Active time',
            time.active === null
              ? 'not recorded'
              : `median ${seconds(time.active.median)}, quartiles ${seconds(time.active.quartiles[0])} and ${seconds(time.active.quartiles[1])}; n = ${time.active.n}`,
          ],
        ],
      },
    ],
  };
}

/** Where answers lean: to a place, to length, to a suggestion. */
export function biasSection({ bias }: FeedbackReport): Section {
  const { position, length, anchoring } = bias;
  return {
    id: 'bias',
    title: 'Bias',
    note: 'Places and lengths that are preferred whatever the reply says; a longer reply may also be the better one.',
    blocks: [
      {
        kind: 'facts',
        name: 'Bias',
        rows: [
          [
            'Reply shown first chosen',
            position.first === null
              ? '– (the order shown was not recorded)'
              : `${shareText(position.first)}; p = ${position.first.p.toPrecision(2)} against one half`,
          ],
          [
            'What standing first adds, log-odds',
            `${effectText(position.order)}, ${position.method === 'bradley-terry' ? 'beside the strengths of replies' : 'within items judged in both orders'}`,
          ],
          ['Longer reply chosen', shareText(length.longer)],
          [
            'What length adds, log-odds per unit of (a − b) / (a + b)',
            effectText('undefined' in length.bradleyTerry ? length.logistic : length.bradleyTerry),
          ],
          ['Equal to a suggestion that was shown', shareText(anchoring.shown)],
          ['Equal to it where it was not shown', shareText(anchoring.notShown)],
          ['What showing it adds', effectText(anchoring.difference)],
        ],
      },
    ],
  };
}

/** Known answers, repeats, circles among preferences. */
export function reliabilitySection({ known, repeats, triads, consistency }: FeedbackReport): Section {
  return {
    id: 'consistency',
    title: 'Known answers, repeats, consistency',
    detail: true,
    blocks: [
      {
        kind: 'facts',
        name: 'Known answers, repeats, consistency',
        rows: [
          ...Object.entries(known.byPurpose).map(
            ([purpose, share]) => [`Known answers given right: ${purpose}`, shareText(share, 'none shown')] as const,
          ),
          ['Repeats answered the same', shareText(repeats.selfConsistency, 'none shown')],
          ['Repeats in reverse order answered the same', shareText(repeats.swappedConsistency, 'none shown')],
          ['Of swapped choices, same place again rather than same reply', shareText(repeats.followedPlace)],
          ['Repeats of which the first answer is not there', String(repeats.unmatched)],
          ['Triples of replies that run in a circle', `${triads.cyclic} of ${triads.closed}`],
          [
            'Prompts with a reply that beats every other',
            shareText(consistency.condorcet, 'no prompt has all pairs of three replies compared'),
          ],
          [
            'Prompts left out of that',
            `${consistency.incomplete} without all pairs, ${consistency.tooLarge} with too many replies`,
          ],
        ],
      },
    ],
  };
}
