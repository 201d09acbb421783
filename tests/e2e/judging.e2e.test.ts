import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Answer, AnswerKind, Judgment } from '../../src/feedback/index.ts';
import { addProject, QUESTIONS, REPLIES } from './forms.ts';
import { addPeople, browserTests, openScene, PASSWORD, type Scene } from './scene.ts';

const KINDS = QUESTIONS.map(({ kind }) => kind);

/** Answers a question with the pointer, and says what must be stored; replies by the place they are shown at. */
const BY_POINTER: {
  readonly [K in AnswerKind]: (page: Page, places: readonly string[]) => Promise<Answer | readonly Answer[]>;
} = {
  async comparison(page) {
    await page.getByLabel('B is better').check();
    await page.getByLabel('Clearly').check();
    return { kind: 'comparison', outcome: 1, strength: 2 };
  },
  async ranking(page) {
    // Dragging puts the second before the first, and gives both a rank.
    const handle = page.getByRole('button', { name: 'Move reply B' });
    const from = (await handle.boundingBox())!;
    const to = (await page.getByRole('button', { name: 'Move reply A' }).boundingBox())!;
    await page.mouse.move(from.x + 5, from.y + 5);
    await page.mouse.down();
    await page.mouse.move(from.x + 5, from.y - 20, { steps: 4 });
    await page.mouse.move(to.x + 5, to.y - 10, { steps: 8 });
    await page.mouse.up();
    await expect
      .poll(() => page.getByRole('radiogroup', { name: 'Rank of reply B' }).getByLabel('1').isChecked())
      .toBe(true);
    return { kind: 'ranking', groups: [[1], [0]] };
  },
  async rating(page) {
    await page.getByRole('radiogroup', { name: 'True, reply A' }).getByLabel('2').check();
    await page.getByRole('radiogroup', { name: 'True, reply B' }).getByLabel('5').check();
    const value = (reply: number, points: number) => ({ reply, criterion: 'truth', value: points });
    return { kind: 'rating', scale: { min: 1, max: 5, step: 1 }, values: [value(0, 2), value(1, 5)] };
  },
  async label(page) {
    await page.getByRole('radio', { name: 'Reply A' }).check();
    await page.getByLabel('Vague').check();
    return { kind: 'label', reply: 0, labels: ['vague'] };
  },
  async correction(page, places) {
    await page.getByRole('radio', { name: 'Reply B' }).check();
    await page.getByRole('textbox').fill(`${places[1]} Indeed.`);
    await page.getByText('put in').first().waitFor();
    return { kind: 'correction', reply: 1, text: `${places[1]} Indeed.` };
  },
  async spans(page, places) {
    await page.getByRole('radio', { name: 'Reply A' }).check();
    const word = page.getByRole('application').getByText('crowns', { exact: true });
    await word.dblclick();
    await page.getByRole('button', { name: 'Wrong' }).click();
    await page.getByRole('list', { name: 'Marked passages' }).getByText('crowns').waitFor();
    const start = places[0]!.indexOf('crowns');
    return { kind: 'spans', reply: 0, spans: [{ start, end: start + 'crowns'.length, label: 'wrong' }] };
  },
  async steps(page) {
    await page.getByRole('radio', { name: 'Reply A' }).check();
    await page.getByRole('radiogroup', { name: 'Step 1' }).getByLabel('Right').check();
    await page.getByRole('radiogroup', { name: 'Step 2' }).getByLabel('Wrong').check();
    return { kind: 'steps', reply: 0, mode: 'per-step', labels: [1, -1] };
  },
  async critique(page) {
    await page.getByRole('radio', { name: 'Reply B' }).check();
    await page.getByRole('textbox').fill('It flatters.');
    await page.getByRole('radio', { name: 'Reply A' }).check();
    await page.getByRole('textbox').fill('Good.');
    await page.getByRole('radio', { name: /^Reply B.*answered$/ }).waitFor();
    return [
      { kind: 'critique', reply: 0, text: 'Good.' },
      { kind: 'critique', reply: 1, text: 'It flatters.' },
    ];
  },
  async demonstration(page) {
    await page.getByRole('textbox').fill('Two crowns each way.');
    return { kind: 'demonstration', text: 'Two crowns each way.' };
  },
};

