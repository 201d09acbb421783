import fc from 'fast-check';
import { ROUTES } from '../../src/server/contract/index.ts';

/** What strangers send: texts, values, requests and files, made by a generator from a seed. */
export interface HostileRequest {
  readonly route: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** Texts that some program took for something else. */
const TEXTS = [
  '',
  ' ',
  '\u0000',
  '\ud800',
  '\u202e\u2066',
  '\u001b[2K',
  '__proto__',
  'constructor',
  'toString',
  '../../../../etc/passwd',
  '..%2f..%2f',
  '/dev/zero',
  'C:\\Windows',
  '%00',
  "'; DROP TABLE accounts; --",
  '$1',
  '{{7*7}}',
  '<script>alert(1)</script>',
  '=1+1',
  'null',
  'NaN',
  '1e999',
  '-0',
  'a'.repeat(5_000),
  '/'.repeat(3_000),
  `${'@'.repeat(2_000)}x`,
  // Composed as YAML, these once ended the process.
  `a: ${'['.repeat(20_000)}`,
  `a:\n  ${'- '.repeat(20_000)}`,
  '𝕆𝕝𝕘𝕒',
  'p',
  'hostile',
];
const text = fc.oneof(fc.constantFrom(...TEXTS), fc.string({ maxLength: 20, unit: 'binary' }));
/** Half a character pair cannot be sent in a URL at all. */
const inUrl = text.map((t) => t.replaceAll(/\p{Surrogate}/gu, '\ufffd'));
const number = fc.constantFrom(0, -1, 1, 1.5, 1e308, -1e308, 2 ** 53, Number.MIN_VALUE);
const value = fc.letrec<{ any: unknown }>((tie) => ({
  any: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    text,
    number,
    fc.constantFrom(true, false, null),
    fc.array(tie('any'), { maxLength: 4 }),
    fc.dictionary(text, tie('any'), { maxKeys: 4 }),
  ),
})).any;

/** Keys that bodies have, so that more than the first check is reached. */
const KEYS = [
  'name',
  'password',
  'token',
  'role',
  'projectId',
  'project',
  'settings',
  'layout',
  'fileName',
  'text',
  'yaml',
  'set',
  'taskId',
  'answers',
  'idempotencyKey',
  'content',
  'reason',
  'version',
  'demographics',
  'count',
  'holding',
  'url',
  'events',
  'questions',
  'distribution',
  'paused',
  'disabled',
  'projects',
  'current',
  'next',
];
const body = fc.oneof(fc.dictionary(fc.constantFrom(...KEYS), value, { maxKeys: 8 }), value);

/** Files of tables and records, mostly almost right. */
const LAYOUTS = ['csv', 'auto', 'hh-rlhf', 'trl', 'label-studio', 'argilla', 'prm800k', 'openai', 'project'];
const cell = text.map((t) => `"${t.replaceAll('"', '""')}"`);
const csv = fc
  .array(fc.array(cell, { minLength: 1, maxLength: 6 }), { maxLength: 6 })
  .map((rows) => ['prompt,reply_a,reply_b,choice,rater,strata', ...rows.map((row) => row.join(','))].join('\n'));
const record = fc.dictionary(
  fc.constantFrom('prompt', 'chosen', 'rejected', 'messages', 'completion', 'label', 'id', 'data', 'annotations'),
  value,
  { maxKeys: 6 },
);
const lines = fc.array(record, { maxLength: 6 }).map((rows) => rows.map((row) => JSON.stringify(row)).join('\n'));
const file = fc.record({ layout: fc.constantFrom(...LAYOUTS), fileName: text, text: fc.oneof(csv, lines, text) });

const IMPORT = 'POST /api/projects/{project}/items';
const headers = fc.oneof(
  { weight: 8, arbitrary: fc.constant({}) },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom('origin', 'host', 'authorization', 'x-forwarded-for', 'content-type', 'sec-fetch-site')
      .chain((name) =>
        fc
          .constantFrom('', 'null', 'x', 'http://', 'localhost', 'Bearer x', '::1', '%', 'a'.repeat(2_000))
          .map((header) => ({ [name]: header })),
      ),
  },
);

/** Requests to every route, and files to import. */
export function hostileRequests(count: number, seed: number): HostileRequest[] {
  const routes = Object.keys(ROUTES).filter((route) => route !== 'POST /api/logout');
  const request = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...routes) },
    { weight: 1, arbitrary: fc.constant(IMPORT) },
  );
  const arbitrary = request.chain((route) =>
    fc.record(
      {
        route: fc.constant(route),
        params: fc.tuple(fc.oneof(fc.constant('p'), inUrl), inUrl).map(([project, other]) => ({
          project,
          item: other,
          run: other,
          rater: other,
          table: other,
          layout: other,
          id: other,
          token: other,
        })),
        query: fc.dictionary(fc.constantFrom('search', 'after', 'ids', 'rater', 'format', 'show', 'before'), text, {
          maxKeys: 3,
        }),
        headers,
        body: route.startsWith('GET') ? fc.constant(undefined) : route === IMPORT ? fc.oneof(file, body) : body,
      },
      { requiredKeys: ['route', 'params', 'query', 'headers'] },
    ),
  );
  return fc.sample(arbitrary, { numRuns: count, seed }) as HostileRequest[];
}
