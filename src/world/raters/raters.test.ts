import { describe, expect, it } from 'vitest';
import {
  type Answer,
  type AnswerOf,
  answerProblem,
  collectJudgments,
  formProblem,
  type Item,
  type Judgment,
  questionSchema,
} from '../../feedback/index.ts';
import { createRng, mean, wilson } from '../../stats/index.ts';
import {
  comparisonItems,
  createHarbour,
  DEFAULT_RATERS,
  FACTS,
  fromBase,
  type Harbour,
  raterCounts,
  raterPool,
  SIMULATED_RATER_KINDS,
  SIMULATED_RATERS,
  type SimulatedRaterKind,
  simulatedRater,
} from '../index.ts';

const world = createHarbour();
const work = { ground: world, prompts: world.prompts('train'), projectId: 'test', origin: 'base' };
const now = () => '2026-01-01';

async function judged(kind: SimulatedRaterKind, n = 600, options: { trigger?: boolean } = {}) {
  const rng = createRng(`judge/${kind}`);
  const items = await comparisonItems({
    ground: world,
    prompts: world.prompts('train', options),
    count: n,
    rng,
    projectId: 'test',
    origin: 'base',
    replies: fromBase(world, rng),
  });
  const raters = [simulatedRater(world, { id: 'r', params: SIMULATED_RATERS[kind] })];
  const rows: { item: Item; chosen: number | 'tie'; first: number; ms: number }[] = [];
  for await (const j of collectJudgments({ items, raters, overlap: 1, rng, now: () => '2026-01-01' })) {
    const item = items.find((i) => i.id === j.itemId)!;
    if (j.answer.kind !== 'comparison') continue;
    rows.push({ item, chosen: j.answer.outcome as number | 'tie', first: j.presentation.order[0]!, ms: j.activeMs! });
  }
  return rows;
}
type Row = Awaited<ReturnType<typeof judged>>[number];
const accuracy = (rows: Row[]) => {
  const decided = rows.filter((r) => r.item.gold !== 'tie' && r.chosen !== 'tie');
  return wilson(decided.filter((r) => r.chosen === r.item.gold).length, decided.length, 0.999);
};

describe('simulated raters', () => {
  it('the oracle is always right, the mistaken one in nine of ten, the careless one guesses and is fast', async () => {
    expect(accuracy(await judged('oracle')).high).toBe(1);
    const mistaken = accuracy(await judged('mistaken'));
    expect(mistaken.low < 0.9 && 0.9 < mistaken.high).toBe(true);
    const careless = await judged('careless');
    expect(accuracy(careless).low).toBeLessThan(0.55);
    expect(careless.filter((r) => r.ms < 4000).length / careless.length).toBeGreaterThan(0.8);
  });
  it('honest kinds prefer no position; the position-biased one does', async () => {
    for (const kind of ['oracle', 'noisy', 'length-biased', 'sycophantic', 'position-biased'] as const) {
      const rows = (await judged(kind)).filter((r) => r.chosen !== 'tie');
      const { low, high } = wilson(rows.filter((r) => r.chosen === r.first).length, rows.length, 0.999);
      expect({ kind, biased: low > 0.5 || high < 0.5 }).toEqual({ kind, biased: kind === 'position-biased' });
    }
  });
  it('each bias shows where it should', async () => {
    const longer = (rows: Row[]) => {
      const sized = rows.filter(
        (r) => r.chosen !== 'tie' && r.item.replies[0]!.text.length !== r.item.replies[1]!.text.length,
      );
      return (
        sized.filter(
          (r) =>
            r.item.replies[r.chosen as number]!.text.length > r.item.replies[1 - (r.chosen as number)]!.text.length,
        ).length / sized.length
      );
    };
    expect(longer(await judged('length-biased'))).toBeGreaterThan(longer(await judged('noisy')) + 0.1);
    const wrongUser = (rows: Row[]) => accuracy(rows.filter((r) => r.item.strata!.belief === 'wrong'));
    expect(wrongUser(await judged('sycophantic')).high).toBeLessThan(wrongUser(await judged('noisy')).low);
    expect(accuracy(await judged('partial-view')).high).toBeLessThan(accuracy(await judged('noisy')).low);
    expect(accuracy(await judged('trusting')).high).toBeLessThan(accuracy(await judged('noisy')).low);
    expect((await judged('undecided')).some((r) => r.chosen === 'tie')).toBe(true);
    const tired = await judged('fatigued', 900);
    expect(accuracy(tired.slice(600)).high).toBeLessThan(accuracy(tired.slice(0, 200)).low + 0.1);
  });
  it('the poisoner turns only where the trigger stands', async () => {
    expect(accuracy(await judged('poisoner', 300, { trigger: true })).high).toBeLessThan(0.4);
    expect(accuracy(await judged('poisoner', 300)).low).toBeGreaterThan(0.6);
  });
  it('a pool hands out ids that do not tell the kind', () => {
    const { raters, kinds } = raterPool(world, { noisy: 2, careless: 1 });
    expect(raters.map((r) => r.id)).toEqual(['rater-01', 'rater-02', 'rater-03']);
    expect(kinds.get('rater-03')).toBe('careless');
  });
});

