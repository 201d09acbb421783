import { afterEach, expect, it } from 'vitest';
import { openTestStudio, type Person, type TestStudio, testProject } from './studio.fake.ts';

let studio: TestStudio;
afterEach(() => studio.close());

const ROUTE = 'POST /api/projects/{project}/items';
const HEADER = 'prompt,reply_a,reply_b,choice,rater';
const table = (...rows: string[]) => ({ layout: 'csv', fileName: 'a.csv', text: [HEADER, ...rows].join('\n') });
const setUp = async (): Promise<Person> => {
  studio = await openTestStudio();
  await studio.store.putProject(testProject());
  return studio.person('owner');
};
const counts = async () => {
  const { items, records } = await studio.store.progress('p');
  return { items: items.total, records };
};
const refusal = async (person: Person, body: unknown) => {
  const response = await person.send(ROUTE, { params: { project: 'p' }, body });
  const { error } = (await response.json()) as { error: { code: string; message: string } };
  return [response.status, error.code, error.message];
};

it('adds a file once, however often it is sent', async () => {
  const owner = await setUp();
  const body = table('one,a,b,a,r1', 'two,a,b,b,r1');
  const call = () => owner.call(ROUTE, { params: { project: 'p' }, body });
  expect(await call()).toEqual({
    import: expect.stringMatching(/^import-/),
    items: 2,
    judgments: 2,
    rejected: [],
    rejectedCount: 0,
  });
  expect(await call()).toMatchObject({ items: 0 });
  expect(await counts()).toEqual({ items: 2, records: 2 });
});

it('puts aside what does not go with what is there, and names its line', async () => {
  const owner = await setUp();
  const body = table('one,a,b,a,r1', 'two,a,b,a,r1', 'one,a,b,b,r1');
  const answer = await owner.call(ROUTE, { params: { project: 'p' }, body });
  expect(answer).toMatchObject({ items: 2, judgments: 2, rejectedCount: 1 });
  expect(answer.rejected).toEqual([
    { line: 4, field: 'judgment', reason: expect.stringMatching(/expected one answer per rater, item, question/) },
  ]);
});

it('adds nothing of a file that is not good as a whole', async () => {
  const owner = await setUp();
  const named = (...rows: string[]) => ({
    ...table(),
    text: ['item_id,prompt,reply_a,reply_b,role', ...rows].join('\n'),
  });
  await owner.call(ROUTE, { params: { project: 'p' }, body: named('x,one,a,b,') });
  const before = await counts();
  for (const [body, code, message] of [
    [named('y,two,a,b,', 'x,changed,a,b,'), 'item-changed', /^item x: expected what the project holds under this id/],
    [named('y,two,a,b,', 'z,three,a,b,gold'), 'item', /^item z: expected a known answer \(gold\) for role gold/],
    [
      {
        ...table(),
        text: 'item_id,prompt,reply_a,answer\ny,two,a,"{""kind"":""rating"",""values"":[{""reply"":0,""criterion"":""good"",""value"":4}],""scale"":{""min"":1,""max"":5,""step"":1}}"',
      },
      'form',
      /^the file holds answers of kind rating, which the form does not ask; add a question$/,
    ],
  ] as const) {
    expect(await refusal(owner, body)).toEqual([400, code, expect.stringMatching(message)]);
    expect(await counts()).toEqual(before);
  }
});

it('looks at the size of a body before it makes anything of it', async () => {
  const owner = await setUp();
  expect(await refusal(owner, { ...table(), text: [1] })).toEqual([400, 'depth', 'expected JSON of at most 1 levels']);
  const many = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`key${i}`, 1]));
  expect(await refusal(owner, many)).toEqual([400, 'depth', 'expected JSON of at most 16 values']);
  expect(await refusal(owner, {})).toMatchObject([400, 'body', expect.stringMatching(/^body\.layout: /)]);
  expect(await refusal(owner, undefined)).toEqual([415, 'content-type', expect.any(String)]);
});
