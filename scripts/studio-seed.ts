import { type Item, type Judgment, projectSchema } from '../src/feedback/index.ts';
import { hashPassword, hashSecret } from '../src/server/access/secrets.ts';
import { createRng } from '../src/stats/index.ts';
import type { FeedbackStore } from '../src/store/index.ts';
import { createHarbour, raterPool } from '../src/world/index.ts';

/**
 * What a demonstration, the screenshots and the browser tests work on: a project of harbour comparisons judged by
 * simulated raters, a project with a question of every kind, and an account of every role.
 */
export const DEMO_PASSWORD = 'correct horse 1';
export const DEMO_PEOPLE = ['owner', 'lead', 'rater', 'auditor'] as const;
/** Secret of an invitation to judge in the first project that lasts. */
export const DEMO_INVITATION = 'invitation-of-the-demonstration';
const CREATED = '2026-01-01T00:00:00.000Z';
/** Between two reservations: the work goes over some days. */
const PACE_MS = 18 * 60_000;

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
async function seedHarbour(store: FeedbackStore): Promise<void> {
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
  await store.putProject(comparison);
  await store.addItems('harbour', items);
  const { raters } = raterPool(world, { noisy: 7, 'length-biased': 1, 'position-biased': 1, careless: 1 });
  await store.putRaters(
    'harbour',
    raters.map(({ id }) => ({ id, kind: 'simulated' as const })),
  );
  await store.putRaters('harbour', [{ id: 'rater-lead', kind: 'human', pool: 'studio' }]);
  let clock = Date.parse(CREATED);
  for (let round = 0; round < 60; round++) {
    for (const rater of raters) {
      clock += PACE_MS;
      const now = new Date(clock).toISOString();
      const reserved = await store.reserve('harbour', rater.id, { now });
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
      await store.submit({ type: 'judgment', judgment });
    }
  }
  const at = new Date(clock + PACE_MS).toISOString();
  const aside = { projectId: 'harbour', raterId: raters[0]!.id, at };
  await store.submit({ type: 'flag', ...aside, id: 'flag-1', itemId: 'item-3', reason: 'The fare is out of date.' });
  await store.submit({
    type: 'skip',
    ...aside,
    id: 'skip-1',
    itemId: 'item-5',
    reason: 'unclear',
    note: 'Which ferry?',
  });
  await store.submit({
    type: 'adjudication',
    projectId: 'harbour',
    raterId: 'rater-lead',
    at,
    id: 'decision-1',
    itemId: 'item-2',
    questionId: 'better',
    answer: { kind: 'comparison', outcome: 0 },
    reason: 'fact',
    note: 'The other one names a ferry that does not sail.',
    considered: [],
  });
}

async function seedEveryKind(store: FeedbackStore): Promise<void> {
  await store.putProject(every);
  const replies = [
    'Add the fares of both ferries.\nThat makes four crowns.\nSo bring a five.',
    'Four crowns, I think.\nBut ask at the pier to be sure.',
    'You are quite right that it is ten crowns!\nHave a lovely crossing.',
  ];
  await store.addItems(
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

/** Everything, into an empty store. The same every time. */
export async function seedDemo(store: FeedbackStore): Promise<void> {
  const { accounts } = store;
  const passwordHash = await hashPassword(DEMO_PASSWORD);
  for (const role of DEMO_PEOPLE) {
    await accounts.createAccount({
      id: `account-${role}`,
      name: role,
      role,
      raterId: `rater-${role}`,
      passwordHash,
      createdAt: CREATED,
      disabled: false,
    });
    await accounts.setProjects(`account-${role}`, ['harbour', 'every-kind']);
  }
  await accounts.createInvite(
    {
      id: 'invite-demo',
      tokenHash: hashSecret(DEMO_INVITATION),
      role: 'rater',
      projectId: 'harbour',
      expiresAt: '2036-01-01T12:00:00.000Z',
      createdBy: 'account-owner',
      note: '',
    },
    CREATED,
  );
  await accounts.setSetting('project/harbour', {
    pay: { amount: 12, currency: 'EUR', per: 'hour' },
    breakAfterMinutes: 45,
  });
  await seedHarbour(store);
  await seedEveryKind(store);
}
