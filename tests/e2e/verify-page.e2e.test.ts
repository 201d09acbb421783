import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runForTest } from '../../src/cli/command.fake.ts';
import { type AspectVerdict, verdictsOf } from '../../src/disclosure/index.ts';
import { readPublicKey, verifyRun } from '../../src/disclosure/node.ts';
import { tarParts } from '../../src/run/index.ts';
import { diskFolder, writeArchive } from '../../src/run/node.ts';
import { honestRun } from '../security/forgery/honest-runs.ts';
import { signedRun } from '../security/forgery/signed-forgeries.ts';
import { expectAccessible, settled } from './axe.ts';
import { addPeople, browserTests, openScene, PATIENCE_MS, type Scene } from './scene.ts';

const LONG = 240_000;
/** Values whose last bit is each engine's own: ECMAScript leaves the rounding of these functions open. */
const rounded = () => Array.from({ length: 5000 }, (_, i) => [Math.exp(i / 317), Math.log(1 + i / 317)]).flat();
const FINDINGS = `
access: { model: AL1, information: AL2, time: AL1 }
assurance: AAL-1
independence: { funding: the issuer pays us, confidentiality: nothing, veto: nobody }
findings: [{ about: D5, conclusion: qualified, text: Agreement rests on few overlaps. }]
`;

