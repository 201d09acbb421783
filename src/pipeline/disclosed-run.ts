import { z } from 'zod';
import { EVIDENCE, EVIDENCE_KINDS, findingsSchema } from '../audit/index.ts';
import {
  type Counts,
  type DisclosedFile,
  type DisclosedGap,
  type DisclosedModel,
  type DisclosedRun,
  disclosureSchema,
  readWithheld,
  SEAL,
  thirdPartyFindings,
  type WithheldLines,
  withheldLines,
} from '../disclosure/index.ts';
import { modelSpecSchema } from '../engine/index.ts';
import { parameterCount } from '../model/index.ts';
import { digestFile, diskFolder, fileOf, filesBelow, readJsonOf, readRecords } from '../run/node.ts';
import { collectedSchema } from './collected.ts';
import { RUN_FILES, readRunJson } from './run-folder.ts';
import { RECORD_TYPES, versionsOf } from './run-history.ts';
import { dataSummarySchema } from './stages/data.ts';

/** A run folder, or its public copy, as far as exports read it. */
interface Folder {
  readonly folder: string;
  readonly withheld: WithheldLines;
}

/** A JSON file of the folder; undefined where the copy withholds it. */
function shown<T>({ folder }: Folder, path: string, schema: z.ZodType<T>): T | undefined {
  const file = fileOf(folder, path);
  return file === undefined ? undefined : readJsonOf(file, schema);
}

function disclosedFile({ folder, withheld }: Folder, path: string): DisclosedFile[] {
  const file = fileOf(folder, path);
  return file === undefined ? [] : [{ path, ...digestFile(file), withheld: withheld.get(path)?.length ?? 0 }];
}

const filesOf = (at: Folder, prefix: string): DisclosedFile[] =>
  filesBelow(at.folder)
    .filter((path) => path.startsWith(prefix))
    .flatMap((path) => disclosedFile(at, path));

const countsOf = (counts: Readonly<Record<string, number>> | undefined): Counts => Object.entries(counts ?? {});

/** What a transformer's description says of its shape. */
function shapeOf(spec: unknown): Pick<DisclosedModel, 'shape' | 'parameters'> {
  const parsed = modelSpecSchema.safeParse(spec);
  if (!parsed.success) return { shape: [], parameters: undefined };
  const sizes = Object.entries(parsed.data).flatMap(([name, value]): [string, number][] =>
    typeof value === 'number' && name !== 'seed' ? [[name, value]] : [],
  );
  return { shape: sizes, parameters: parameterCount(parsed.data) };
}

const baseCardSchema = z.looseObject({ spec: z.unknown() });
const pathSchema = z.looseObject({ checkpoint: z.string() });
const rewardCardSchema = z.looseObject({
  members: z.array(z.looseObject({ family: z.string(), spec: z.unknown().optional() })).min(1),
});

function rewardOf(at: Folder, name: string): DisclosedModel[] {
  const card = shown(at, `${RUN_FILES.rewardModel}/card.json`, rewardCardSchema);
  const files = filesOf(at, `${RUN_FILES.rewardModel}/`);
  if (card === undefined) return [];
  const [first] = card.members;
  const { shape, parameters } = shapeOf(first!.spec);
  return [
    {
      role: 'reward',
      name: `reward of ${name}`,
      architecture: `${first!.family}, ${card.members.length} ${card.members.length === 1 ? 'member' : 'members'}`,
      shape,
      parameters: parameters === undefined ? undefined : parameters * card.members.length,
      files,
    },
  ];
}

/** Models of a run, those whose files a public copy withholds left out. */
function modelsOf(at: Folder, name: string): DisclosedModel[] {
  const card = shown(at, RUN_FILES.baseCard, baseCardSchema);
  const path = shown(at, RUN_FILES.policyEvaluation, pathSchema);
  const transformer = { architecture: 'transformer', ...shapeOf(card?.spec) };
  return [
    ...(path === undefined
      ? []
      : [
          {
            role: 'policy',
            name: `policy of ${name}`,
            ...transformer,
            files: filesOf(at, `${path.checkpoint}/`),
          } as const,
        ]),
    ...rewardOf(at, name),
    ...(card === undefined
      ? []
      : [{ role: 'base', name: `base of ${name}`, ...transformer, files: filesOf(at, `${RUN_FILES.base}/`) } as const]),
  ];
}

const gapsOf = (folder: string): DisclosedGap[] =>
  (readWithheld(diskFolder(folder))?.entries ?? []).map(({ path, count, reason, justification }) => ({
    path,
    count,
    reason,
    justification,
  }));

/** Strings without half characters: an encoder of somebody else's refuses them. */
function wellFormed<T>(value: T): T {
  return JSON.parse(JSON.stringify(value), (_, inner) =>
    typeof inner === 'string' ? inner.replaceAll(/\p{Cs}/gu, '\ufffd') : inner,
  ) as T;
}

/** Records of the feedback, and the evidence that findings rest on. */
const QUOTED = [RUN_FILES.items, RUN_FILES.judgments, RUN_FILES.raters, RUN_FILES.labels];

/** Reads what a sealed folder discloses, whoever holds it: the run itself, or a public copy that withholds some of it. */
export function disclosedRun(folder: string): DisclosedRun {
  const at: Folder = { folder, withheld: withheldLines(diskFolder(folder)) };
  const { config, command, versions, startedAt } = readRunJson(folder);
  const { records } = readRecords(`${folder}/${RUN_FILES.records}`);
  const data = readJsonOf(`${folder}/${RUN_FILES.data}`, dataSummarySchema);
  const collected = shown(at, RUN_FILES.collected, collectedSchema);
  const finished = records.find(({ type }) => type === RECORD_TYPES.finished) ?? records.at(-1);
  return wellFormed({
    name: config.name,
    seed: config.seed,
    command,
    versions: Object.entries(versionsOf(versions, records)),
    startedAt,
    finishedAt: finished?.at ?? startedAt,
    seal: digestFile(`${folder}/${SEAL}`).sha256,
    disclosure: readJsonOf(`${folder}/${RUN_FILES.disclosure}`, disclosureSchema),
    findings: readJsonOf(`${folder}/${RUN_FILES.findings}`, findingsSchema),
    data: { layout: data.layout, digest: data.digest },
    counts: {
      items: countsOf(collected?.items),
      judgments: countsOf(collected?.judgments),
      raters: countsOf(collected?.raters),
      origins: countsOf(collected?.origins),
      selections: countsOf(collected?.selections),
      prompts: countsOf(data.prompts),
    },
    models: modelsOf(at, config.name),
    files: [...QUOTED, ...EVIDENCE_KINDS.map((kind) => EVIDENCE[kind].file)]
      .filter((path, i, all) => all.indexOf(path) === i)
      .flatMap((path) => disclosedFile(at, path)),
    withheld: gapsOf(folder),
    reviews: thirdPartyFindings(diskFolder(folder)).filter(({ ofThisSeal }) => ofThisSeal),
  });
}
