import { z } from 'zod';
import { EVIDENCE, EVIDENCE_KINDS } from '../audit/index.ts';
import { type Check, OUTSIDE_MANIFEST, type WithheldLines } from '../disclosure/index.ts';
import { namesTwice, parseJson } from '../run/index.ts';
import { filesBelow, linesOfFile, readJsonOf, readRegularFile } from '../run/node.ts';
import { baseSettings } from './config.ts';
import { digestOf } from './digests.ts';
import { METRICS_BYTES } from './metrics-log.ts';
import { inRound } from './run-context.ts';
import { RUN_FILES } from './run-folder.ts';
import { ENGINE_ROLES, type EngineRole } from './run-history.ts';
import type { StagePlace, StageRecord, VerifiedPlace } from './stage.ts';
import { planOf } from './stages/index.ts';
import { checkpointPrefix, loadPath, optimisationsOf } from './stages/policy.ts';

const TEXT_BYTES = 256 * 1024 * 1024;

/** Folders of weights below a run folder, and the files that such a folder has. */
const STATE_FOLDER = /^(rounds\/\d+\/)?(checkpoints|reward\/model)\/[^/]+\//;
const MEMBER = /^((?:rounds\/\d+\/)?reward\/model)\/([^/]+)\//;
const STATE_FILE = /\/state(\.json|-[0-9a-f]{16}\.bin)$/;
/** Of a model that is trained on a server, by its role: where its weights lie there. */
const REMOTE_STATES: { readonly [R in EngineRole]: RegExp } = {
  policy: /^(rounds\/\d+\/)?checkpoints\/[^/]+\/remote\.json$/,
  reward: /^(rounds\/\d+\/)?reward\/model\/[^/]+\/remote\.json$/,
};
const isRemoteState = ({ config: { engine } }: Pick<StagePlace, 'config'>, file: string): boolean =>
  ENGINE_ROLES.some((role) => engine[role] === 'tinker' && REMOTE_STATES[role].test(file));
const EVIDENCE_FILES: ReadonlySet<string> = new Set(EVIDENCE_KINDS.map((id) => EVIDENCE[id].file));

/** How the checkpoints begin that the optimisations of a run may have kept beside their results. */
const checkpointPrefixesOf = (run: StagePlace): string[] =>
  optimisationsOf(run).map(({ place, variant }) => inRound(place, checkpointPrefix(variant)));

/** Whether a folder of weights belongs to a reward: its card names it. */
function isMember({ folder }: StagePlace, file: string): boolean {
  const [, model, name] = MEMBER.exec(file)!;
  return readRegularFile(`${folder}/${model}/card.json`, TEXT_BYTES).includes(`"${name}"`);
}