browserTests('a disclosure in a browser', () => {
  let scene: Scene;
  let page: Page;
  let place: string;
  const at = (name: string) => join(place, name);
  /** Everything that the page asked for. */
  const asked: string[] = [];

  beforeAll(async () => {
    place = mkdtempSync(join(tmpdir(), 'goodhart-verify-page-'));
    const { run } = await signedRun(place, await honestRun(place, 'a reward alone'));
    cpSync(run, at('flipped'), { recursive: true });
    const rows = readFileSync(at('flipped/feedback/judgments.jsonl'));
    rows[rows.length >> 1]! ^= 1;
    writeFileSync(at('flipped/feedback/judgments.jsonl'), rows);
    await writeArchive(at('run.tar.gz'), tarParts([['run/', diskFolder(run)]]));
    writeFileSync(at('cut.tar.gz'), readFileSync(at('run.tar.gz')).subarray(0, 5000));
    writeFileSync(at('text.tar'), 'no archive');
    expect(await runForTest('verify', '--page', at('verify.html'))).toMatchObject({ code: 0 });
    writeFileSync(at('findings.yaml'), FINDINGS);
    expect(
      await runForTest(
        'disclose',
        'sign',
        run,
        '--key',
        at('auditor.pem'),
        '--as',
        'auditor',
        '--findings',
        at('findings.yaml'),
      ),
    ).toMatchObject({ code: 0 });
    scene = await openScene(async (studio, folder) => {
      await addPeople(studio, { owner: 'owner' }, []);
      mkdirSync(join(folder, 'runs'), { recursive: true });
      cpSync(run, join(folder, 'runs/release-1'), { recursive: true });
      cpSync(at('copy'), join(folder, 'runs/public-1'), { recursive: true });
    });
    page = await scene.window();
    page.on('request', (request) => asked.push(request.url()));
    await page.goto(pathToFileURL(at('verify.html')).href);
  }, LONG);
  afterAll(async () => {
    await scene?.close();
    rmSync(place, { recursive: true, force: true });
  });

  const said = () => page.getByRole('status');
  const choose = async (name: string, keys: readonly string[] = []) => {
    await page.locator('#keys').setInputFiles(keys.map((key) => at(`${key}.pub.pem`)));
    await page.locator(name.includes('.tar') ? '#archive' : '#folder').setInputFiles(at(name));
    await expect.poll(() => said().textContent(), { timeout: PATIENCE_MS }).toMatch(/^(Verified|Not verified)/);
  };
  const verdicts = (): Promise<string[]> => page.locator('#verdicts .verdict').allTextContents();
  const words = (states: readonly AspectVerdict[]) => states.map(({ title, state }) => `${title}: ${state}`);
  /** What the command's own verifier says, with the same keys. */
  const byCommand = async (name: string, keys: readonly string[] = []) =>
    words(
      verdictsOf(
        await verifyRun(at(name), {
          reader: { keys: keys.map((key) => ({ ...readPublicKey(at(`${key}.pub.pem`)), name: `${key}.pub.pem` })) },
        }),
      ),
    );
  const expectSame = async (name: string, keys: readonly string[], states: readonly string[]) => {
    await choose(name, keys);
    const shown = (await verdicts()).map((text) => text.replace(/^\P{L}+/u, ''));
    expect(shown).toEqual(await byCommand(name, keys));
    expect(shown.map((text) => text.split(': ')[1])).toEqual(states);
  };

  it(
    'says of a good, an altered, a redacted and a wrongly signed folder what the command says',
    async () => {
      await expectSame('run', [], ['holds', 'cannot be checked', 'holds']);
      await expectSame('run', ['issuer', 'auditor'], ['holds', 'holds', 'holds']);
      const whole = await page.locator('#said').innerText();
      expect(whole).toMatch(/never recorded cannot be excluded/);
      expect(whole).toMatch(/goodhart verify works them out again/);
      expect(whole).toMatch(/auditor.pub.pem/);
      // Other than to the bit only where the browser's functions round otherwise than the command's, as they may.
      const here = rounded();
      const there = await page.evaluate(rounded);
      if (here.every((value, i) => Object.is(value, there[i]))) expect(whole).not.toMatch(/nine digits/);
      await expectSame('flipped', ['issuer'], ['fails', 'holds', 'holds']);
      await expectSame('copy', ['issuer'], ['holds', 'holds', 'holds']);
      expect(await page.locator('#said').innerText()).toMatch(/asked for by whom it names/);
      await expectSame('run', ['stranger'], ['holds', 'fails', 'holds']);
    },
    LONG,
  );

  it(
    'takes an archive, and refuses what is none',
    async () => {
      await choose('run.tar.gz', ['issuer']);
      expect((await verdicts()).every((text) => text.endsWith('holds'))).toBe(true);
      for (const [name, why] of [
        ['cut.tar.gz', /truncated or damaged/],
        ['text.tar', /expected an archive of plain files/],
      ] as const) {
        await choose(name);
        expect(await said().textContent()).toMatch(why);
        expect(await verdicts()).toEqual([]);
      }
    },
    LONG,
  );

  it('asks nothing of any network, and could not', async () => {
    // A window of its own: what its policy refuses is an error there, as it should be.
    const other = await page.context().newPage();
    await other.goto(page.url());
    const reached = await other.evaluate(() =>
      Promise.all([
        fetch('http://127.0.0.1:9/').then(
          () => true,
          () => false,
        ),
        new Promise<boolean>((resolve) => {
          document.addEventListener('securitypolicyviolation', () => resolve(false), { once: true });
          const image = new Image();
          image.addEventListener('load', () => resolve(true));
          image.src = 'http://127.0.0.1:9/x.png';
        }),
      ]),
    );
    await other.close();
    expect(reached).toEqual([false, false]);
    expect(asked.filter((url) => !/^(file|blob|data):/.test(url))).toEqual([]);
  });

  it('can be used by everybody, on a phone too', async () => {
    await choose('copy', ['issuer']);
    await page.setViewportSize({ width: 390, height: 800 });
    await expectAccessible(page, 'verify.html');
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(wide).toBe(0);
  });

  it(
    'stands in the Studio: verdicts, items, who signed, what is withheld, what changed, and the run as one archive',
    async () => {
      const owner = await scene.signedIn('owner');
      await owner.goto('/runs/release-1/disclosure');
      await owner.getByRole('button', { name: 'Verify now' }).click();
      for (const verdict of ['integrity: holds', 'origin and time: cannot be checked', 'completeness: holds'])
        await owner.getByText(verdict).waitFor();
      await owner.getByRole('rowheader', { name: /^D11/ }).waitFor();
      await owner.getByText(/findings of a third party, signed as auditor/).waitFor();
      await owner
        .getByRole('region', { name: 'Findings of third parties' })
        .getByText('Agreement rests on few overlaps.')
        .waitFor();
      await owner.getByLabel('Since the disclosure of').selectOption('public-1');
      await owner.getByText('Nothing: both say the same.').waitFor();
      await expectAccessible(owner, 'disclosure');
      const [archive] = await Promise.all([
        owner.waitForEvent('download'),
        owner.getByRole('link', { name: 'release-1.tar.gz' }).click(),
      ]);
      await archive.saveAs(at('downloaded.tar.gz'));
      const command = await owner.locator('pre', { hasText: 'goodhart verify' }).innerText();
      const digest = command.split(' ').at(-1)!;
      expect(await runForTest('verify', at('downloaded.tar.gz'), '--published', digest)).toMatchObject({ code: 0 });
      await owner.setViewportSize({ width: 390, height: 800 });
      const wide = await owner.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect(wide).toBe(0);
      await owner.goto('/runs/public-1/disclosure');
      await settled(owner);
      await owner.getByText('asked for by whom it names').waitFor();
      await expectAccessible(owner, 'a public copy');
      // The page that verifies comes from the Studio too, and works under its headers.
      await owner.goto('/verify.html');
      await owner.locator('#archive').setInputFiles(at('run.tar.gz'));
      await expect.poll(() => owner.getByRole('status').textContent(), { timeout: PATIENCE_MS }).toMatch(/^Verified/);
    },
    LONG,
  );
});
