/**
 * Raters as a process of their own, to be killed or to compete; see src/store/processes.fake.ts, which starts it with its
 * `RaterProcess` as JSON and brings dist/ up to date first. Waits for a line on standard input, then reserves and submits an
 * answer to each question of the form, all at once; says `S <record>` of each before, and `A <receipt>` once acknowledged.
 */
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { openStore } from '../dist/store/index.js';

const { url, projectId, raters, run, now, questions } = JSON.parse(process.argv[2]);
const say = (line) => writeSync(1, `${line}\n`);

// As a server opens it.
const store = await openStore(url, { busy: true });
say('ready');
const input = createInterface({ input: process.stdin });
await input[Symbol.asyncIterator]().next();
await Promise.all(
  raters.map(async (raterId) => {
    for (let n = 0; ; n++) {
      const got = await store.reserve(projectId, raterId, { now });
      if ('none' in got) return;
      const judgments = questions.map((questionId) => ({
        id: `${run}/${raterId}/${n}/${questionId}`,
        projectId,
        itemId: got.item.id,
        raterId,
        presentation: got.presentation,
        questionId,
        answer: { kind: 'comparison', outcome: 0 },
        activeMs: 1000,
        submittedAt: now,
        source: 'test',
      }));
      const records = judgments.map((judgment) => ({ type: 'judgment', judgment }));
      for (const record of records) say(`S ${JSON.stringify(record)}`);
      for (const receipt of await store.submitAll(records)) say(`A ${JSON.stringify(receipt)}`);
    }
  }),
);
input.close();
await store.close();
say('done');
