import { type Finding, runAudit } from '../../../src/audit/index.ts';
import { loadEvidence } from '../../../src/audit/node.ts';
import type { Disclosure } from '../../../src/disclosure/index.ts';
import type { PipelineConfig } from '../../../src/pipeline/index.ts';
import { canonicalJson, chainRecord, type RunRecord } from '../../../src/run/index.ts';
import type { Rng } from '../../../src/stats/index.ts';
import { doubled, editJson, pick, placesOf } from './json-edits.ts';
import { type TestimonyId, testimonyAt } from './testimony.ts';
import { linesOf, prettyOf, type Workshop } from './workshop.ts';

/** An alteration of an honest run, before it is sealed anew. */
export interface Forgery {
  readonly edits: ReadonlyMap<string, Buffer | string | null>;
  /** What was done, for whoever reads of a forgery that passed. */
  readonly what: string;
  /** Set where nothing in the folder could tell. */
  readonly testimony?: TestimonyId | undefined;
}

/** What a forger has before them. */
export interface Bench {
  readonly shop: Workshop;
  readonly config: PipelineConfig;
  /** Other honest runs, to take files from. */
  readonly others: readonly Workshop[];
}
type Draw = (bench: Bench, rng: Rng) => Forgery | undefined | Promise<Forgery | undefined>;

const one = (file: string, content: Buffer | string | null, what: string): Forgery => ({
  edits: new Map([[file, content]]),
  what: `${file}: ${what}`,
});
const json = <T>({ shop }: Bench, file: string): T => JSON.parse(shop.honest(file).toString('utf8')) as T;
const rows = <T>({ shop }: Bench, file: string): T[] =>
  shop
    .honest(file)
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);

/** A place anywhere in a file of JSON or JSON Lines altered. */
const anywhere: Draw = (bench, rng) => {
  const { shop, config } = bench;
  const file = pick(
    rng,
    shop.files.filter(
      (name) => /\.jsonl?$/.test(name) && !/^(records\.jsonl|disclosure\/(manifest|seal|secret)\.json)$/.test(name),
    ),
  );
  const isLines = file.endsWith('.jsonl');
  const before = isLines ? rows(bench, file) : json(bench, file);
  const edit = editJson(rng, before);
  if (edit === undefined || canonicalJson(edit.value) === canonicalJson(before)) return undefined;
  const content = isLines ? linesOf(edit.value as unknown[]) : prettyOf(edit.value);
  return {
    ...one(file, content, `${edit.kind} at ${edit.pointer}`),
    testimony: testimonyAt(file, edit.pointer, config),
  };
};

const twice: Draw = ({ shop }, rng) => {
  const file = pick(
    rng,
    shop.files.filter((name) => /\.jsonl?$/.test(name) && !/^disclosure\/(manifest|seal|secret)/.test(name)),
  );
  const content = doubled(rng, shop.honest(file).toString('utf8'));
  return content === undefined ? undefined : one(file, content, 'a member twice');
};

/** The testimony that two versions of a file differ in, where they differ in nothing else. */
function testimonyOfAll(name: string, [mine, theirs]: readonly [Buffer, Buffer], config: PipelineConfig) {
  if (!/\.jsonl?$/.test(name)) return undefined;
  const [one, other] = [mine, theirs].map((bytes) => {
    const text = bytes.toString('utf8');
    const value = name.endsWith('.jsonl')
      ? text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as unknown]))
      : (JSON.parse(text) as unknown);
    const places = placesOf(value);
    const leaf = ({ holder, key }: (typeof places)[number]) => {
      const part = (holder as Record<string, unknown>)[key];
      return typeof part === 'object' && part !== null ? '' : JSON.stringify(part);
    };
    return new Map(places.map((place) => [place.pointer, leaf(place)]));
  });
  if (one!.size !== other!.size) return undefined;
  const differing = [...one!].filter(([pointer, value]) => other!.get(pointer) !== value);
  const told = differing.map(([pointer]) => testimonyAt(name, pointer, config));
  return told.every((id) => id !== undefined) ? told[0] : undefined;
}

