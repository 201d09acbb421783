import { describe, expect, it } from 'vitest';
import { createSealer } from '../../src/server/access/sealing.ts';
import { openTestStudio, type Person, type TestStudio, testItems, testProject } from '../../src/server/studio.fake.ts';

/** What a rater receives must not tell known answers and repeats from work: not by value, length or order. */
type Kind = 'work' | 'gold' | 'repeat';
const params = { project: 'p' };
/** What can be seen of a value without reading it: its type, its length, and where it is short, itself. */
const looks = (value: unknown): string => {
  if (value === null || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return `list of ${value.length}`;
  return typeof value === 'string' ? `text of ${value.length}` : typeof value;
};

/** Each field of a response by its path. */
function fieldsOf(value: unknown, path = ''): [string, unknown][] {
  if (typeof value !== 'object' || value === null) return [[path, value]];
  const inside = Object.entries(value).flatMap(([key, part]) =>
    fieldsOf(part, Array.isArray(value) ? `${path}[]` : `${path}.${key}`),
  );
  return Array.isArray(value) ? [[path, value], ...inside] : inside;
}

/** Texts that people wrote, and numbers that count on with every turn whatever it was: looked at apart. */
const CONTENT = /\.(prompt|replies\[\])$/;

interface Turn {
  readonly kind: Kind;
  readonly seen: readonly (readonly [string, string])[];
  readonly done: readonly number[];
  readonly left: number;
}

/** One rater's turns, each of a kind that only the store knows. */
async function turnsOf(studio: TestStudio, rater: Person, count: number): Promise<Turn[]> {
  const kindOf = async (key: string): Promise<Kind> => {
    const { judgments } = await studio.store.state('p');
    const purpose = judgments.find(({ id }) => id.startsWith(`${key}/`))!.presentation.purpose ?? 'work';
    return purpose === 'gold' || purpose === 'work' ? purpose : 'repeat';
  };
  const turns: Turn[] = [];
  for (let n = 0; n < count; n++) {
    const headers: [string, string][] = [];
    const sent = async (route: string, body?: object) => {
      const response = await rater.send(route, { params, ...(body !== undefined && { body }) });
      for (const [name] of response.headers) headers.push([`${route} header`, name]);
      expect(response.status).toBe(200);
      return (await response.json()) as Record<string, unknown>;
    };
    const next = await sent('POST /api/judge/{project}/next', {});
    const [task] = next.tasks as [{ taskId: string }];
    const key = `key-${String(n).padStart(6, '0')}`;
    const { taskId } = task;
    const draft = await sent('POST /api/judge/{project}/draft', { taskId, content: 1, idempotencyKey: `d${key}` });
    const again = await sent('POST /api/judge/{project}/next', {});
    const answers = [{ questionId: 'better', answer: { kind: 'comparison', outcome: 0 } }];
    const body = { taskId, answers, activeMs: 1, idempotencyKey: key };
    const receipt = await sent('POST /api/judge/{project}/submit', body);
    const kind = await kindOf(key);
    const undone = await sent('POST /api/judge/{project}/undo', { id: key, taskId, idempotencyKey: `u${key}` });
    const { taskId: anew, prompt } = undone.task as { taskId: string; prompt: string };
    // A page that was loaded anew holds nothing: what was taken back comes first.
    const reloaded = await sent('POST /api/judge/{project}/next', {});
    const back = (reloaded.tasks as [{ prompt: string }])[0].prompt === prompt;
    const flagged = await sent('POST /api/judge/{project}/flag', {
      taskId: anew,
      reason: 'odd',
      idempotencyKey: `f${key}`,
    });
    const second = await sent('POST /api/judge/{project}/submit', { ...body, taskId: anew, idempotencyKey: `s${key}` });
    // What one gave so far, with what this turn added, and what leaving would do.
    const mine = await sent('GET /api/judge/{project}/mine');
    const records = (mine.records as { id: string }[]).filter(({ id }) => id.includes(key));
    const withdrawal = await sent('GET /api/judge/{project}/withdrawal');
    const entered = await sent('GET /api/judge/{project}');
    const told = { next, draft, again, receipt, undone, reloaded, back, flagged, second };
    const all = fieldsOf({ ...told, records, withdrawal, entered });
    const seen = all
      .filter(([path]) => !CONTENT.test(path))
      .map(([path, value]) => [path, looks(value)] as const)
      .concat(headers);
    const done = all.filter(([path]) => path.endsWith('.done')).map(([, value]) => (value as number) - n);
    const { left } = second.progress as { left: number };
    turns.push({ kind, seen, done, left });
  }
  return turns;
}

describe('what a rater receives', () => {
  it('looks the same for work, known answers and repeats, field by field', async () => {
    const studio = await openTestStudio();
    try {
      const { distribution } = testProject();
      const rules = { ...distribution, gold: { every: 4, mode: 'gold' as const }, repeats: { every: 4 } };
      await studio.store.putProject(testProject({ distribution: rules }));
      await studio.store.addItems('p', testItems(200));
      const known = testItems(60, { role: 'gold' }).map((item, i) => ({ ...item, id: `known-${'x'.repeat(i)}` }));
      await studio.store.addItems('p', known);
      const turns = await turnsOf(studio, await studio.person('rater', ['p']), 72);
      const kinds = (['work', 'gold', 'repeat'] as const).map((kind) => turns.filter((turn) => turn.kind === kind));
      for (const some of kinds) expect(some.length).toBeGreaterThan(10);
      const [work, gold, repeats] = kinds.map((some) => {
        const values = new Map<string, Set<string>>();
        for (const [path, look] of some.flatMap(({ seen }) => seen))
          values.set(path, (values.get(path) ?? new Set()).add(look));
        return new Map([...values].sort(([a], [b]) => (a < b ? -1 : 1)));
      });
      expect(gold).toEqual(work);
      expect(repeats).toEqual(work);
      const counted = kinds.map((some) => [...new Set(some.map(({ done }) => done.join()))]);
      expect(counted[0]!.length).toBe(1);
      expect(counted[1]).toEqual(counted[0]);
      expect(counted[2]).toEqual(counted[0]);
    } finally {
      await studio.close();
    }
  });
  it('counts down what is left at moments that do not depend on what was done', async () => {
    const studio = await openTestStudio();
    try {
      const { distribution } = testProject();
      const rules = { ...distribution, gold: { every: 3, mode: 'gold' as const } };
      await studio.store.putProject(testProject({ distribution: rules }));
      await studio.store.addItems('p', [
        ...testItems(95),
        ...testItems(40, { role: 'gold' }).map((item, i) => ({ ...item, id: `k${i}` })),
      ]);
      const turns = await turnsOf(studio, await studio.person('rater', ['p']), 64);
      const falls = turns.flatMap(({ left }, n) => (n > 0 && left !== turns[n - 1]!.left ? [n + 1] : []));
      expect(falls.length).toBeGreaterThan(3);
      for (const turn of falls) expect(turn % 10).toBe(0);
    } finally {
      await studio.close();
    }
  });
  it('places known answers where their own pseudonym does not say', async () => {
    const places = async (secret: number) => {
      const studio = await openTestStudio();
      try {
        const { distribution } = testProject();
        await studio.store.putProject(
          testProject({ distribution: { ...distribution, gold: { every: 4, mode: 'gold' } } }),
        );
        await studio.store.addItems('p', [
          ...testItems(60),
          ...testItems(30, { role: 'gold' }).map((item, i) => ({ ...item, id: `k${i}` })),
        ]);
        await studio.store.putRaters('p', [{ id: 'same', kind: 'human' }]);
        const sealer = createSealer(Buffer.alloc(32, secret));
        const kinds: string[] = [];
        for (let n = 0; n < 40; n++) {
          const now = '2026-01-01T00:00:00.000Z';
          const held = await studio.store.reserve('p', 'same', { now, rhythm: sealer.derive('same') });
          if ('none' in held) throw new Error(held.none);
          kinds.push(held.purpose);
          const { item, presentation } = held;
          await studio.store.submit({
            type: 'judgment',
            judgment: {
              id: `j${n}`,
              projectId: 'p',
              itemId: item.id,
              raterId: 'same',
              questionId: 'better',
              presentation,
              answer: { kind: 'comparison', outcome: 0 },
              activeMs: 1,
              submittedAt: now,
              source: 'test',
            },
          });
        }
        return kinds.join();
      } finally {
        await studio.close();
      }
    };
    expect(await places(1)).not.toBe(await places(2));
  });
  it('is sealed to one size, whatever the content, and opens again', () => {
    const sealer = createSealer(Buffer.alloc(32, 7));
    const values = [0, 1, 40, 500].map((length) => ({ item: 'i'.repeat(length), note: 'é'.repeat(length / 2) }));
    const sealed = values.map((value) => sealer.seal(value, 'p/r'));
    expect(new Set(sealed.map(({ length }) => length)).size).toBe(1);
    expect(sealed.map((text) => sealer.open(text, 'p/r'))).toEqual(values);
  });
});
