import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { EndpointError, type Sampled } from '../endpoint/index.ts';
import { type AnswerFile, openAnswerFile } from '../endpoint/node.ts';
import type { Item, Judgment, RaterProfile } from '../feedback/index.ts';
import { DataError, UsageError } from '../run/index.ts';
import { onPath, writeFileAtomic } from '../run/node.ts';
import type { JudgedData } from './reward-data.ts';
import type { Terminal } from './terminal.ts';

const ANSWERS = 'answers.jsonl';

/** A folder that a command fills from an endpoint: answers as they come, everything else when all are there. */
export interface AskedFolder {
  readonly answers: AnswerFile;
  /** Writes rows as JSON Lines, whole or not at all. */
  lines(file: string, rows: readonly unknown[]): void;
  json(file: string, value: unknown): void;
}

/**
 * Opens a new folder, or one that was begun before, and closes it whatever happens. What was answered is kept, so that the same
 * command goes on where it was stopped.
 */
export async function inAskedFolder<T>(
  folder: string,
  terminal: Terminal,
  use: (asked: AskedFolder) => Promise<T>,
): Promise<T> {
  const entries = onPath(folder, () => (existsSync(folder) ? readdirSync(folder) : []));
  if (entries.length > 0 && !entries.includes(ANSWERS))
    throw new UsageError(
      'out',
      `${folder}: expected a new or empty folder, or one that this command began (with ${ANSWERS}); choose another --out`,
    );
  onPath(folder, () => mkdirSync(folder, { recursive: true }));
  const answers = openAnswerFile(join(folder, ANSWERS));
  const again = `answers are kept in ${join(folder, ANSWERS)}; the same command asks only what is left`;
  terminal.afterInterrupt(again);
  try {
    return await use({
      answers,
      lines: (file, rows) =>
        writeFileAtomic(join(folder, file), rows.map((row) => `${JSON.stringify(row)}\n`).join('')),
      json: (file, value) => writeFileAtomic(join(folder, file), `${JSON.stringify(value, null, 2)}\n`),
    });
  } catch (error) {
    if (error instanceof EndpointError)
      throw new UsageError('endpoint', `${error.message} (${again})`, { cause: error });
    throw error;
  } finally {
    answers.close();
    terminal.afterInterrupt('');
  }
}

/** Passes on what stopped an endpoint: what it answered before is kept. */
export function requireReached(sampled: readonly Sampled[]): void {
  const stopped = sampled.find((one) => 'fault' in one && one.fault === 'stopped');
  if (stopped !== undefined && 'reason' in stopped) throw new EndpointError('stopped', stopped.reason);
}

/** Refuses to call nothing a result: the commonest reason stands for all. */
export function nothingCame(what: string, reasons: Readonly<Record<string, number>>): DataError {
  const [why] = Object.entries(reasons).sort(([, a], [, b]) => b - a)[0] ?? ['the answers are of no use'];
  return new DataError('endpoint', `${what}: ${why}`);
}

/** Judgments of a model on items, and those that the data brought. */
export interface ModelFeedback {
  readonly items: readonly Item[];
  readonly profile: RaterProfile;
  readonly judgments: readonly Judgment[];
  readonly others: Others;
}

/** What others said of some items, and who they are. */
export interface Others {
  readonly judgments: readonly Judgment[];
  readonly raters: readonly RaterProfile[];
  /** Judgments of people without the consent that their project asks for: they are neither copied nor measured against. */
  readonly withoutConsent: number;
}

/** What others brought of some items, without a rater whose judgments are made again. */
export function othersOf(data: JudgedData, items: readonly Item[], raterId: string): Others {
  const asked = new Set(items.map(({ id }) => id));
  const profiles = new Map(data.raters.map((profile) => [profile.id, profile]));
  const agreed = ({ raterId: id, source }: Judgment): boolean => {
    if (!data.asksConsent) return true;
    const profile = profiles.get(id);
    if (profile === undefined) return source === 'simulated' || source === 'model';
    return profile.kind !== 'human' || profile.consent !== undefined;
  };
  const all = data.judgments.filter((judgment) => asked.has(judgment.itemId) && judgment.raterId !== raterId);
  const judgments = all.filter(agreed);
  const givers = new Set(judgments.map((judgment) => judgment.raterId));
  return {
    judgments,
    raters: data.raters.filter(({ id }) => givers.has(id)),
    withoutConsent: all.length - judgments.length,
  };
}

/** Writes a project folder of a model's judgments, those of others beside them where that is asked for. */
export function writeModelFeedback(
  { lines }: AskedFolder,
  { items, profile, judgments, others }: ModelFeedback,
  { withOthers }: { readonly withOthers: boolean },
): void {
  lines('items.jsonl', items);
  lines('judgments.jsonl', withOthers ? [...others.judgments, ...judgments] : judgments);
  lines('raters.jsonl', withOthers ? [...others.raters, profile] : [profile]);
}