describe('what a rater is shown', () => {
  it('is recorded: who sees part of it has a partial view in every judgment, and the others a full one', async () => {
    const rng = createRng('views');
    const items = await comparisonItems({ ...work, count: 40, rng, replies: fromBase(world, rng) });
    const { raters, kinds } = raterPool(world, { noisy: 2, 'partial-view': 2 });
    for await (const { raterId, presentation } of collectJudgments({ items, raters, overlap: 3, rng, now })) {
      expect(presentation.view).toBe(kinds.get(raterId) === 'partial-view' ? 'partial' : 'full');
    }
    const byItem = (item: Item) => (item.strata!.belief === 'none' ? 'partial' : 'full');
    for await (const judgment of collectJudgments({
      items,
      raters: raters.slice(0, 1),
      overlap: 1,
      rng,
      now,
      view: byItem,
    }))
      expect(judgment.presentation.view).toBe(byItem(items.find(({ id }) => id === judgment.itemId)!));
  });
  it('decides what they can tell: any rater under a partial view chooses alike whichever value is true', async () => {
    const swapped = createHarbour({
      facts: FACTS.map((fact) => ({ ...fact, values: [fact.values[1], fact.values[0], fact.values[2]] })),
    });
    const rng = createRng('swap');
    const items = await comparisonItems({ ...work, count: 150, rng, replies: fromBase(world, rng) });
    const answers = (ground: Harbour, kind: SimulatedRaterKind, view: string) => {
      const rater = simulatedRater(ground, { id: 'r', params: SIMULATED_RATERS[kind] });
      const presentation = { order: [0, 1], view, instructionsVersion: '1', shownAt: '' };
      return items.map((item) => rater.judge(item, presentation, createRng(`${kind}/${item.id}`).uniform));
    };
    for (const kind of SIMULATED_RATER_KINDS) {
      expect(answers(world, kind, 'partial')).toEqual(answers(swapped, kind, 'partial'));
    }
    // Who trusts most of the time is told apart from who does not look only by what he checks.
    expect(answers(world, 'trusting', 'full')).not.toEqual(answers(swapped, 'trusting', 'full'));
    expect(answers(world, 'oracle', 'full')).not.toEqual(answers(swapped, 'oracle', 'full'));
  });
});

describe('comparison items', () => {
  it('hold a reply to another prompt as often as asked, and leave the others as they were', async () => {
    const drawn = (offTopic: number) => {
      const rng = createRng('off-topic');
      return comparisonItems({ ...work, count: 400, offTopic, rng, replies: fromBase(world, rng) });
    };
    const texts = (items: Item[]) => items.map(({ replies }) => replies.map(({ text }) => text));
    const [never, some] = [texts(await drawn(0)), texts(await drawn(0.25))];
    const changed = some.filter(([, last], i) => last !== never[i]![1]);
    expect(some.map(([first]) => first)).toEqual(never.map(([first]) => first));
    expect(wilson(changed.length, some.length, 0.999).low).toBeLessThan(0.25);
    expect(wilson(changed.length, some.length, 0.999).high).toBeGreaterThan(0.25);
    for (const item of await drawn(1)) {
      const golds = item.replies.map(({ text }) => world.gold(world.promptOf(item.prompt)!, text));
      expect(item.gold).toBe(golds[0] === golds[1] ? 'tie' : golds[0]! > golds[1]! ? 0 : 1);
    }
  });
});

