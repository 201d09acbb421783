import { z } from 'zod';
import { findingsSchema } from '../audit/index.ts';
import { type Check, notRecomputable, openCheck } from '../disclosure/index.ts';
import { canonicalJson, type RunRecord } from '../run/index.ts';
import { readJson, readJsonOf } from '../run/node.ts';
import { checkConfig } from './check-config.ts';
import { configSchema, declarationsSchema } from './config.ts';
import { policySettings } from './policy-config.ts';
import { inRound, type Place } from './run-context.ts';
import { RUN_FILES, wholeRunJsonSchema } from './run-folder.ts';
import { engineFoundSchema, RECORD_TYPES } from './run-history.ts';
import { begunSchema, nameInRound, type StagePlace, stageRecordSchema } from './stage.ts';
import { dataSummarySchema } from './stages/data.ts';
import { planOf } from './stages/index.ts';
import { checkpointPrefix, evaluatedSteps, loadPath, optimisationsOf } from './stages/policy.ts';

const versions = z.record(z.string(), z.string());

/** Bodies of records by type: all that a run writes down. */
const BODIES = {
  [RECORD_TYPES.started]: z.strictObject({ config: configSchema }),
  'stage-begun': begunSchema,
  stage: stageRecordSchema,
  'policy-checkpoint': z.strictObject({ step: z.int(), folder: z.string() }),
  'checkpoint-passed-over': z.strictObject({ line: z.string() }),
  'not-cached': z.strictObject({ folder: z.string(), why: z.string() }),
  [RECORD_TYPES.resumed]: z.strictObject({ versions }),
  [RECORD_TYPES.otherData]: z.strictObject({ before: z.string(), now: z.string() }),
  [RECORD_TYPES.engine]: engineFoundSchema,
  [RECORD_TYPES.finished]: z.strictObject({ findings: z.int() }),
  [RECORD_TYPES.disclosed]: z.strictObject({ declarations: declarationsSchema }),
} as const;

const sameJson = (a: unknown, b: unknown) => canonicalJson(a) === canonicalJson(JSON.parse(JSON.stringify(b)));
const at = ({ seq }: RunRecord, why: string): string => `record ${seq}: ${why}`;

/** run.json as this version would have written it: nothing missing, nothing more, every default in it. */
export function runJsonFault({ folder }: Pick<Place, 'folder'>): string | undefined {
  const path = `${folder}/${RUN_FILES.run}`;
  const { config, command, versions: own, startedAt } = readJsonOf(path, wholeRunJsonSchema);
  checkConfig(config);
  if (!z.iso.datetime().safeParse(startedAt).success) return 'startedAt: expected a time';
  return sameJson(readJson(path), { config, versions: own, command, startedAt })
    ? undefined
    : 'holds more than a run writes into it, or leaves defaults out';
}

/** What a record says by itself, and of the configuration and the data at hand. */
function bodyFault(place: Place, record: RunRecord, stages: ReadonlySet<string>): string | undefined {
  const { type, body } = record;
  if (!Object.hasOwn(BODIES, type)) return at(record, `no run writes a record of type ${type}`);
  if (!z.iso.datetime().safeParse(record.at).success) return at(record, 'expected a time');
  if (record.bodyDigest !== undefined) return undefined;
  const parsed = BODIES[type as keyof typeof BODIES].safeParse(body);
  if (!parsed.success)
    return at(record, `${type}: ${parsed.error.issues[0]!.path.join('.')}: ${parsed.error.issues[0]!.message}`);
  if (type === RECORD_TYPES.started && !(record.seq === 0 && sameJson(body, { config: place.config })))
    return at(record, `${type}: expected once, first, with the configuration of ${RUN_FILES.run}`);
  if (record.seq === 0 && type !== RECORD_TYPES.started)
    return at(record, `expected ${RECORD_TYPES.started}, got ${type}`);
  const { name } = body as { name?: string };
  if (name !== undefined && !stages.has(name)) return at(record, `the run has no stage ${name}`);
  return undefined;
}

/**
 * Every stage begins when all before it have ended, and ends after its beginning, with the same inputs; a publication with
 * more declarations follows these.
 */
function orderFault(records: readonly RunRecord[], stages: readonly string[]): string | undefined {
  const begun = new Map<string, string>();
  const ended = new Set<string>();
  for (const [i, record] of records.entries()) {
    const { type, body } = record;
    if (type !== 'stage' && type !== 'stage-begun') continue;
    const { name, inputs } = body as z.infer<typeof begunSchema>;
    const digest = canonicalJson(inputs);
    const early = stages.slice(0, stages.indexOf(name)).find((before) => !ended.has(before));
    if (early !== undefined) return at(record, `stage ${name} before stage ${early} had ended`);
    if (type === 'stage') ended.add(name);
    if (type === 'stage-begun') begun.set(name, digest);
    else if (begun.get(name) !== digest && !(name === 'publish' && records[i - 1]?.type === RECORD_TYPES.disclosed))
      return at(record, `stage ${name} ended with other inputs than it began with, or never began`);
  }
  return undefined;
}