const file: Draw = ({ shop, others, config }, rng) => {
  const name = pick(
    rng,
    shop.files.filter((f) => !/^disclosure\/(manifest|seal|secret)/.test(f)),
  );
  const testimony = testimonyAt(name, '', config);
  switch (rng.integer(6)) {
    case 0:
      return one(name, null, 'dropped');
    case 1: {
      const added = pick(rng, [
        'evidence/invented.jsonl',
        'NOTES.md',
        'external-audit.json',
        'reward/model/extra/state.json',
        'checkpoints/policy-99x/state.json',
        'evidence/toString.jsonl',
        'rounds/9/findings.json',
        `${name}.old`,
      ]);
      return one(added, shop.honest(name), 'added');
    }
    case 2: {
      const other = pick(
        rng,
        shop.files.filter((f) => f !== name && f.split('.').at(-1) === name.split('.').at(-1)),
      );
      if (
        other === undefined ||
        /^disclosure\/(manifest|seal|secret)/.test(other) ||
        shop.honest(name).equals(shop.honest(other))
      )
        return undefined;
      const edits = new Map([
        [name, shop.honest(other)],
        [other, shop.honest(name)],
      ]);
      return { edits, what: `${name} and ${other} swapped`, testimony };
    }
    case 3: {
      const other = others.length === 0 ? undefined : pick(rng, others);
      if (other === undefined || !other.files.includes(name) || other.honest(name).equals(shop.honest(name)))
        return undefined;
      const strange = testimony ?? testimonyOfAll(name, [shop.honest(name), other.honest(name)], config);
      return { ...one(name, other.honest(name), 'taken from another run'), testimony: strange };
    }
    case 4: {
      const bytes = shop.honest(name);
      return { ...one(name, bytes.subarray(0, rng.integer(bytes.length)), 'cut short'), testimony };
    }
    default: {
      const bytes = Buffer.from(shop.honest(name));
      if (bytes.length === 0) return undefined;
      const at = rng.integer(bytes.length);
      bytes[at] = bytes[at]! ^ (1 << rng.integer(7));
      if (/\.jsonl?$/.test(name)) return undefined;
      return { ...one(name, bytes, `bit of byte ${at}`), testimony };
    }
  }
};

const findings: Draw = async (bench, rng) => {
  const name = 'findings.json';
  const all = json<Finding[]>(bench, name);
  const assessed = all.filter(({ verdict }) => verdict !== 'not-assessed');
  const target = pick(rng, assessed.length > 0 ? assessed : all);
  const alter = (change: Partial<Record<keyof Finding, unknown>>, what: string) =>
    one(name, prettyOf(all.map((f) => (f === target ? { ...f, ...change } : f))), `${target.probe}: ${what}`);
  switch (rng.integer(9)) {
    case 0:
      return one(name, prettyOf(all.filter((f) => f !== target)), `${target.probe} left out`);
    case 1:
      return one(
        name,
        prettyOf([...all, { ...target, probe: pick(rng, ['none', 'invented', 'constructor']), verdict: 'clear' }]),
        'a probe invented',
      );
    case 2:
      return target.verdict === 'clear'
        ? undefined
        : alter({ verdict: 'clear', because: 'interval-below-concern-threshold' }, 'called clear');
    case 3:
      return target.estimate === null
        ? undefined
        : alter({ estimate: target.estimate * 0.5 - 0.01 }, 'estimate lowered');
    case 4:
      return target.interval === null
        ? undefined
        : alter({ interval: { ...target.interval, high: target.interval.low + 1e-3 } }, 'interval made narrow');
    case 5:
      return alter({ n: target.n * 10 + 1 }, 'n raised');
    case 6:
      return alter({ params: { ...target.params, concern: 9, failure: 10 } }, 'threshold raised');
    case 7: {
      const seed = bench.config.seed + 1 + rng.integer(1000);
      const evidence = await loadEvidence(bench.shop.folder);
      const made = runAudit(evidence, { seed, params: bench.config.audit.params });
      return one(name, prettyOf(made), 'of another seed');
    }
    default:
      return alter(
        { verdict: 'not-assessed', estimate: null, interval: null, because: 'missing-evidence' },
        'called not assessed',
      );
  }
};

const disclosure: Draw = (bench, rng) => {
  const name = 'disclosure/disclosure.json';
  const whole = json<Disclosure>(bench, name);
  const target = pick(rng, whole.items);
  const alter = (change: object, what: string) =>
    one(
      name,
      prettyOf({ ...whole, items: whole.items.map((i) => (i === target ? { ...i, ...change } : i)) }),
      `${target.id}: ${what}`,
    );
  const statement = target.statements[0];
  switch (rng.integer(7)) {
    case 0:
      return target.status === 'measured'
        ? undefined
        : alter({ status: 'measured', basis: 'evidence' }, 'called measured');
    case 1:
      return alter(
        {
          status: 'measured',
          basis: 'evidence',
          statements: [
            ...target.statements,
            {
              label: 'evidence',
              file: 'run.json',
              pointer: pick(rng, [
                '/constructor/length',
                '/config/name',
                '/__proto__',
                '/config/constructor/name/length',
              ]),
              value: pick<unknown>(rng, [1, bench.config.name]),
              basis: 'evidence',
            },
          ],
        },
        'a statement invented',
      );
    case 2:
      return statement === undefined
        ? undefined
        : alter({ statements: target.statements.slice(1) }, 'a statement left out');
    case 3:
      return statement === undefined
        ? undefined
        : alter(
            {
              statements: [
                { ...statement, pointer: '/config/seed', file: 'run.json', value: bench.config.seed },
                ...target.statements.slice(1),
              ],
            },
            'repointed',
          );
    case 4:
      return alter(
        { declaration: { text: 'audited by others', author: 'A. Person', date: '2026-01-01' } },
        'a declaration nobody made',
      );
    case 5:
      return one(name, prettyOf({ ...whole, items: whole.items.filter((i) => i !== target) }), `${target.id} left out`);
    default:
      return target.findings.length === 0
        ? undefined
        : alter({ findings: target.findings.slice(1) }, 'a finding left out');
  }
};