/** An answer in places, from one in the item's own order, as a rater gave it. */
function inPlaces({ answer, presentation: { order } }: Judgment): Answer {
  const place = (reply: number) => order.indexOf(reply);
  if (answer.kind === 'comparison')
    return { ...answer, outcome: typeof answer.outcome === 'number' ? place(answer.outcome) : answer.outcome };
  if (answer.kind === 'ranking') return { ...answer, groups: answer.groups.map((group) => group.map(place)) };
  if (answer.kind === 'rating')
    return { ...answer, values: answer.values.map((v) => ({ ...v, reply: place(v.reply) })) };
  return 'reply' in answer ? { ...answer, reply: place(answer.reply) } : answer;
}

browserTests('judging in a browser', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await openScene(async (studio) => {
      const { store } = studio;
      for (const question of QUESTIONS) await addProject(store, question.kind, { questions: [question], items: 1 });
      await addProject(store, 'every', {
        questions: QUESTIONS,
        consent: { version: '1', text: 'Kept under a pseudonym.' },
        instructions: [{ version: '1', text: 'Be kind.', at: '2026-01-01T00:00:00.000Z' }],
      });
      await addProject(store, 'shared', { items: 12 });
      await addPeople(studio, { Rita: 'rater', Ravi: 'rater' }, [...KINDS, 'every', 'shared']);
    });
  });
  afterAll(() => scene?.close());
  const judgmentsOf = async (project: string) => (await scene.studio!.store.state(project)).judgments;
  const saved = (page: Page) => page.getByText('✓ All sent is saved').or(page.getByText('Nothing left for now'));

  it('stores what was pointed at, for each of the nine kinds', async () => {
    const page = await scene.signedIn('Rita');
    for (const kind of KINDS) {
      await page.goto(`/judge/${kind}`);
      await page.getByRole('heading', { name: 'Task 1' }).waitFor();
      const places = await page.getByRole('article').locator('.markdown').allInnerTexts();
      expect([...places].sort(), kind).toEqual([...REPLIES].sort());
      const expected = await BY_POINTER[kind](page, places);
      await page.getByRole('button', { name: 'Submit' }).click();
      await page.getByRole('heading', { name: 'Nothing left for now' }).waitFor();
      expect((await judgmentsOf(kind)).map(inPlaces), kind).toEqual([expected].flat());
    }
  });

  it('a whole session needs no mouse: in, agree, answer every kind, take back, skip, report, leave', async () => {
    const page = await scene.window();
    const { keyboard } = page;
    const focused = () =>
      page.evaluate(() => {
        const at = document.activeElement;
        return `${at?.getAttribute('aria-label') ?? at?.textContent ?? ''}`.trim();
      });
    /** Walks with Tab to the control whose name is so. */
    const tabTo = async (name: RegExp) => {
      for (let i = 0; i < 60; i++) {
        await keyboard.press('Tab');
        if (name.test(await focused())) return;
      }
      throw new Error(`no Tab leads to ${name}`);
    };
    await page.goto('/login');
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await keyboard.press('Tab');
    expect(await focused()).toBe('Skip to the page');
    await keyboard.press('Enter');
    await keyboard.press('Tab');
    await keyboard.type('Rita');
    await keyboard.press('Tab');
    await keyboard.type(PASSWORD);
    await keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Judge', exact: true }).waitFor();
    await tabTo(/^Start judging: Project every$/);
    await keyboard.press('Enter');
    await page.getByText('Kept under a pseudonym.').waitFor();
    await tabTo(/^I agree$/);
    await keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Task 1' }).waitFor();
    await page.getByRole('heading', { name: 'Before you begin' }).waitFor();
    await tabTo(/^I have read this$/);
    await keyboard.press('Enter');

    // The list of keys, and out of it again.
    await keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor();
    await keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });

    const isAnswered = (title: string) =>
      page.getByRole('group', { name: new RegExp(`^${title}.*, answered$`) }).waitFor();
    const answerAll = async () => {
      for (const key of ['b', '3']) await keyboard.press(key);
      await isAnswered('Which is better');
      for (const key of ['1', '2']) await keyboard.press(key);
      await isAnswered('Rank the replies');
      for (const key of ['4', '2']) await keyboard.press(key);
      await isAnswered('Rate the replies');
      for (const key of ['1', 'j']) await keyboard.press(key);
      await isAnswered('What applies');
      await keyboard.press('w');
      await keyboard.press('End');
      await keyboard.type(' Truly.');
      await keyboard.press('Escape');
      await isAnswered('Correct a reply');
      for (const key of ['j', 'w', 'ArrowRight', 'ArrowRight', 'Shift+ArrowRight', '1', 'Escape'])
        await keyboard.press(key);
      await isAnswered('Mark mistakes');
      for (const key of ['j', '3', '1']) await keyboard.press(key);
      await isAnswered('Judge each step');
      await keyboard.press('w');
      await keyboard.type('Too long.');
      await keyboard.press('Escape');
      await isAnswered('What could be better');
      for (const key of ['j', 'w']) await keyboard.press(key);
      await keyboard.type('Four crowns.');
      await isAnswered('Write the ideal reply');
    };
    await answerAll();
    await keyboard.press('Control+Enter');
    await page.getByRole('heading', { name: 'Task 2' }).waitFor();
    await saved(page).waitFor();
    expect((await judgmentsOf('every')).length).toBe(QUESTIONS.length);

    // Taken back: the answers are open again, and the store has none.
    await keyboard.press('u');
    await page.getByRole('heading', { name: 'Task 1' }).waitFor();
    await isAnswered('Write the ideal reply');
    await expect.poll(async () => (await judgmentsOf('every')).length).toBe(0);
    await keyboard.press('Control+Enter');
    await page.getByRole('heading', { name: 'Task 2' }).waitFor();

    await keyboard.press('r');
    await page.getByRole('dialog', { name: 'Report a problem' }).waitFor();
    await keyboard.type('The fare is out of date.');
    await keyboard.press('Control+Enter');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await keyboard.press('s');
    await page.getByRole('dialog', { name: 'Skip this task' }).waitFor();
    await keyboard.press('2');
    await keyboard.press('Enter');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.getByText('Skipped.').waitFor();
    await saved(page).waitFor();
    const { skips, flags } = await scene.studio!.store.state('every');
    expect(skips.map(({ reason }) => reason)).toEqual(['no-expertise']);
    expect(flags.map(({ reason }) => reason)).toEqual(['The fare is out of date.']);
    expect((await judgmentsOf('every')).map(({ answer }) => answer.kind).sort()).toEqual([...KINDS].sort());

    await tabTo(/^Sign out$/);
    await keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  });

  it('two raters at once share the work: every task once, none twice', async () => {
    const judgeAll = async (name: string) => {
      const page = await scene.signedIn(name);
      await page.goto('/judge/shared');
      const first = page.getByRole('button', { name: /^Submit/ });
      const end = page.getByRole('heading', { name: 'Nothing left for now' });
      for (let task = 1; ; task++) {
        const heading = page.getByRole('heading', { name: `Task ${task}`, exact: true });
        await heading.or(end).waitFor();
        if (await end.isVisible()) return task - 1;
        await page.keyboard.press('a');
        await page.keyboard.press('1');
        await page.keyboard.press('Enter');
        await heading.waitFor({ state: 'detached' });
        await first.or(end).waitFor();
      }
    };
    const done = await Promise.all([judgeAll('Rita'), judgeAll('Ravi')]);
    const judgments = await judgmentsOf('shared');
    expect(judgments.length).toBe(12);
    expect(new Set(judgments.map(({ itemId }) => itemId)).size).toBe(12);
    for (const [i, rater] of ['rater-Rita', 'rater-Ravi'].entries())
      expect(judgments.filter(({ raterId }) => raterId === rater).length).toBe(done[i]);
    expect(Math.min(...done)).toBeGreaterThan(0);
  });
});
