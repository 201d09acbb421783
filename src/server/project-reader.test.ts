import { afterEach, describe, expect, it } from 'vitest';
import { foldRecords } from '../feedback/index.ts';
import type { PageName } from './project-pages.ts';
import { createProjectReader, type Page, type ProjectReader, sharedPages } from './project-reader.ts';
import { projectStates } from './project-state.ts';
import { noPreview, openTestStudio, type TestStudio, testItems, testProject } from './studio.fake.ts';

let studio: TestStudio | undefined;
afterEach(async () => {
  await studio?.close();
  studio = undefined;
});

const by = (raterId: string) => ({ projectId: 'p', raterId, at: '2026-01-01T00:00:00.000Z' });

describe('reading a whole project', () => {
  it('reads on from where it was, to what reading from the start gives', async () => {
    studio = await openTestStudio();
    const { store } = studio;
    await store.putProject(testProject());
    await store.addItems('p', testItems(3));
    await store.putRaters('p', [{ id: 'r', kind: 'human' }]);
    const clock = () => 0;
    const ongoing = projectStates(store, clock);
    const compare = async () => {
      const [kept, fresh] = [(await ongoing('p'))!, (await projectStates(store, clock)('p'))!];
      expect(kept.seq).toBe((await store.progress('p')).records);
      expect(kept.state).toEqual(fresh.state);
      expect(kept.state).toEqual(foldRecords(kept.records));
      expect(kept.rows()).toEqual(fresh.rows());
      expect(kept.report().report).toEqual(fresh.report().report);
    };
    await compare();
    await store.submit({ type: 'flag', id: 'f', ...by('r'), itemId: 'SECRET-item-0', reason: 'odd' });
    await compare();
    await store.submit({ type: 'undo', id: 'u', ...by('r'), undoes: 'f' });
    await store.submit({ type: 'skip', id: 's', ...by('r'), itemId: 'SECRET-item-1', reason: 'unclear' });
    await compare();
    await store.addItems('p', testItems(4));
    await store.putProject(
      testProject({ name: 'Renamed', distribution: { ...testProject().distribution, overlap: 2 } }),
    );
    await compare();
    expect((await ongoing('p'))!.rows().map(({ wanted }) => wanted)).toEqual([2, 2, 2, 2]);
    expect(await ongoing('nowhere')).toBeUndefined();
  });
  it('wants of each item what the store wants', async () => {
    studio = await openTestStudio();
    const { store } = studio;
    const { distribution } = testProject();
    await store.putProject(testProject({ distribution: { ...distribution, overlap: 3, overlapShare: 0.5 } }));
    await store.addItems('p', testItems(40));
    const rows = (await projectStates(store, () => 0)('p'))!.rows();
    const { judgments } = await store.progress('p');
    expect(new Set(rows.map(({ wanted }) => wanted))).toEqual(new Set([1, 3]));
    expect(rows.reduce((sum, { wanted }) => sum + wanted, 0)).toBe(judgments.wanted);
  });
});

/** A reader whose pages are made when the test says so. */
function heldReader() {
  const waiting: ((seq: number) => void)[] = [];
  const reader: ProjectReader = {
    page: (page: PageName) =>
      new Promise<Page>((resolve) => {
        waiting.push((seq) => resolve({ seq, items: 3, json: new TextEncoder().encode(`${page} ${seq}`) }));
      }),
    file: async () => undefined,
    close: async () => {},
  };
  return { reader, waiting };
}

describe('pages of a large project', () => {
  const pagesAt = (state: { records: number; now: number }) => {
    const held = heldReader();
    const store = { progress: async () => ({ records: state.records, items: { total: 3, archived: 0 } }) as never };
    return { ...held, pages: sharedPages({ reader: held.reader, store }, () => state.now) };
  };
  const text = async (page: Promise<{ bytes: Uint8Array }>) => new TextDecoder().decode((await page).bytes);
  const turn = () => new Promise((done) => setImmediate(done));

  it('shows the last one at once while one next is made, shared and not too often', async () => {
    const state = { records: 1_000_000, now: 0 };
    const { pages, waiting } = pagesAt(state);
    const first = [pages.page('quality', 'p', {}), pages.page('quality', 'p', {})];
    await turn();
    expect(waiting.length).toBe(1);
    state.now = 100;
    waiting[0]!(1_000_000);
    expect(await Promise.all(first.map(text))).toEqual(['quality 1000000', 'quality 1000000']);
    state.records += 1;
    expect(await text(pages.page('quality', 'p', {}))).toBe('quality 1000000');
    // It took 100 ms: the next is due 400 ms after it was there.
    expect(waiting.length).toBe(1);
    state.now = 500;
    expect(await text(pages.page('quality', 'p', {}))).toBe('quality 1000000');
    expect(waiting.length).toBe(2);
    expect(await text(pages.page('quality', 'p', {}))).toBe('quality 1000000');
    expect(waiting.length).toBe(2);
    waiting[1]!(1_000_001);
    await turn();
    expect(await text(pages.page('quality', 'p', {}))).toBe('quality 1000001');
    expect(waiting.length).toBe(2);
  });
  it('makes it anew when something beside the history has changed', async () => {
    const { pages, waiting } = pagesAt({ records: 1_000_000, now: 0 });
    const first = text(pages.page('overview', 'p', {}));
    await turn();
    waiting[0]!(1_000_000);
    await first;
    pages.forget('q');
    await text(pages.page('overview', 'p', {}));
    expect(waiting.length).toBe(1);
    pages.forget('p');
    const again = text(pages.page('overview', 'p', {}));
    await turn();
    expect(waiting.length).toBe(2);
    waiting[1]!(7);
    expect(await again).toBe('overview 7');
  });
  it('of a small one, every page is of now', async () => {
    studio = await openTestStudio();
    const { store } = studio;
    await store.putProject(testProject());
    const clock = () => 0;
    const pages = sharedPages(
      { store, reader: createProjectReader({ store, accounts: store.accounts, previewRun: noPreview }, clock) },
      clock,
    );
    const counts = async () => JSON.parse(await text(pages.page('overview', 'p', {}))).counts.items as number;
    expect(await counts()).toBe(0);
    await store.addItems('p', testItems(2));
    expect(await counts()).toBe(2);
    await expect(pages.page('overview', 'nowhere', {})).rejects.toThrow(/no such|expected a project|no project/);
  });
});
