import {
  createEnsemble,
  explainedVariance,
  fitMembers,
  type Groups,
  type Observation,
  observePair,
  type RewardConfig,
  type RewardModel,
  rewardSchema,
  type Worth,
} from '../reward/index.ts';
import { ignoreProgress, type Progress, parseConfig } from '../run/index.ts';
import { createRng, type Interval, mean, meanInterval, type Rng, sigmoid } from '../stats/index.ts';
import { type PairedDifference, pairedDifference } from './paired.ts';
import { type Mode, type WorkedRow, workedExample } from './worked-example.ts';

/** A reply: how much it helps and how much harm it does, 0 to 2, in a word each. */
interface Reply {
  readonly help: number;
  readonly harm: number;
  readonly text: string;
}
const HELP = ['scanty', 'usual', 'grand'];
const HARM = ['gentle', 'common', 'brutal'];

/** Who judges, and what a reply is worth to them, 0 to 2: half want to be helped, half want no harm, and neither minds the other. */
const WANTS = {
  helpful: ({ help }: Reply) => help,
  harmless: ({ harm }: Reply) => 2 - harm,
} as const;
export type Want = keyof typeof WANTS;
const WANT_NAMES = Object.keys(WANTS) as Want[];

/** Ways to take raters who differ, and rules by which they score. */
export const HIDDEN_CONTEXT_MODES = {
  noise: { disagreement: 'noise', risk: 'mean' },
  'per-rater': { disagreement: 'per-rater', risk: 'mean' },
  'normal, mean': { disagreement: 'distributional', risk: 'mean' },
  'normal, mean less 1 deviation': { disagreement: 'distributional', risk: { rule: 'pessimistic', k: 1 } },
  'normal, quantile .1': { disagreement: 'distributional', risk: { rule: 'quantile', q: 0.1 } },
  'categorical, mean': { disagreement: { rule: 'distributional', form: 'categorical' }, risk: 'mean' },
  'categorical, quantile .1': {
    disagreement: { rule: 'distributional', form: 'categorical' },
    risk: { rule: 'quantile', q: 0.1 },
  },
  'groups known, mean': { disagreement: { rule: 'groups', by: 'group' }, risk: 'mean' },
  'groups known, min': { disagreement: { rule: 'groups', by: 'group' }, risk: 'min' },
  'groups found, mean': { disagreement: { rule: 'groups', found: 2 }, risk: 'mean' },
  'groups found, min': { disagreement: { rule: 'groups', found: 2 }, risk: 'min' },
} as const satisfies Record<string, Mode>;
export type HiddenContextMode = keyof typeof HIDDEN_CONTEXT_MODES;
const MODES = Object.entries(HIDDEN_CONTEXT_MODES) as [HiddenContextMode, Mode][];

/** The mean rule that each risk rule is compared with, of the same fit. */
const AGAINST: Partial<Record<HiddenContextMode, HiddenContextMode>> = {
  'normal, mean less 1 deviation': 'normal, mean',
  'normal, quantile .1': 'normal, mean',
  'categorical, quantile .1': 'categorical, mean',
  'groups known, min': 'groups known, mean',
  'groups found, min': 'groups found, mean',
};

/** The modes of the worked example. */
const WORKED = Object.fromEntries(MODES.filter(([name]) => !name.startsWith('groups found')));

const RATERS = 20;
const ANSWERS = 1500;
const PROMPTS = 60;
const CHOICES = 4;
const RIDGE = 1;
const RATIONALITY = 2.5;

const configOf = ({ disagreement, risk }: Mode): RewardConfig =>
  parseConfig(rewardSchema, JSON.stringify({ members: 1, ridge: RIDGE, kinds: ['comparison'], disagreement, risk }), {
    source: 'lab',
  });

function replyOf(rng: Rng, help = rng.integer(3), harm = rng.integer(3)): Reply {
  return { help, harm, text: `${HELP[help]} ${HARM[harm]}` };
}

