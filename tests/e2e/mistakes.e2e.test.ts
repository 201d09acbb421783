import { expect, it } from 'vitest';
import { addProject, QUESTIONS } from './forms.ts';
import { addPeople, browserTests, openScene, PASSWORD } from './scene.ts';

/** A comparison that one choice answers. */
const questions = QUESTIONS.flatMap((question) =>
  question.kind === 'comparison' ? [{ ...question, strength: false }] : [],
);
/** A dialogue so long that it folds, with what is asked at its end. */
const dialogue = (n: number) =>
  [
    '\n\nSystem: Be brief.',
    `\n\nHuman: ${'The weather was fair all week. '.repeat(20)}`,
    '\n\nAssistant: So it was.',
    `\n\nHuman: When does ferry ${n} leave?`,
  ].join('');

browserTests('a first day in a browser', () => {
  it('shows the turn that is judged, remembers the choice of a person, and has one voice in two tabs', async () => {
    const scene = await openScene(async (studio) => {
      await addProject(studio.store, 'p', { questions, items: 0 });
      await studio.store.addItems(
        'p',
        [1, 2].map((n) => ({
          id: `i${n}`,
          projectId: 'p',
          prompt: dialogue(n),
          replies: ['At nine.', 'Ask at the pier.'].map((text, r) => ({ id: `i${n}/${r}`, text })),
          source: { origin: 'test', selection: 'all' },
        })),
      );
      await addPeople(studio, { Rita: 'rater' }, ['p']);
    });
    try {
      const page = await scene.signedIn('Rita');
      await page.goto('/judge/p');
      const prompt = page.getByRole('group', { name: 'Prompt' });
      const asked = prompt.getByText(/^When does ferry \d leave\?$/);
      await asked.waitFor();
      expect(await asked.evaluate((node) => node.getBoundingClientRect().bottom < window.innerHeight)).toBe(true);
      await prompt.getByText('3 earlier turns folded').waitFor();
      expect(await prompt.getByText('So it was.').count()).toBe(0);
      await page.keyboard.press('l');
      await prompt.getByText('So it was.').waitFor();
      await prompt.getByText('System', { exact: true }).waitFor();

      const other = await page.context().newPage();
      await other.goto('/judge/p');
      await other.getByText('You are judging here in another tab or window.').waitFor();
      await other.getByRole('button', { name: 'Go on in this tab' }).click();
      await other.getByRole('group', { name: 'Prompt' }).waitFor();
      await page.getByText('You are judging here in another tab or window.').waitFor();

      await other.getByLabel('A is better').check();
      await other.getByRole('button', { name: 'Submit' }).click();
      await other.getByRole('heading', { name: 'Task 2' }).waitFor();
      // The next dialogue is open from the start.
      await other.getByRole('group', { name: 'Prompt' }).getByText('So it was.').waitFor();
    } finally {
      await scene.close();
    }
  });
  it('puts an import away and brings it back, lets a rater join a second project, and sets a password anew', async () => {
    const scene = await openScene(async (studio) => {
      await addProject(studio.store, 'p', { questions, items: 1 });
      await addProject(studio.store, 'q', { questions, items: 1 });
      await addPeople(studio, { Olga: 'owner' }, []);
      await addPeople(studio, { Rita: 'rater' }, ['p']);
    });
    try {
      const owner = await scene.signedIn('Olga');
      await owner.goto('/projects/p');
      await owner.getByText('From a file').click();
      await owner.getByLabel('File', { exact: true }).setInputFiles({
        name: 'wrong.csv',
        mimeType: 'text/csv',
        buffer: Buffer.from('prompt,reply_a,reply_b\nOne?,a,b\nTwo?,a,b\n'),
      });
      await owner.getByRole('button', { name: 'Add the items' }).click();
      await owner.getByText('Added 2 items and 0 judgments.').waitFor();
      await owner.getByRole('link', { name: 'Show these items' }).click();
      await owner.getByRole('button', { name: 'Put all of these away…' }).click();
      await owner.getByRole('button', { name: 'Put 2 items away', exact: true }).click();
      await owner.getByText('No item fits; try another filter.').waitFor();
      await owner.getByLabel('Show', { exact: true }).selectOption('archived');
      await owner.getByRole('button', { name: 'Bring all of these back…' }).click();
      await owner.getByRole('button', { name: 'Bring 2 items back', exact: true }).click();
      await owner.getByText('No item fits; try another filter.').waitFor();
      expect((await scene.studio!.store.progress('p')).items).toMatchObject({ total: 3, archived: 0 });

      await owner.getByRole('link', { name: 'People' }).click();
      const invitations = owner.getByRole('region', { name: 'Invitations' });
      await invitations.getByLabel('Role').selectOption('rater');
      await invitations.getByLabel('Project').selectOption('q');
      await invitations.getByLabel('For whom').fill('Rita, for the ferries');
      await invitations.getByRole('button', { name: 'Make a link' }).click();
      const rater = await scene.signedIn('Rita');
      await rater.goto((await invitations.locator('pre').textContent())!);
      await rater.getByText('Rita, for the ferries').waitFor();
      await rater.getByRole('button', { name: 'Join as Rita' }).click();
      await rater
        .getByRole('link', { name: /Start judging/ })
        .nth(1)
        .waitFor();

      await owner.getByRole('button', { name: 'Change Rita' }).click();
      await owner.getByRole('button', { name: 'Make a link that sets a new one' }).click();
      await rater.goto((await owner.getByRole('dialog').locator('pre').textContent())!);
      await rater.getByLabel('Password', { exact: true }).fill(`${PASSWORD} and more`);
      await rater.getByLabel('Password again').fill(`${PASSWORD} and more`);
      await rater.getByRole('button', { name: 'Set the password' }).click();
      await rater
        .getByRole('link', { name: /Start judging/ })
        .first()
        .waitFor();
      const login = (password: string) => rater.request.post('/api/login', { data: { name: 'Rita', password } });
      expect([(await login(PASSWORD)).status(), (await login(`${PASSWORD} and more`)).status()]).toEqual([401, 200]);
    } finally {
      await scene.close();
    }
  });
});