/** Files that no stage of the run writes: whoever reads a sealed run would take them for a part of it. */
function strangeFiles(place: StagePlace, records: readonly StageRecord[]): string[] {
  const written = new Set<string>([RUN_FILES.run, RUN_FILES.metrics, ...OUTSIDE_MANIFEST]);
  for (const { outputs } of records) for (const file of Object.keys(outputs)) written.add(file);
  const prefixes = checkpointPrefixesOf(place);
  const isCheckpoint = (file: string) =>
    prefixes.some((prefix) => file.startsWith(prefix) && /^\d+(\.critic)?\//.test(file.slice(prefix.length)));
  return filesBelow(place.folder).filter((file) => {
    const isState = STATE_FILE.test(file) || isRemoteState(place, file);
    if (STATE_FOLDER.test(file) && !isState) return true;
    if (MEMBER.test(file)) return !written.has(file) || !isMember(place, file);
    if (STATE_FOLDER.test(file)) return !written.has(file) && !isCheckpoint(file);
    if (file.startsWith(`${RUN_FILES.evidence}/`)) return !EVIDENCE_FILES.has(file);
    return !written.has(file) || (file.includes(`${RUN_FILES.rewardModel}/`) && !file.endsWith('/model/card.json'));
  });
}

/** Saved states of models that are not whole: a card, and the numbers that it names by their digest, and nothing else. */
function tornStates({ folder, config }: StagePlace, withheld: WithheldLines): Check[] {
  const states = new Map<string, string[]>();
  for (const file of filesBelow(folder)) {
    const state = STATE_FOLDER.exec(file)?.[0];
    if (state !== undefined) states.set(state, [...(states.get(state) ?? []), file.slice(state.length)]);
  }
  return [...states].flatMap(([state, files]): Check[] => {
    if (withheld.has(`${state}state.json`)) return [];
    // The weights of a remote model are on its server; its card names them there.
    if (files.length === 1 && isRemoteState({ config }, `${state}${files[0]!}`)) return [];
    const { sha256 } = files.includes('state.json')
      ? readJsonOf(`${folder}/${state}state.json`, z.looseObject({ sha256: z.string() }))
      : { sha256: '' };
    const due = ['state.json', `state-${sha256.slice(0, 16)}.bin`];
    const shown = due.filter((file) => !withheld.has(`${state}${file}`));
    const ok = files.length === shown.length && shown.every((file) => files.includes(file));
    return ok ? [] : [{ name: `${state}state.json`, ok, detail: 'its numbers are not beside it, or more is there' }];
  });
}

/** What is wrong with a file of JSON: no JSON, or something that stands twice under one name; undefined where all is well. */
function faultIn(path: string): string | undefined {
  const isLines = path.endsWith('.jsonl');
  const parts = isLines
    ? linesOfFile(path, TEXT_BYTES).filter((line) => line.trim() !== '')
    : [readRegularFile(path, TEXT_BYTES).toString('utf8')];
  for (const [at, part] of parts.entries()) {
    const where = isLines ? `line ${at + 1}` : 'the file';
    let value: unknown;
    try {
      value = parseJson(part);
    } catch {
      return `${where} is no JSON`;
    }
    if (namesTwice(part, value)) return `${where} has two members of one name`;
  }
  return undefined;
}

/** The files of a run are those that its stages write, and none says two things at once. */
export async function fileChecks(
  place: VerifiedPlace,
  records: readonly StageRecord[],
  withheld: WithheldLines,
): Promise<Check[]> {
  const checks: Check[] = strangeFiles(place, records).map((file) => ({
    name: file,
    ok: false,
    detail: 'no stage of the run writes such a file; remove it',
  }));
  checks.push(...tornStates(place, withheld));
  for (const file of filesBelow(place.folder)) {
    if (!/\.jsonl?$/.test(file)) continue;
    const path = `${place.folder}/${file}`;
    const fault = await place.remember(['fault', file, digestOf(path)], () => faultIn(path));
    if (fault !== undefined) checks.push({ name: file, ok: false, detail: fault });
  }
  return checks.length > 0 ? checks : [{ name: 'files', ok: true, detail: 'each is one that the run writes' }];
}

/** Whether `metrics.jsonl` has a row for every step of every training, and nothing else. */
export function metricsCheck(place: StagePlace): Check {
  const { folder, config, metrics } = place;
  const name = `${RUN_FILES.metrics} step by step`;
  const steps = new Map<string, number | undefined>();
  for (const { stage, place: own } of planOf(place))
    for (const curve of stage.curves?.(own) ?? []) steps.set(curve, undefined);
  if (config.base !== undefined) steps.set('base', baseSettings(config.base).steps);
  for (const { place: own, variant, stage } of optimisationsOf(place)) steps.set(stage, loadPath(own, variant).step);
  const rows = [...steps.keys()].flatMap((curve) => metrics.rowsOf(curve));
  const text = filesBelow(folder).includes(RUN_FILES.metrics)
    ? readRegularFile(`${folder}/${RUN_FILES.metrics}`, METRICS_BYTES).toString('utf8')
    : '';
  const whole = rows.map((row) => `${JSON.stringify(row)}\n`).join('') === text;
  const broken = [...steps].find(([curve, count]) => {
    const said = metrics.rowsOf(curve).map(({ step }) => step);
    return said.some((step, i) => step !== i + 1) || (count !== undefined && said.length !== count);
  })?.[0];
  if (broken !== undefined) return { name, ok: false, detail: `${broken}: expected one row for each step` };
  return {
    name,
    ok: whole,
    detail: whole ? 'every step once' : 'holds rows or bytes that no training of the run wrote',
  };
}
