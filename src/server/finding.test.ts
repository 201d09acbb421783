import { afterEach, expect, it } from 'vitest';
import type { Judgment } from '../feedback/index.ts';
import { openTestStudio, type Person, type TestStudio, testItems, testProject } from './studio.fake.ts';

let studio: TestStudio;
afterEach(() => studio.close());
const params = { project: 'p' };

/** Six items, of them three about law; two raters who differ on the first two, on two days. */
async function filled(): Promise<Person> {
  studio = await openTestStudio();
  await studio.store.putProject(testProject());
  const items = testItems(6).map((item, i) => ({
    ...item,
    strata: i % 2 === 0 ? { topic: 'law' } : { topic: 'sea', season: 'summer' },
    ...(i === 5 && { replies: item.replies.map((reply) => ({ ...reply, text: `${reply.text} Bring an Umbrella.` })) }),
  }));
  await studio.store.addItems('p', items);
  await studio.store.putRaters(
    'p',
    ['r1', 'r2'].map((id) => ({ id, kind: 'human' as const })),
  );
  for (let i = 0; i < 4; i++) {
    for (const [r, raterId] of ['r1', 'r2'].entries()) {
      if (r === 1 && i === 3) continue;
      const judgment: Judgment = {
        id: `${raterId}-${i}`,
        projectId: 'p',
        itemId: `SECRET-item-${i}`,
        raterId,
        presentation: { order: [0, 1], view: 'full', instructionsVersion: '1', shownAt: '2026-01-01T00:00:00.000Z' },
        questionId: 'better',
        answer: { kind: 'comparison', outcome: i < 2 ? r : 0 },
        activeMs: 1000,
        submittedAt: `2026-01-0${i + 1}T0${r}:00:00.000Z`,
        source: 'studio',
      };
      await studio.store.submit({ type: 'judgment', judgment });
    }
  }
  return studio.person('lead', ['p']);
}
const idsOf = async (person: Person, query: Record<string, string>) =>
  (await person.call('GET /api/projects/{project}/items', { params, query })).items.map(({ id }) => Number(id.at(-1)));

it('finds items by what they say, hold, and got, and sorts them; everything is in the query', async () => {
  const lead = await filled();
  const cases: [Record<string, string>, number[]][] = [
    [{}, [0, 1, 2, 3, 4, 5]],
    // Replies are searched too, in small letters and large.
    [{ search: 'umbrella' }, [5]],
    [{ search: 'FERRY 3' }, [3]],
    [{ stratum: 'topic' }, [0, 1, 2, 3, 4, 5]],
    [{ stratum: 'topic=law' }, [0, 2, 4]],
    [{ stratum: 'constructor' }, []],
    [{ rater: 'r2' }, [0, 1, 2]],
    [{ answer: 'B is better' }, [0, 1]],
    [{ least: '1' }, [2]],
    [{ most: '0.5' }, [0, 1]],
    [{ from: '2026-01-03' }, [2, 3]],
    [{ from: '2026-01-02', to: '2026-01-03' }, [1, 2]],
    [{ stratum: 'topic=law', rater: 'r1', most: '0' }, [0]],
    [{ sort: 'last' }, [3, 2, 1, 0, 4, 5]],
    [{ sort: 'judgments', rater: 'r1' }, [0, 1, 2, 3]],
    [{ sort: 'agreement', rater: 'r2' }, [0, 1, 2]],
  ];
  for (const [query, found] of cases) expect([query, await idsOf(lead, query)]).toEqual([query, found]);
  for (const query of [{ least: '2' }, { from: 'soon' }, { sort: 'luck' }])
    expect((await lead.send('GET /api/projects/{project}/items', { params, query })).status).toBe(400);
  // What is found can be put away, and nothing else.
  const body = { archived: true, items: { stratum: 'topic=law' }, expected: 3 };
  await lead.call('POST /api/projects/{project}/archive', { params, body });
  expect(await idsOf(lead, {})).toEqual([1, 3, 5]);
});

it('counts what was answered, over all and by rater', async () => {
  const lead = await filled();
  const { questions } = await lead.call('GET /api/projects/{project}/answers', { params });
  expect(questions).toEqual([
    {
      id: 'better',
      title: 'Which reply is better?',
      kind: 'comparison',
      n: 7,
      answers: [
        { text: 'A is better', n: 5, by: [4, 1] },
        { text: 'B is better', n: 2, by: [0, 2] },
      ],
      others: 0,
      raters: ['r1', 'r2'],
    },
  ]);
});
