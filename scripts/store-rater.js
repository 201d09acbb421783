/**
 * Raters as a process of their own, to be killed or to compete; see src/store/processes.fake.ts, which starts it with its
 * `RaterProcess` as JSON and brings dist/ up to date first. Waits for a line on standard input, then reserves and submits;
 * says `S <record>` before each submission and `A <receipt>` once it is acknowledged.
 */
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { openStore } from '../dist/store/index.js';

const { url, projectId, raters, run, now } = JSON.parse(process.argv[2]);
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
      const judgment = {
        id: `${run}/${raterId}/${n}`,
        projectId,
        itemId: got.item.id,
        raterId,
        presentation: got.presentation,
        answer: { kind: 'comparison', outcome: 0 },
        activeMs: 1000,
        submittedAt: now,
        source: 'test',
      };
      const record = { type: 'judgment', judgment };
      say(`S ${JSON.stringify(record)}`);
      say(`A ${JSON.stringify(await store.submit(record))}`);
    }
  }),
);
input.close();
await store.close();
say('done');