const report: Draw = ({ shop }, rng) => {
  const html = shop.honest('report.html').toString('utf8');
  const digits = [...html.matchAll(/>[^<>]*?(\d)/g)];
  switch (rng.integer(3)) {
    case 0:
      return one('report.html', html.replace('</body>', '<script>alert(1)</script></body>'), 'a script');
    case 1:
      return one('report.html', `${html}<!-- -->`, 'a comment');
    default: {
      if (digits.length === 0) return undefined;
      const match = pick(rng, digits);
      const at = match.index + match[0].length - 1;
      return one('report.html', `${html.slice(0, at)}${(Number(html[at]) + 1) % 10}${html.slice(at + 1)}`, 'a digit');
    }
  }
};

/** The log altered and chained anew, as a forger would who knows how. */
const records: Draw = (bench, rng) => {
  const name = 'records.jsonl';
  const all = rows<RunRecord>(bench, name);
  const i = rng.integer(all.length);
  const chained = (changed: readonly Pick<RunRecord, 'type' | 'body' | 'at'>[], what: string): Forgery => {
    const made: RunRecord[] = [];
    for (const record of changed) made.push(chainRecord(made.at(-1), record));
    return one(name, linesOf(made), what);
  };
  const without = (n: number) => all.filter((_, k) => k !== n);
  switch (rng.integer(8)) {
    case 0:
      return chained(without(i), `record ${i} left out`);
    case 1:
      return chained(all.slice(0, i), `ends before record ${i}`);
    case 2: {
      const other = all.map((record) => ({ ...record }));
      const j = rng.integer(all.length);
      if (i === j) return undefined;
      [other[i], other[j]] = [other[j]!, other[i]!];
      return chained(other, `records ${i} and ${j} swapped`);
    }
    case 3: {
      const edit = editJson(rng, all[i]!.body);
      if (edit === undefined || canonicalJson(edit.value) === canonicalJson(all[i]!.body)) return undefined;
      return chained(
        all.map((r, k) => (k === i ? { ...r, body: edit.value } : r)),
        `record ${i}: ${edit.kind} at ${edit.pointer}`,
      );
    }
    case 4:
      return chained(
        all.map((r, k) =>
          k === i ? { ...r, type: pick(rng, ['note', '__proto__', 'run-finished', 'stage-begun', 'run-started']) } : r,
        ),
        `type of record ${i}`,
      );
    case 5:
      return chained(
        [...all, { type: pick(rng, ['audited', 'disclosed', 'run-resumed']), body: { by: 'others' }, at: all[i]!.at }],
        'a record added',
      );
    case 6:
      return one(
        name,
        linesOf(all.map((r, k) => (k === i ? { ...r, at: '2020-01-01T00:00:00.000Z' } : r))),
        `time of record ${i}, not chained`,
      );
    default:
      return one(name, linesOf(without(i)), `record ${i} left out, not chained`);
  }
};

/** Ways to forge a run, by what is altered, with how often each is drawn. */
export const KINDS = {
  'any place of any file': { weight: 8, draw: anywhere },
  'a member twice': { weight: 1, draw: twice },
  'a whole file': { weight: 3, draw: file },
  findings: { weight: 3, draw: findings },
  disclosure: { weight: 3, draw: disclosure },
  'the rendered report': { weight: 1, draw: report },
  records: { weight: 3, draw: records },
} as const satisfies Record<string, { readonly weight: number; readonly draw: Draw }>;
export type KindId = keyof typeof KINDS;
const DRAWN = (Object.keys(KINDS) as KindId[]).flatMap((id) => Array.from({ length: KINDS[id].weight }, () => id));

/** A kind of forgery at random, and one of it; undefined where what was drawn alters nothing. */
export async function drawForgery(bench: Bench, rng: Rng): Promise<(Forgery & { kind: KindId }) | undefined> {
  const kind = pick(rng, DRAWN);
  const drawn = await KINDS[kind].draw(bench, rng);
  if (drawn === undefined) return undefined;
  const same = [...drawn.edits].every(([name, content]) => {
    const before = bench.shop.honest(name);
    return content !== null && before?.equals(Buffer.from(content)) === true;
  });
  return same ? undefined : { kind, ...drawn };
}
