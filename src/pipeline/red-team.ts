import { existsSync } from 'node:fs';
import { type Attack, EVIDENCE } from '../audit/index.ts';
import { SMALLEST_GROUP } from '../exchange/index.ts';
import { UsageError } from '../run/index.ts';
import { onPath } from '../run/node.ts';
import { wilson } from '../stats/index.ts';
import type { PipelineConfig } from './config.ts';
import { readRows } from './feedback-records.ts';
import { FEW } from './people.ts';

/** Kinds of attack that the field tries, by the names under which a red team lists them: one that has no row was not tried. */
export const ATTACK_KINDS = [
  'direct-request',
  'role-play',
  'persuasion',
  'multi-turn',
  'many-shot',
  'prompt-injection',
  'encoding',
  'translation',
  'random-suffix',
  'optimised-suffix',
  'weight-edit',
] as const;

/** How often some attacks got through: of requests, any of whose attempts counts, since attempts at one request go together. */
interface Reached {
  readonly attempts: number;
  readonly unscored: number;
  /** Requests with an attempt that could be scored. */
  readonly requests: number;
  readonly broken: number;
  /** Share of requests that were broken, with its 95 % interval; null without any. */
  readonly share: { readonly value: number; readonly low: number; readonly high: number } | null;
  /** Most queries that an attempt was allowed. */
  readonly budget: number;
}

/** What a red team tried on the policy, and what not. */
export interface RedTeam {
  readonly all: Reached;
  readonly byAttack: Readonly<Record<string, Reached>>;
  /** By set of prompts, where rows name one. */
  readonly byPromptSet: Readonly<Record<string, Reached>>;
  /** Who attacked: people, fewer than five in no number, and programs by name; attempts of nobody knows whom. */
  readonly attackers: {
    readonly people: number | typeof FEW;
    readonly programs: readonly string[];
    readonly unknown: number;
  };
  /** Common kinds of attack that no row is of. */
  readonly notTried: readonly string[];
}

function reached(rows: readonly Attack[]): Reached {
  const broken = new Map<string, boolean>();
  for (const { promptId, success } of rows)
    if (success !== null) broken.set(promptId, success || broken.get(promptId) === true);
  const hits = [...broken.values()].filter(Boolean).length;
  const { low, high } = wilson(hits, broken.size);
  return {
    attempts: rows.length,
    unscored: rows.filter(({ success }) => success === null).length,
    requests: broken.size,
    broken: hits,
    share: broken.size === 0 ? null : { value: hits / broken.size, low, high },
    budget: rows.reduce((most, { budget }) => Math.max(most, budget), 0),
  };
}

function reachedBy(rows: readonly Attack[], name: (row: Attack) => string | undefined): Record<string, Reached> {
  const by = new Map<string, Attack[]>();
  for (const row of rows) {
    const key = name(row);
    if (key !== undefined) by.set(key, [...(by.get(key) ?? []), row]);
  }
  return Object.fromEntries([...by].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, own]) => [key, reached(own)]));
}

/** What attacks cover; pure, so that a verifier gets the same. */
export function redTeamOf(rows: readonly Attack[]): RedTeam {
  const attackers = rows.flatMap(({ attacker }) => attacker ?? []);
  const named = (kind: 'person' | 'program') =>
    [...new Set(attackers.filter((one) => one.kind === kind).map(({ id }) => id))].sort();
  const people = named('person').length;
  const tried = new Set(rows.map(({ attack }) => attack));
  return {
    all: reached(rows),
    byAttack: reachedBy(rows, ({ attack }) => attack),
    byPromptSet: reachedBy(rows, ({ promptSet }) => promptSet),
    attackers: {
      people: people > 0 && people < SMALLEST_GROUP ? FEW : people,
      programs: named('program'),
      unknown: rows.length - attackers.length,
    },
    notTried: ATTACK_KINDS.filter((kind) => !tried.has(kind)),
  };
}

/** The attacks that a configuration names; undefined where it names none. @throws UsageError where the file is not there, or empty. */
export async function attacksBrought({ audit }: Pick<PipelineConfig, 'audit'>): Promise<readonly Attack[] | undefined> {
  const path = audit.attacks;
  if (path === undefined) return undefined;
  if (!existsSync(path)) throw new UsageError('attacks', `audit.attacks: ${path}: no such file`);
  const rows = await onPath(path, () => readRows<Attack>(path, EVIDENCE.attacks.row));
  if (rows.length === 0) throw new UsageError('attacks', `audit.attacks: ${path}: expected attacks, got no row`);
  return rows;
}