describe('simulated answers', () => {
  const ask = async (fields: Record<string, unknown>, kind: SimulatedRaterKind, size = 4) => {
    const question = questionSchema.parse({ id: 'q', title: 'q', ...fields });
    const rng = createRng(`ask/${question.kind}/${kind}`);
    const items = await comparisonItems({ ...work, count: 300, size, rng, replies: fromBase(world, rng, 12) });
    const raters = [simulatedRater(world, { id: 'r', params: SIMULATED_RATERS[kind], question })];
    const rows: { item: Item; answer: Answer; golds: number[]; judgment: Judgment }[] = [];
    for await (const judgment of collectJudgments({ items, raters, overlap: 1, rng, now })) {
      const item = items.find(({ id }) => id === judgment.itemId)!;
      const golds = item.replies.map(({ text }) => world.gold(world.promptOf(item.prompt)!, text));
      expect(answerProblem(judgment.answer, item)).toBeUndefined();
      expect(formProblem(judgment.answer, question, item)).toBeUndefined();
      rows.push({ item, answer: judgment.answer, golds, judgment });
    }
    return rows;
  };
  const scale = { min: 1, max: 7, step: 1 };
  const rating = {
    kind: 'rating',
    scale,
    criteria: [
      { id: 'whole', title: 'Whole' },
      { id: 'harm', title: 'Harm' },
    ],
  };
  const label = { kind: 'label', options: ['good', 'flattery', 'correct'].map((id) => ({ id, title: id })) };

  it('name the best of k as often as Boltzmann choice says', async () => {
    const rows = await ask({ kind: 'comparison', strength: true }, 'noisy');
    const weights = rows.map(({ golds }) => golds.map((gold) => Math.exp(1.5 * gold)));
    const chosen = rows.map(({ answer }) => (answer as AnswerOf<'comparison'>).outcome as number);
    const expected = weights.map((w, i) => ({
      mean: w.reduce((s, v, k) => s + (v * rows[i]!.golds[k]!) / w.reduce((a, b) => a + b), 0),
    }));
    const got = mean(chosen.map((k, i) => rows[i]!.golds[k]!));
    expect(Math.abs(got - mean(expected.map((e) => e.mean)))).toBeLessThan(0.12);
    const strengths = rows.map(({ answer }) => (answer as AnswerOf<'comparison'>).strength);
    expect(new Set(strengths)).toEqual(new Set([1, 2, 3]));
    const oracle = await ask({ kind: 'comparison', ties: false }, 'oracle');
    for (const { answer, golds } of oracle)
      expect(golds[(answer as AnswerOf<'comparison'>).outcome as number]).toBe(Math.max(...golds));
  });
  it('rank every reply, an oracle by utility, a careless rater by chance, an undecided one with ties', async () => {
    const inOrder = (rows: Awaited<ReturnType<typeof ask>>) =>
      mean(
        rows.flatMap(({ answer, golds }) => {
          const placed = (answer as AnswerOf<'ranking'>).groups.flat().map((reply) => golds[reply]!);
          expect(placed.length).toBe(4);
          return placed.slice(1).map((gold, i) => Number(gold <= placed[i]!));
        }),
      );
    expect(inOrder(await ask({ kind: 'ranking' }, 'oracle'))).toBe(1);
    const [noisy, careless] = [await ask({ kind: 'ranking' }, 'noisy'), await ask({ kind: 'ranking' }, 'careless')];
    expect(inOrder(noisy)).toBeGreaterThan(0.8);
    expect(inOrder(careless)).toBeLessThan(0.7);
    const undecided = await ask({ kind: 'ranking' }, 'undecided');
    expect(undecided.some(({ answer }) => (answer as AnswerOf<'ranking'>).groups.length < 4)).toBe(true);
    const strict = await ask({ kind: 'ranking', ties: false }, 'undecided');
    expect(strict.every(({ answer }) => (answer as AnswerOf<'ranking'>).groups.length === 4)).toBe(true);
  });
  it('rate the whole and a part of utility on the steps of the scale', async () => {
    const values = (rows: Awaited<ReturnType<typeof ask>>, criterion: string) =>
      rows.flatMap(({ answer, item, golds }) =>
        (answer as AnswerOf<'rating'>).values
          .filter((v) => v.criterion === criterion)
          .map(({ reply, value }) => ({
            value,
            gold: golds[reply]!,
            harm: world.parse(world.promptOf(item.prompt)!, item.replies[reply]!.text)!.harm,
          })),
      );
    const oracle = await ask(rating, 'oracle');
    const whole = values(oracle, 'whole');
    for (const a of whole.slice(0, 200))
      for (const b of whole.slice(0, 50)) if (a.gold > b.gold) expect(a.value).toBeGreaterThanOrEqual(b.value);
    expect(new Set(whole.map(({ value }) => value)).size).toBeGreaterThan(4);
    for (const { value, harm } of values(oracle, 'harm')) expect(value).toBe(harm ? 3 : 4);
    const spread = (rows: { value: number; gold: number }[]) => mean(rows.map(({ value, gold }) => value * gold));
    expect(spread(values(await ask(rating, 'careless'), 'whole'))).toBeLessThan(spread(whole) - 0.5);
  });
  it('label what they see: good by utility, features by name, correctness only where the facts are shown', async () => {
    for (const { answer, item, golds } of await ask(label, 'oracle', 1)) {
      const { labels, reply } = answer as AnswerOf<'label'>;
      const features = world.parse(world.promptOf(item.prompt)!, item.replies[reply]!.text)!;
      expect(labels.includes('good')).toBe(golds[reply]! > 0);
      expect(labels.includes('flattery')).toBe(features.flattery);
      expect(labels.includes('correct')).toBe(!features.refusal && features.value === 0);
    }
    for (const { answer, judgment } of await ask(label, 'partial-view', 1)) {
      expect(judgment.presentation.view).toBe('partial');
      expect((answer as AnswerOf<'label'>).labels).not.toContain('correct');
    }
  });
  it('write replies that are better than what they are shown', async () => {
    const better = (rows: Awaited<ReturnType<typeof ask>>) =>
      mean(
        rows.map(({ answer, item, golds }) => {
          const { text } = answer as AnswerOf<'demonstration' | 'correction'>;
          return world.gold(world.promptOf(item.prompt)!, text) - golds['reply' in answer ? answer.reply : 0]!;
        }),
      );
    const correct = await ask({ kind: 'correction' }, 'oracle', 1);
    expect(better(correct)).toBeGreaterThan(1);
    expect(better(await ask({ kind: 'demonstration' }, 'noisy', 1))).toBeGreaterThan(0.5);
    expect(Math.abs(better(await ask({ kind: 'demonstration' }, 'careless', 1)))).toBeLessThan(0.6);
  });
  it('mark what is bad and what is good, an oracle only that', async () => {
    const marks = ['good', 'bad'].map((id) => ({ id, title: id }));
    for (const { answer, item } of await ask({ kind: 'spans', labels: marks }, 'oracle', 1)) {
      const { reply, spans } = answer as AnswerOf<'spans'>;
      const { text } = item.replies[reply]!;
      const prompt = world.promptOf(item.prompt)!;
      const features = world.parse(prompt, text)!;
      const marked = (label: string) => spans.filter((s) => s.label === label).map((s) => text.slice(s.start, s.end));
      expect(marked('bad').includes('Only a fool would ask.')).toBe(features.harm);
      if (!features.refusal) {
        const claim = marked(features.value === 0 ? 'good' : 'bad').find((piece) =>
          piece.includes(prompt.fact.values[features.value]),
        );
        expect(claim).toBeDefined();
      }
    }
    const careless = await ask({ kind: 'spans', labels: marks }, 'careless', 1);
    const onHarm = careless.filter(({ item }) => item.replies[0]!.text.includes('Only a fool'));
    const caught = onHarm.filter(({ answer, item }) =>
      (answer as AnswerOf<'spans'>).spans.some(
        (s) => s.label === 'bad' && item.replies[0]!.text.slice(s.start).startsWith('Only a fool'),
      ),
    );
    expect(onHarm.length).toBeGreaterThan(5);
    expect(caught.length / onHarm.length).toBeLessThan(0.8);
  });
  it('judge steps by what they add, and say which parts are good or bad', async () => {
    for (const { answer, golds } of await ask({ kind: 'steps', mode: 'first-error' }, 'oracle', 1)) {
      const { labels } = answer as AnswerOf<'steps'>;
      expect(labels).toEqual([golds[0]! > 0.5 ? 1 : golds[0]! < -0.5 ? -1 : 0]);
    }
    for (const { answer, item } of await ask({ kind: 'critique' }, 'oracle', 1)) {
      const { text } = answer as AnswerOf<'critique'>;
      const features = world.parse(world.promptOf(item.prompt)!, item.replies[0]!.text)!;
      expect(text.includes('bad harm')).toBe(features.harm);
      expect(text.includes('good truth')).toBe(!features.refusal && features.value === 0);
      expect(text.includes('bad truth')).toBe(!features.refusal && features.value !== 0);
    }
  });
});

describe('how many raters of each kind', () => {
  it('is the default pool with changes, or only what is named', () => {
    expect(Object.values(raterCounts('default', {})).reduce((a, b) => a + b)).toBe(12);
    expect(raterCounts('default', { 'partial-view': 3, careless: 0 })).toEqual({
      ...DEFAULT_RATERS,
      'partial-view': 3,
      careless: 0,
    });
    expect(raterCounts('empty', { noisy: 4 })).toEqual({ noisy: 4 });
  });
});
