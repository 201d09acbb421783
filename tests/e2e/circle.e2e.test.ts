import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { processOf } from '../../src/cli/process-identity.ts';
import { TINY_ON_JUDGMENTS } from '../../src/cli/tiny-run.fake.ts';
import { projectSchema } from '../../src/feedback/index.ts';
import { expectAccessible, settled } from './axe.ts';
import { addProject } from './forms.ts';
import { addPeople, browserTests, openScene, PATIENCE_MS, type Scene } from './scene.ts';

/** A tiny run takes ten seconds where nothing else is going on. */
const RUN_PATIENCE_MS = 300_000;

/** Judgments of another tool: twenty prompts with the reply that was chosen. */
const JUDGED = Array.from({ length: 20 }, (_, i) => ({
  prompt: `When does ferry ${i} leave?`,
  chosen: `It leaves at ${i} past nine.`,
  rejected: 'Ask at the pier, I would say.',
}))
  .map((row) => `${JSON.stringify(row)}\n`)
  .join('');
const UNJUDGED = [
  'prompt,reply_a,reply_b\nWhat is the fare?,Two crowns.,"Ten crowns, as you said!"\n',
  'prompt,reply_a,reply_b\nWhere is the pier?,Behind the mill.,I would not know.\n',
];

async function upload(page: Page, name: string, text: string): Promise<void> {
  const form = page.locator('form').filter({ has: page.getByRole('button', { name: 'Add the items' }) });
  await form
    .getByLabel('File', { exact: true })
    .setInputFiles({ name, mimeType: 'text/plain', buffer: Buffer.from(text) });
  await form.getByLabel('Judgments in the file').selectOption('count');
  await form.getByRole('button', { name: 'Add the items' }).click();
}

/** Somebody judges these tasks of theirs, which are all that there are. */
async function judgeAll(page: Page, [first, last]: readonly [number, number]): Promise<void> {
  await page.goto('/judge/ferry');
  for (let task = first; task <= last; task++) {
    await page.getByRole('heading', { name: `Task ${task}` }).waitFor();
    await page.getByLabel('A is better').check();
    await page.getByRole('button', { name: 'Submit' }).click();
  }
  await page.getByRole('heading', { name: 'Nothing left for now' }).waitFor();
}

const ferry = () =>
  openScene(async (studio, folder) => {
    process.env.GOODHART_CACHE = join(folder, 'cache');
    const { questions } = projectSchema
      .pick({ questions: true })
      .parse({ questions: [{ id: 'better', title: 'Which is better?', kind: 'comparison' }] });
    await addProject(studio.store, 'ferry', { items: 0, questions });
    await addPeople(studio, { Lea: 'lead', Ann: 'rater', Bob: 'rater' }, ['ferry']);
  });

/** From the project's page to a sealed run on it; gives the run's id. */
async function runOnIt(page: Page): Promise<string> {
  await page.getByRole('link', { name: 'Use these judgments' }).press('Enter');
  const kinds = page.getByRole('group', { name: 'Judgments by kind' });
  await kinds.getByRole('rowheader', { name: 'comparison' }).waitFor();
  await expectAccessible(page, 'what a run would use');
  expect(await kinds.getByRole('row').nth(1).getByRole('cell').first().textContent()).toBe('22');
  await page.getByText('Change the recipe').click();
  await page.getByLabel('Overrides').fill(TINY_ON_JUDGMENTS.join('\n'));
  await page.getByRole('button', { name: 'Start the run' }).click();
  await page.getByText('complete, sealed').waitFor({ timeout: RUN_PATIENCE_MS });
  return decodeURIComponent(new URL(page.url()).pathname.split('/').at(-1)!);
}

/** The audit and the disclosure of the run that is open, and back. */
async function lookAt(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'Audit' }).click();
  const careless = page.getByRole('listitem').filter({ hasText: 'H4' });
  await careless
    .getByText(/clear|concern|failure|inconclusive|not assessed/)
    .first()
    .waitFor();
  await page.getByRole('link', { name: 'Disclosure' }).click();
  await page.getByRole('rowheader', { name: /^D11/ }).waitFor();
  await page.getByRole('link', { name: 'Overview and curves' }).click();
}