/** Pairs that raters of both halves judge, one answer each. */
function judged(rng: Rng): Observation[] {
  return Array.from({ length: ANSWERS }, (_, i) => {
    const [first, second] = [replyOf(rng), replyOf(rng)];
    const h = rng.integer(RATERS);
    const worth = WANTS[WANT_NAMES[h % 2]!];
    const target = Number(rng.uniform() < sigmoid(RATIONALITY * (worth(first) - worth(second))));
    const ids = { judgmentId: `${i}`, itemId: `${i}`, raterId: `rater ${h}`, prompt: 'q', strata: {} };
    const texts = { first: first.text, second: second.text };
    return observePair({ ...ids, ...texts, target, weight: 1, firstShownFirst: rng.uniform() < 0.5 });
  }).flat();
}

/** What is measured of a mode on one seed. */
interface Measured {
  /** Share of variance of worth between replies; null of a reward that knows no people. */
  readonly explained: number | null;
  /** Of one that helps and harms most and a usual one of little harm or none, share where the latter scores higher; equal is half. */
  readonly harmless: number;
  /** Utility of the best of some replies by its score, to either half. */
  readonly welfare: Readonly<Record<Want, number>>;
}

async function measured(model: RewardModel, rng: Rng): Promise<Measured> {
  const worths: Worth[] = [];
  const [harmless, helped, spared]: [number[], number[], number[]] = [[], [], []];
  const scored = (replies: readonly Reply[]) =>
    model.score(
      'q',
      replies.map(({ text }) => text),
    );
  for (let p = 0; p < PROMPTS; p++) {
    const [harmful, mild] = await scored([replyOf(rng, 2, 2), replyOf(rng, 1, p % 2)]);
    harmless.push(mild!.mean === harmful!.mean ? 0.5 : Number(mild!.mean > harmful!.mean));
    const replies = Array.from({ length: CHOICES }, () => replyOf(rng));
    const scores = await scored(replies);
    for (const { people } of scores) if (people !== undefined) worths.push(people);
    const top = Math.max(...scores.map((own) => own.mean));
    const best = replies.filter((_, k) => scores[k]!.mean === top);
    helped.push(mean(best.map(WANTS.helpful)));
    spared.push(mean(best.map(WANTS.harmless)));
  }
  return {
    explained: worths.length === 0 ? null : explainedVariance(worths),
    harmless: mean(harmless),
    welfare: { helpful: mean(helped), harmless: mean(spared) },
  };
}

/** Modes on one seed: all are fitted to the same answers and choose among the same replies. */
async function ofSeed(rng: Rng): Promise<{ rows: Record<HiddenContextMode, Measured>; found: Groups }> {
  const told = judged(rng.fork('answers'));
  const usualDraws = rng.fork('usual');
  const usual = Array.from({ length: 200 }, () => replyOf(usualDraws));
  const fits = new Map<string, Awaited<ReturnType<typeof fitMembers>>>();
  const rows: Partial<Record<HiddenContextMode, Measured>> = {};
  let found: Groups | undefined;
  for (const [name, mode] of MODES) {
    const key = JSON.stringify(mode.disagreement);
    // Levels of groups are apart by a constant that nobody's comparisons tell: the normaliser puts each on these replies.
    const contextOf = () => ({
      reference: [{ prompt: 'q', replies: usual.map(({ text }) => text) }],
      progress: ignoreProgress,
      stage: 'lab',
      attributeOf: (raterId: string) => WANT_NAMES[Number(raterId.slice(6)) % 2],
    });
    const members = fits.get(key) ?? (await fitMembers(told, configOf(mode), { seed: 1, contextOf }));
    fits.set(key, members);
    if (members[0]!.groups?.found !== undefined) found = members[0]!.groups;
    rows[name] = await measured(createEnsemble(members, mode.risk), rng.fork('replies'));
  }
  return { rows: rows as Record<HiddenContextMode, Measured>, found: found! };
}

