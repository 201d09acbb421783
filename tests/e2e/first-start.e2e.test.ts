import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'vitest';
import { TINY } from '../../src/cli/tiny-run.fake.ts';
import { expectAccessible, settled } from './axe.ts';
import { startStudioProcess } from './command.ts';
import { freePort } from './free-port.ts';
import { browserTests, PASSWORD, sceneAt } from './scene.ts';

const ITEMS = `prompt,reply_a,reply_b
When does the ferry leave?,It leaves at nine.,Ask at the pier.
What is the fare?,Two crowns.,"Ten crowns, as you said!"
`;
/** A tiny run takes ten seconds where nothing else is going on. */
const RUN_PATIENCE_MS = 300_000;

browserTests('from the first start to a verified disclosure', () => {
  it('the owner sets up, a rater judges, a run is audited and disclosed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'goodhart-e2e-'));
    const server = await startStudioProcess(folder, await freePort());
    const scene = await sceneAt(server.url, { folder, end: () => server.kill('SIGINT') });
    try {
      const owner = await scene.window();
      await owner.goto(server.setupUrl!);
      await owner.getByLabel('Name').fill('Olga');
      await owner.getByLabel('Password', { exact: true }).fill(PASSWORD);
      await owner.getByLabel('Password again').fill(PASSWORD);
      await owner.getByRole('button', { name: 'Create the account' }).click();
      await owner.getByRole('heading', { name: 'No projects yet' }).waitFor();

      await owner.getByRole('link', { name: 'New project' }).click();
      await owner.getByLabel('Name').fill('Ferry replies');
      await owner.getByLabel('Instructions').fill('Choose the reply that **helps** more.');
      await owner.getByLabel('Consent').fill('Your answers are kept under a pseudonym.');
      await owner.getByRole('button', { name: 'Create the project' }).click();
      await owner.getByRole('heading', { name: 'Ferry replies' }).waitFor();

      await owner
        .getByLabel('File', { exact: true })
        .setInputFiles({ name: 'ferry.csv', mimeType: 'text/csv', buffer: Buffer.from(ITEMS) });
      await owner.getByRole('button', { name: 'Add the items' }).click();
      await owner.getByText('Added 2 items').waitFor();

      await owner.getByRole('link', { name: 'People' }).click();
      const invitations = owner.getByRole('region', { name: 'Invitations' });
      await invitations.getByLabel('Project').selectOption({ label: 'Ferry replies' });
      await invitations.getByRole('button', { name: 'Make a link' }).click();
      const link = (await invitations.locator('pre').textContent())!;

      const rater = await scene.window();
      await rater.goto(link);
      await rater.getByLabel('Name').fill('Rita');
      await rater.getByLabel('Password', { exact: true }).fill(PASSWORD);
      await rater.getByLabel('Password again').fill(PASSWORD);
      await rater.getByRole('button', { name: 'Join' }).click();
      await rater.getByRole('link', { name: 'Start judging: Ferry replies' }).click();
      await rater.getByText('Your answers are kept under a pseudonym.').waitFor();
      await rater.getByRole('button', { name: 'I agree' }).click();
      for (const task of [1, 2]) {
        await rater.getByRole('heading', { name: `Task ${task}` }).waitFor();
        await rater.getByLabel('A is better').check();
        await rater.getByRole('button', { name: 'Submit' }).click();
      }
      await rater.getByRole('heading', { name: 'Nothing left for now' }).waitFor();
      // The link works once.
      await rater.goto(link);
      await rater.getByRole('alert').waitFor();

      await owner.getByRole('link', { name: 'Projects' }).click();
      await owner.getByRole('cell', { name: /^2 of/ }).waitFor();

      await owner.getByRole('link', { name: 'Runs' }).click();
      await owner.getByRole('link', { name: 'Start a run' }).click();
      await owner.getByLabel('Configuration').fill(TINY);
      await owner.getByRole('button', { name: 'Start it' }).click();
      await owner.getByText('complete, sealed').waitFor({ timeout: RUN_PATIENCE_MS });
      await owner.getByRole('link', { name: 'Audit' }).click();
      const overoptimisation = owner.getByRole('listitem').filter({ hasText: 'R4' });
      await overoptimisation.getByText(/clear|concern|failure|inconclusive/).waitFor();
      await overoptimisation.getByRole('link').click();
      await owner.getByText('95 % interval', { exact: true }).first().waitFor();
      await owner.getByRole('link', { name: 'Disclosure' }).click();
      await owner.getByRole('rowheader', { name: /^D11/ }).waitFor();
      await owner.getByRole('button', { name: 'Verify now' }).click();
      await owner.getByText('nothing that was checked fails.').waitFor();
      for (const verdict of ['integrity: holds', 'origin and time: cannot be checked', 'completeness: holds'])
        await owner.getByText(verdict).waitFor();

      await expectAccessible(owner, 'a verified disclosure');
      for (const path of [
        '/runs',
        '/runs/tiny-1',
        '/runs/tiny-1/report',
        '/runs/tiny-1/samples',
        '/runs/tiny-1/audit',
        '/runs/tiny-1/audit/R4',
      ]) {
        await owner.goto(path);
        await settled(owner);
        await expectAccessible(owner, path);
      }
    } finally {
      await scene.close();
    }
  });
});