browserTests('the circle', () => {
  it('import, judge, run, audit, disclosure, ask the policy, judge what it says', async () => {
    const scene: Scene = await ferry();
    const store = scene.studio!.store;
    try {
      const lead = await scene.signedIn('Lea');
      await lead.goto('/projects/ferry');
      await upload(lead, 'judged.jsonl', JUDGED);
      await lead.getByText('Added 20 items and 20 judgments').waitFor();
      const raters = [await scene.signedIn('Ann'), await scene.signedIn('Bob')] as const;
      for (const [i, rater] of raters.entries()) {
        await upload(lead, `ferry-${i}.csv`, UNJUDGED[i]!);
        await lead.getByText('Added 1 item').waitFor();
        await judgeAll(rater, [1, 1]);
      }

      await lead.goto('/projects/ferry');
      const run = await runOnIt(lead);
      await lookAt(lead);

      const asking = lead.getByRole('region', { name: 'Ask about this policy' });
      await asking.getByLabel('Prompts', { exact: true }).fill('4');
      await expectAccessible(lead, 'asking about a policy');
      await asking.getByRole('button', { name: 'Ask the policy' }).press('Enter');
      await asking.getByText('4 new items in').waitFor({ timeout: RUN_PATIENCE_MS });
      await asking.getByRole('link', { name: 'ferry' }).click();
      const items = lead.getByRole('group', { name: 'Items' });
      await expect.poll(() => items.getByRole('row').count(), { timeout: PATIENCE_MS }).toBe(5);
      await settled(lead);
      await expectAccessible(lead, 'the new items');

      await judgeAll(raters[1], [2, 5]);
      const { judgments } = await store.state('ferry');
      const last = await store.getItem('ferry', judgments.at(-1)!.itemId);
      expect(last!.source.sampling).toMatchObject({ run: 'ferry', step: 2 });

      await lead.goto(`/runs/${run}`);
      await lead.getByRole('link', { name: 'ferry', exact: true }).first().click();
      const runs = lead.getByRole('group', { name: 'Runs on this project' });
      await runs.getByRole('link', { name: run }).waitFor();
    } finally {
      await scene.close();
    }
  });

  it('curves move while a run writes them', async () => {
    const scene = await openScene(async (studio, folder) => {
      await addPeople(studio, { Lea: 'lead' }, []);
      const [place, states] = [join(folder, 'runs/live'), join(folder, 'runs/.studio')];
      mkdirSync(place, { recursive: true });
      mkdirSync(states);
      const config = { name: 'live', seed: 1, data: { layout: 'project', project: 'ferry' } };
      writeFileSync(join(place, 'run.json'), JSON.stringify({ config, command: '', versions: {}, startedAt: '' }));
      // The process that writes is this one.
      const state = { process: processOf(process.pid)!, status: 'running', error: null };
      writeFileSync(join(states, 'live.json'), JSON.stringify(state));
      await addProject(studio.store, 'ferry', {});
      await studio.store.accounts.setProjects('account-Lea', ['ferry']);
    });
    const step = (n: number) => {
      const row = { stage: 'policy', step: n, metrics: { 'objective/kl': n / 10 } };
      appendFileSync(join(scene.folder, 'runs/live/metrics.jsonl'), `${JSON.stringify(row)}\n`);
    };
    try {
      const page = await scene.signedIn('Lea');
      await page.goto('/runs/live');
      await page.getByText('Nothing is measured yet.').waitFor();
      step(1);
      step(2);
      const marks = page.locator('figure, svg').locator('circle.mark');
      await expect.poll(() => marks.count(), { timeout: PATIENCE_MS }).toBe(2);
      step(3);
      await expect.poll(() => marks.count(), { timeout: PATIENCE_MS }).toBe(3);
    } finally {
      await scene.close();
    }
  });
});