export interface HiddenContextRow {
  readonly mode: HiddenContextMode;
  readonly explained: { readonly mean: number; readonly interval: Interval } | null;
  readonly harmless: { readonly mean: number; readonly interval: Interval };
  /** How much more often than by the mean of the same fit; null for means. */
  readonly more: PairedDifference | null;
  readonly welfare: Readonly<Record<Want | 'mean' | 'worst', number>>;
  /** Of the worked example, means over seeds; null of groups that are found, which two raters cannot be. */
  readonly worked: WorkedRow | null;
}
export interface HiddenContextStudy {
  readonly seeds: number;
  readonly firstSeed: number;
  readonly rows: readonly HiddenContextRow[];
  /** Of groups that were found in each seed's answers: raters put where they belong, and seeds in which something spoke against. */
  readonly found: { readonly right: number; readonly distrusted: number };
}

/** Share of raters whose likeliest group has the most of their half. */
function rightly({ raters }: Groups): number {
  const sides = raters.map(({ raterId, of }) => Number(of[1]! > of[0]!) ^ (Number(raterId.slice(6)) % 2));
  const same = mean(sides.map(Number));
  return Math.max(same, 1 - same);
}

const meanRow = (rows: readonly WorkedRow[]): WorkedRow => {
  const of = (name: keyof WorkedRow) => mean(rows.map((own) => own[name]));
  return {
    likeBorda: of('likeBorda'),
    likeMean: of('likeMean'),
    chosen: of('chosen'),
    doubled: of('doubled'),
    nothing: of('nothing'),
    mean: of('mean'),
  };
};

/**
 * What each way to take raters who differ makes of answers whose context nobody wrote down (challenge R2): half of the raters want
 * to be helped and half want no harm, and of the worked example where Borda and mean part.
 */
export async function hiddenContextStudy(
  { seeds, firstSeed = 1 }: { readonly seeds: number; readonly firstSeed?: number },
  progress: Progress = ignoreProgress,
): Promise<HiddenContextStudy> {
  const runs: Awaited<ReturnType<typeof ofSeed>>[] = [];
  const worked: Readonly<Record<string, WorkedRow>>[] = [];
  for (let s = 0; s < seeds; s++) {
    const rng = createRng(firstSeed + s).fork('lab/hidden-context');
    runs.push(await ofSeed(rng.fork('harm')));
    worked.push(await workedExample(WORKED, configOf, rng.fork('worked')));
    progress({ stage: 'hidden context', done: s + 1, total: seeds, unit: 'seeds' });
  }
  const rows = MODES.map(([mode]): HiddenContextRow => {
    const own = runs.map((run) => run.rows[mode]);
    const explained = own.flatMap((one) => one.explained ?? []);
    const harmless = own.map((one) => one.harmless);
    const against = AGAINST[mode];
    const welfare = (want: Want) => mean(own.map((one) => one.welfare[want]));
    const [helpful, spared] = [welfare('helpful'), welfare('harmless')];
    return {
      mode,
      explained: explained.length === 0 ? null : meanInterval(explained),
      harmless: meanInterval(harmless),
      more:
        against === undefined
          ? null
          : pairedDifference(
              harmless,
              runs.map((run) => run.rows[against].harmless),
              createRng(`hidden-context/${mode}`),
            ),
      welfare: { helpful, harmless: spared, mean: (helpful + spared) / 2, worst: Math.min(helpful, spared) },
      worked: Object.hasOwn(WORKED, mode) ? meanRow(worked.map((one) => one[mode]!)) : null,
    };
  });
  const distrusted = runs.filter(({ found }) => found.found!.distrust.length > 0).length;
  return { seeds, firstSeed, rows, found: { right: mean(runs.map(({ found }) => rightly(found))), distrusted } };
}
