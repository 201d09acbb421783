import { expect, it } from 'vitest';
import { addProject, QUESTIONS, REPLIES } from './forms.ts';
import { addPeople, browserTests, openScene } from './scene.ts';

browserTests('leading in a browser', () => {
  it('decides a flagged item by marking spans, follows a record, takes the consent away', async () => {
    const scene = await openScene(async (studio) => {
      const { store } = studio;
      const questions = QUESTIONS.filter(({ kind }) => kind === 'spans');
      await addProject(store, 'p', { questions, items: 2, consent: { version: '1', text: 'Kept.' } });
      await store.putRaters('p', [{ id: 'r', kind: 'human' }]);
      const at = '2026-01-02T00:00:00.000Z';
      const flag = { projectId: 'p', itemId: 'p-1', raterId: 'r', at, reason: 'Odd.' };
      await store.submit({ type: 'flag', id: 'flag, with a comma', ...flag });
      await addPeople(studio, { Lea: 'lead' }, ['p']);
    });
    try {
      const page = await scene.signedIn('Lea');
      await page.goto('/projects');
      await page.getByRole('link', { name: /flags in/ }).click();
      await page.getByRole('link', { name: 'p-1' }).click();
      await page.getByRole('table').getByRole('link', { name: '1', exact: true }).click();
      await page.getByText('Only the 1 record pointed to.').waitFor();
      await page.getByText('flagged: Odd.').waitFor();

      await page.getByRole('link', { name: 'Adjudicate' }).click();
      await page.getByRole('radio', { name: 'Another answer' }).check();
      await page.getByRole('radio', { name: 'Reply A' }).check();
      await page.getByRole('application').getByText('crowns', { exact: true }).dblclick();
      await page.getByRole('button', { name: 'Wrong' }).click();
      await page.getByText('To be saved: the answer that you entered').waitFor();
      await page.getByRole('button', { name: 'Save the decision' }).click();
      await page.getByText('1 decided').waitFor();
      const [decision] = (await scene.studio!.store.state('p')).adjudications;
      const start = REPLIES[0]!.indexOf('crowns');
      expect(decision!.answer).toEqual({
        kind: 'spans',
        reply: 0,
        spans: [{ start, end: start + 'crowns'.length, label: 'wrong' }],
      });

      await page.getByRole('link', { name: 'Settings' }).click();
      await page.getByLabel('Consent').fill('');
      await page.getByRole('button', { name: 'Save the changes' }).click();
      await page.getByText('Saved: consent (none is asked any more).').waitFor();
      expect((await scene.studio!.store.getProject('p'))!.consent).toBeUndefined();
    } finally {
      await scene.close();
    }
  });
});
