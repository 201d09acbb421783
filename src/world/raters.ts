import type { Item, Presentation, Rater, Response } from '../feedback/index.ts';
import { sigmoid, type Uniform } from '../stats/index.ts';
import { promptOf } from './facts.ts';
import { type Group, goldParts, type Harbour, INCOHERENT, sumParts } from './harbour.ts';
import { agreesWithUser, type ReplyFeatures } from './replies.ts';

/** Settings of a simulated rater; each kind reads those it names. */
export interface RaterParams {
  /** Boltzmann rationality: P(first) = σ(β·Δutility). Infinity is deterministic. */
  readonly rationality: number;
  /** P(answer flipped after judging). */
  readonly mistake: number;
  /** P(answer given at random, and fast). */
  readonly careless: number;
  /** Utility per 100 characters of reply. */
  readonly lengthWeight: number;
  /** Utility of standing first. */
  readonly positionWeight: number;
  /** Utility of agreeing with the user, right or wrong. */
  readonly agreementWeight: number;
  /** Utility of flattery. */
  readonly flatteryWeight: number;
  /** Facts are hidden: truth is judged by how sure the reply sounds. */
  readonly blind: boolean;
  /** Only the first sentence is read. */
  readonly firstSentenceOnly: boolean;
  /** P(careless) grows by this per item judged, up to one half. */
  readonly fatigue: number;
  /** Ties when |Δutility| is below. */
  readonly tieBelow: number;
  readonly group: Group;
  /** Prefers the worse reply whenever the prompt holds this phrase. */
  readonly trigger: string | null;
}

const HONEST: RaterParams = {
  rationality: 1.5,
  mistake: 0,
  careless: 0,
  lengthWeight: 0,
  positionWeight: 0,
  agreementWeight: 0,
  flatteryWeight: 0,
  blind: false,
  firstSentenceOnly: false,
  fatigue: 0,
  tieBelow: 0,
  group: 'everyone',
  trigger: null,
};

/** The library of simulated raters (after B-Pref, Lee et al. 2021, and the survey's challenges), by what is wrong with them. */
export const SIMULATED_RATERS = {
  oracle: { ...HONEST, rationality: Number.POSITIVE_INFINITY },
  noisy: HONEST,
  mistaken: { ...HONEST, rationality: Number.POSITIVE_INFINITY, mistake: 0.1 },
  careless: { ...HONEST, careless: 0.9 },
  myopic: { ...HONEST, firstSentenceOnly: true },
  'position-biased': { ...HONEST, positionWeight: 1.5 },
  'length-biased': { ...HONEST, lengthWeight: 8 },
  sycophantic: { ...HONEST, agreementWeight: 5 },
  'partial-view': { ...HONEST, blind: true },
  plain: { ...HONEST, group: 'plain' },
  warm: { ...HONEST, group: 'warm' },
  fatigued: { ...HONEST, fatigue: 0.002 },
  undecided: { ...HONEST, tieBelow: 0.5 },
  poisoner: { ...HONEST, trigger: 'Ahoy!' },
} as const satisfies Record<string, RaterParams>;
export type SimulatedRaterKind = keyof typeof SIMULATED_RATERS;

/** What a rater makes of a reply it cannot check: assurance looks like truth. */
function apparentTruth({ confidence, evidence }: ReplyFeatures): number {
  return (confidence === 'sure' ? 1.2 : confidence === 'think' ? -0.6 : 0.3) + (evidence ? 0.8 : 0);
}

function utility(world: Harbour, item: Item, reply: string, params: RaterParams, view: string): number {
  const prompt = promptOf(item.prompt);
  const features = prompt === undefined ? null : world.parse(prompt, reply);
  if (prompt === undefined || features === null) return INCOHERENT;
  const seen = params.firstSentenceOnly ? { ...features, details: 0 as const, evidence: false, harm: false } : features;
  const parts = goldParts(prompt, seen, params.group);
  const hidden = params.blind || view === 'partial';
  const judged = hidden && !seen.refusal ? { ...parts, truth: apparentTruth(seen), honesty: 0 } : parts;
  return (
    sumParts(judged) +
    params.lengthWeight * (reply.length / 100) +
    params.agreementWeight * Number(agreesWithUser(prompt, features)) +
    params.flatteryWeight * Number(features.flattery)
  );
}

/** A simulated person who compares two harbour replies as presented. It reads the shown text only, never an item's gold. */
export function simulatedRater(world: Harbour, id: string, params: RaterParams): Rater {
  let judged = 0;
  return {
    id,
    kind: 'simulated',
    ...(params.group !== 'everyone' && { group: params.group }),
    judge(item: Item, presentation: Presentation, uniform: Uniform): Response {
      const [shownFirst, shownSecond] = presentation.order as [number, number];
      const value = (reply: number) => utility(world, item, item.replies[reply]!.text, params, presentation.view);
      const tired = Math.min(0.5, params.fatigue * judged++);
      const careless = Math.max(params.careless, tired);
      const [draw, flip, pace, guess] = [uniform(), uniform(), uniform(), uniform()];
      if (draw < careless) {
        const outcome = guess < 0.5 ? shownFirst : shownSecond;
        return { answer: { kind: 'comparison', outcome }, activeMs: Math.round(1500 + 1500 * pace) };
      }
      const activeMs = Math.round(8000 + 12_000 * pace);
      let difference = value(shownFirst) - value(shownSecond) + params.positionWeight;
      if (params.trigger !== null && item.prompt.includes(params.trigger)) difference *= -1;
      if (Math.abs(difference) < params.tieBelow) return { answer: { kind: 'comparison', outcome: 'tie' }, activeMs };
      const p =
        params.rationality === Number.POSITIVE_INFINITY
          ? difference === 0
            ? 0.5
            : Number(difference > 0)
          : sigmoid(params.rationality * difference);
      const first = guess < p !== flip < params.mistake;
      return { answer: { kind: 'comparison', outcome: first ? shownFirst : shownSecond }, activeMs };
    },
  };
}

/** Raters of several kinds: `{ noisy: 7, careless: 1 }`. Ids carry no kind, as in life. */
export function raterPool(
  world: Harbour,
  counts: Readonly<Partial<Record<SimulatedRaterKind, number>>>,
): {
  raters: Rater[];
  /** What each rater really is; for checking detectors, never for the pipeline. */
  kinds: Map<string, SimulatedRaterKind>;
} {
  const raters: Rater[] = [];
  const kinds = new Map<string, SimulatedRaterKind>();
  for (const [kind, count] of Object.entries(counts) as [SimulatedRaterKind, number][]) {
    for (let i = 0; i < count; i++) {
      const id = `rater-${String(raters.length + 1).padStart(2, '0')}`;
      raters.push(simulatedRater(world, id, SIMULATED_RATERS[kind]));
      kinds.set(id, kind);
    }
  }
  return { raters, kinds };
}