/** The run was finished once all its stages were, and what came after are declarations. */
function endFault(place: Place, records: readonly RunRecord[]): string | undefined {
  const finished = records.findLastIndex(({ type }) => type === RECORD_TYPES.finished);
  const end = records[finished];
  if (end === undefined) return `no record of type ${RECORD_TYPES.finished}`;
  const { length } = readJsonOf(`${place.folder}/${RUN_FILES.findings}`, findingsSchema);
  if ((end.body as { findings: number }).findings !== length)
    return at(end, `${(end.body as { findings: number }).findings} findings, but there are ${length}`);
  const after = records.slice(finished + 1);
  const stray = after.find(({ type, body }, i) =>
    i % 2 === 0 ? type !== RECORD_TYPES.disclosed : type !== 'stage' || (body as { name?: string }).name !== 'publish',
  );
  if (stray === undefined && after.length % 2 === 0) return undefined;
  return at(stray ?? after.at(-1)!, 'expected declarations and their publication after the end of the run');
}

/** What the records may say of the checkpoints of one optimisation, and what of them its path calls for. */
interface Passage {
  readonly stage: string;
  readonly steps: readonly number[];
  readonly needed: readonly number[];
  folderOf(step: number): string;
}

const passagesOf = (run: StagePlace): Passage[] =>
  optimisationsOf(run).map(({ place, variant, stage }) => ({
    stage,
    steps: evaluatedSteps(policySettings(place.config.policy!, variant)),
    needed: loadPath(place, variant).points.map(({ step }) => step),
    folderOf: (step: number) => inRound(place, `${checkpointPrefix(variant)}${step}`),
  }));

/**
 * A record for every checkpoint that an optimisation went through, each while it was going on and in the order of its steps,
 * and none of any other. Whoever went on after a kill may have gone back.
 */
function checkpointFault(place: StagePlace, records: readonly RunRecord[]): string | undefined {
  const passages = passagesOf(place);
  const reached = new Map(passages.map((passage) => [passage, 0]));
  const begun = new Set<string>();
  const open = new Map<string, RunRecord>();
  for (const record of records) {
    const { type, body } = record;
    const { name = '', step = 0, folder = '' } = body as { name?: string; step?: number; folder?: string };
    if (type === 'stage-begun') begun.add(name);
    if (type === 'stage') open.delete(name);
    if (type !== 'policy-checkpoint') continue;
    const passage = passages.find(({ steps, folderOf }) => steps.includes(step) && folderOf(step) === folder);
    if (passage === undefined)
      return at(record, `no optimisation of the run has a checkpoint ${folder} at step ${step}`);
    if (!begun.has(passage.stage)) return at(record, `a checkpoint of ${passage.stage} before it began`);
    open.set(passage.stage, record);
    const turn = passage.steps.indexOf(step);
    if (turn > reached.get(passage)! + 1)
      return at(record, `step ${step} of ${passage.stage} before the one it follows`);
    reached.set(passage, Math.max(turn, reached.get(passage)!));
  }
  for (const [stage, record] of open) return at(record, `a checkpoint of ${stage} after it had ended`);
  for (const [{ stage, steps, needed }, turn] of reached) {
    const missing = needed.find((step) => steps.indexOf(step) > turn);
    if (missing !== undefined) return `no record of the checkpoint of ${stage} at step ${missing}`;
  }
  return undefined;
}

/** Data that were exchanged on the way are named, and the last are those of the run. */
function dataFault({ folder }: Place, records: readonly RunRecord[]): string | undefined {
  const { digest } = readJsonOf(`${folder}/${RUN_FILES.data}`, dataSummarySchema);
  const last = records.findLast(({ type }) => type === RECORD_TYPES.otherData);
  return last === undefined || (last.body as { now: string }).now === digest
    ? undefined
    : at(last, `goes on with other data than those of ${RUN_FILES.data}`);
}

/** Whether the records are those of one run of this configuration that came to its end. */
export function historyChecks(place: StagePlace): Check[] {
  const { records } = place.log;
  const stages = new Set(planOf(place).map(({ stage, place: own }) => nameInRound(own, stage.name)));
  const name = `${RUN_FILES.records} tells one run`;
  const own = records.map((record) => bodyFault(place, record, stages)).find((found) => found !== undefined);
  const hidden = records.filter(({ bodyDigest }) => bodyDigest !== undefined).length;
  // Order and ends are told by bodies: with some of them withheld the others are taken one by one.
  if (hidden > 0 && own === undefined) return [openCheck(name, notRecomputable(hidden))];
  const fault =
    own ??
    orderFault(records, [...stages]) ??
    endFault(place, records) ??
    dataFault(place, records) ??
    checkpointFault(place, records);
  const ok = fault === undefined;
  return [{ name, ok, detail: fault ?? 'from its beginning to its end' }];
}
