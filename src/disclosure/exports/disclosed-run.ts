import type { Finding } from '../../audit/index.ts';
import { type Range, valueText } from '../../report/index.ts';
import { type BasedStatement, type Disclosure, type DisclosureItem, INTERVAL_LABEL, stepText } from '../build.ts';
import type { DisclosureId } from '../items.ts';
import { notAssessedText, RISKS } from '../risks.ts';

/** A file of the run as its folder shows it. */
export interface DisclosedFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Rows that stand withheld in it. */
  readonly withheld: number;
}

/** Rows that a public copy does not show: of a file in part, or of one that is not there at all. */
export interface DisclosedGap {
  readonly path: string;
  readonly count: number;
  readonly reason: string;
  readonly justification: string;
}

export const MODEL_ROLES = ['policy', 'reward', 'base'] as const;
export type ModelRole = (typeof MODEL_ROLES)[number];

/** A model of the run. */
export interface DisclosedModel {
  readonly role: ModelRole;
  readonly name: string;
  /** What computes it: a transformer, a linear reward. */
  readonly architecture: string;
  /** Sizes that fix its shape. */
  readonly shape: readonly (readonly [name: string, value: number])[];
  /** Weights, counted from the shape; undefined where the shape does not tell. */
  readonly parameters: number | undefined;
  /** Files of its weights. */
  readonly files: readonly DisclosedFile[];
}

/** A count by name, in the order of the file that has it. */
export type Counts = readonly (readonly [name: string, count: number])[];

/** What a run discloses, as every export reads it: a run's own folder or its public copy, whichever is at hand. */
export interface DisclosedRun {
  readonly name: string;
  readonly seed: number;
  readonly command: string;
  readonly versions: readonly (readonly [name: string, version: string])[];
  /** By the clock of whoever ran it, ISO 8601. */
  readonly startedAt: string;
  readonly finishedAt: string;
  /** SHA-256 of the seal, in hex. */
  readonly seal: string;
  readonly disclosure: Disclosure;
  readonly findings: readonly Finding[];
  /** Which data the run is on. */
  readonly data: { readonly layout: string; readonly digest: string };
  readonly counts: {
    readonly items: Counts;
    readonly judgments: Counts;
    readonly raters: Counts;
    readonly origins: Counts;
    readonly selections: Counts;
    readonly prompts: Counts;
  };
  readonly models: readonly DisclosedModel[];
  /** Records of the feedback and of the evidence that the findings rest on. */
  readonly files: readonly DisclosedFile[];
  readonly withheld: readonly DisclosedGap[];
}

export const itemOf = ({ disclosure }: DisclosedRun, id: DisclosureId): DisclosureItem =>
  disclosure.items.find((item) => item.id === id)!;

export const modelOf = ({ models }: DisclosedRun, role: ModelRole): DisclosedModel | undefined =>
  models.find((model) => model.role === role);

/** The model that the run is about: its policy, or the reward where it has none. */
export const mainModelOf = (run: DisclosedRun): DisclosedModel | undefined =>
  modelOf(run, 'policy') ?? modelOf(run, 'reward');

/** A value of the disclosure with every digit that it has. */
export const exact = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** A number of the disclosure with its interval. */
export interface Metric {
  readonly name: string;
  readonly value: number;
  readonly interval: Range | null;
  /** Which way is better, where one is. */
  readonly better: 'higher' | 'lower' | undefined;
  readonly file: string;
  readonly pointer: string;
}

function rangeOf(value: unknown): Range | null {
  if (typeof value !== 'object' || value === null || !('low' in value) || !('high' in value)) return null;
  const { low, high } = value;
  return typeof low === 'number' && typeof high === 'number' ? { low, high } : null;
}

/** The numbers that an item states; a statement that is the interval of the one before it goes with that. */
export function metricsOf({ statements }: DisclosureItem): Metric[] {
  return statements.flatMap(({ label, value, better, file, pointer }: BasedStatement, i) => {
    if (typeof value !== 'number' || !Number.isFinite(value)) return [];
    const next = statements[i + 1];
    const interval = next?.label === INTERVAL_LABEL ? rangeOf(next.value) : null;
    return [{ name: label, value, interval, better, file, pointer }];
  });
}

/** Findings that inform an item and were assessed. */
export const assessedFindings = ({ findings }: DisclosedRun, challenges: readonly string[]): Finding[] =>
  findings.filter(({ challenge, verdict }) => challenges.includes(challenge) && verdict !== 'not-assessed');

/** What an item says, in lines for people. */
export const itemLines = ({ id, statements, declaration, findings }: DisclosureItem): string[] => [
  ...statements.map(
    ({ label, value, basis }) => `${label}: ${valueText(value)}${basis === 'configuration' ? ' (as configured)' : ''}`,
  ),
  ...(declaration === undefined
    ? []
    : [`${declaration.text} (declared by ${declaration.author}, ${declaration.date})`]),
  ...(declaration?.plan ?? []).map(stepText),
  ...(id === RISKS ? [notAssessedText(id, findings) ?? []].flat() : []),
];

/** `human 3, simulated 4`. */
export const countsText = (counts: Counts): string => counts.map(([name, count]) => `${name} ${count}`).join(', ');

/** What is withheld, a line each. */
export const withheldTexts = ({ withheld }: DisclosedRun): string[] =>
  withheld.map(
    ({ path, count, reason, justification }) =>
      `${path}: ${count} ${count === 1 ? 'row' : 'rows'} withheld (${reason}): ${justification}`,
  );

/** Digest of a run's own that is the same for the same folder, with a word for what it is taken for. */
export const sealOf = ({ seal }: DisclosedRun): string => `sha256:${seal}`;

/** Thresholds and settings of a finding, by the names that they are set by. */
export const paramsText = ({ params }: Finding): string =>
  Object.entries(params)
    .map(([name, value]) => `${name} ${JSON.stringify(value)}`)
    .join(', ');
