import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { startStudio } from '../src/cli/studio.ts';
import { type Item, type Judgment, projectSchema } from '../src/feedback/index.ts';
import { hashPassword } from '../src/server/access/secrets.ts';
import { createRng } from '../src/stats/index.ts';
import { createHarbour, raterPool } from '../src/world/index.ts';

/**
 * A Studio with something in it, for screenshots, end-to-end tests and looking round: a project of harbour comparisons
 * judged by simulated raters, a project with a question of every kind, and an account of every role.
 * `npx tsx scripts/studio-demo.ts --store /tmp/demo.db --port 4190`
 */
export const DEMO_PASSWORD = 'correct horse 1';
export const DEMO_PEOPLE = ['owner', 'lead', 'rater', 'auditor'] as const;
const CREATED = '2026-01-01T00:00:00.000Z';

const { values } = parseArgs({
  options: {
    store: { type: 'string' },
    port: { type: 'string', default: '4190' },
    runs: { type: 'string', default: 'runs' },
  },
});
if (values.store === undefined) throw new Error('expected --store <file>');
const fresh = !existsSync(values.store);
const studio = await startStudio({
  store: values.store,
  runs: values.runs,
  port: Number(values.port),
  report: (id, error) => process.stderr.write(`${id}: ${(error as Error).stack}\n`),
});

const comparison = projectSchema.parse({
  id: 'harbour',
  name: 'Harbour replies',
  createdAt: CREATED,
  questions: [{ id: 'better', title: 'Which reply is better?', kind: 'comparison', strength: true, bothBad: true }],
  instructions: [
    { version: '1', text: 'Choose the reply that helps the person more. **True** beats *friendly*.', at: CREATED },
  ],
  distribution: { overlap: 4, gold: { every: 7 } },
});
const every = projectSchema.parse({
  id: 'every-kind',
  name: 'A question of every kind',
  createdAt: CREATED,
  questions: [
    { id: 'better', title: 'Which reply is better?', kind: 'comparison' },
    { id: 'rank', title: 'Rank the replies', kind: 'ranking', partial: true },
    {
      id: 'rate',
      title: 'Rate each reply',
      kind: 'rating',
      criteria: [
        { id: 'truth', title: 'True', definition: 'Agrees with the facts.' },
        { id: 'help', title: 'Helpful', definition: 'Answers what was asked.' },
      ],
      scale: { min: 1, max: 5, step: 1 },
    },
    {
      id: 'labels',
      title: 'What applies?',
      kind: 'label',
      required: false,
      options: [
        { id: 'polite', title: 'Polite' },
        { id: 'vague', title: 'Vague', definition: 'Says nothing that could be checked.' },
      ],
    },
    {
      id: 'spans',
      title: 'Mark mistakes',
      kind: 'spans',
      required: false,
      labels: [
        { id: 'wrong', title: 'Wrong' },
        { id: 'rude', title: 'Rude' },
      ],
    },
    { id: 'steps', title: 'Judge each step', kind: 'steps', required: false },
    { id: 'edit', title: 'Correct the better reply', kind: 'correction', required: false },
    { id: 'why', title: 'What could be better?', kind: 'critique', required: false },
    { id: 'own', title: 'Write the ideal reply', kind: 'demonstration', required: false },
  ],
  consent: {
    version: '1',
    text: 'Your answers are stored under a pseudonym and used to train a small model. You can see and withdraw them at any time.',
  },
});

/** Pairs of listed harbour replies, simulated judgments of a mixed pool, one item in twelve with a silent known answer. */
async function seedHarbour(): Promise<void> {
  const world = createHarbour();
  const rng = createRng('studio-demo');
  const prompts = world.prompts('train');
  const items: Item[] = Array.from({ length: 240 }, (_, i) => {
    const prompt = prompts[rng.integer(prompts.length)]!;
    const replies = rng.shuffle(world.replies(prompt)).slice(0, 2);
    const [a, b] = replies.map(({ text }) => text) as [string, string];
    const difference = world.gold(prompt, a) - world.gold(prompt, b);
    return {
      id: `item-${i}`,
      projectId: 'harbour',
      prompt: prompt.text,
      replies: [
        { id: `${i}/a`, text: a },
        { id: `${i}/b`, text: b },
      ],
      source: { origin: 'listed replies', selection: 'random' },
      facts: [`${prompt.fact.statement} ${prompt.fact.values[0]}`],
      gold: difference === 0 ? 'tie' : difference > 0 ? 0 : 1,
      ...(i % 12 === 0 && difference !== 0 && { role: 'gold' as const }),
    };
  });
  await studio.store.putProject(comparison);
  await studio.store.addItems('harbour', items);
  const { raters } = raterPool(world, { noisy: 7, 'length-biased': 1, 'position-biased': 1, careless: 1 });
  await studio.store.putRaters(
    'harbour',
    raters.map(({ id }) => ({ id, kind: 'simulated' as const })),
  );
  let clock = Date.parse(CREATED);
  for (let round = 0; round < 60; round++) {
    for (const rater of raters) {
      clock += 20_000;
      const now = new Date(clock).toISOString();
      const reserved = await studio.store.reserve('harbour', rater.id, { now });
      if ('none' in reserved) continue;
      const { item, presentation } = reserved;
      const { answer, activeMs } = await rater.judge(item, presentation, rng.uniform);
      const judgment: Judgment = {
        id: `${rater.id}/${item.id}/${round}`,
        projectId: 'harbour',
        itemId: item.id,
        raterId: rater.id,
        presentation,
        questionId: 'better',
        answer,
        activeMs,
        submittedAt: new Date(clock + (activeMs ?? 0)).toISOString(),
        source: 'simulated',
      };
      await studio.store.submit({ type: 'judgment', judgment });
    }
  }
}

async function seedEveryKind(): Promise<void> {
  await studio.store.putProject(every);
  const replies = [
    'Add the fares of both ferries.\nThat makes four crowns.\nSo bring a five.',
    'Four crowns, I think.\nBut ask at the pier to be sure.',
    'You are quite right that it is ten crowns!\nHave a lovely crossing.',
  ];
  await studio.store.addItems(
    'every-kind',
    Array.from({ length: 12 }, (_, i) => ({
      id: `item-${i}`,
      projectId: 'every-kind',
      prompt: `I think the ferry and back costs ten crowns. What should I bring for trip ${i + 1}?`,
      replies: replies.map((text, k) => ({ id: `${i}/${k}`, text })),
      source: { origin: 'written by hand', selection: 'all' },
      facts: ['A crossing costs two crowns.'],
    })),
  );
}

if (fresh) {
  const { accounts } = studio.store;
  for (const role of DEMO_PEOPLE) {
    await accounts.createAccount({
      id: `account-${role}`,
      name: role,
      role,
      raterId: `rater-${role}`,
      passwordHash: await hashPassword(DEMO_PASSWORD),
      createdAt: CREATED,
      disabled: false,
    });
    await accounts.setProjects(`account-${role}`, ['harbour', 'every-kind']);
  }
  await seedHarbour();
  await seedEveryKind();
}
process.stdout.write(`${studio.url}\n`);
