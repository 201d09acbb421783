import { readLayout, rejectText } from '../exchange/node.ts';
import type { RaterProfile } from '../feedback/index.ts';
import type { JudgedReplies } from '../lab/index.ts';
import { DataError } from '../run/index.ts';
import { targetAt } from '../run/node.ts';
import { readProject } from './project-folder.ts';

export interface JudgedData extends JudgedReplies {
  readonly raters: readonly RaterProfile[];
  /** Rows of a file that could not be read. */
  readonly rejected: number;
}

/**
 * Judged replies: a project folder, or a file or folder of any layout, told from its first row (RewardBench, pairs of a chosen and a
 * rejected reply, tables). A file of which no row could be read is refused with the first reason.
 */
export async function readJudged(path: string): Promise<JudgedData> {
  const folder = targetAt(path)?.isDirectory() === true;
  if (folder && targetAt(`${path}/items.jsonl`) !== undefined) {
    const { items, judgments, raters } = await readProject(path);
    return { on: path, items, judgments, raters, rejected: 0 };
  }
  const { items, judgments, rejected } = await readLayout({ layout: 'auto', path });
  if (judgments.length === 0 && rejected.length > 0)
    throw new DataError('rows', `${path}: no row could be read; the first: ${rejectText(rejected[0]!)}`);
  return { on: path, items, judgments, raters: [], rejected: rejected.length };
}
