import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { type Item, itemSchema } from '../feedback/index.ts';
import { UsageError } from '../run/index.ts';
import { readJsonLines } from '../run/node.ts';
import type { RunAsk, RunService } from '../server/index.ts';
import { type WatchedProcess, watchProcess } from './run-process.ts';

const sampledSchema = z.object({
  type: z.literal('sampled'),
  items: z.number(),
  passedOver: z.number(),
  batch: z.string(),
});
type Sampled = z.output<typeof sampledSchema>;
type Ask = Parameters<RunService['ask']>;

interface Entry {
  readonly watched: WatchedProcess;
  row: RunAsk;
  /** When its items are stored, or it has failed. */
  readonly settled: Promise<void>;
}

/** Questions about the policies of finished runs: a process samples, and the server stores what it said. */
export function createAsks(options: { readonly command: readonly string[]; readonly place: (run: string) => string }): {
  start(...ask: Ask): string;
  /** Of one run, in the order in which they were asked since the server began. */
  of(run: string): RunAsk[];
  close(): Promise<void>;
} {
  const { command, place } = options;
  const entries = new Map<string, Entry[]>();

  const store = async (
    file: string,
    { passedOver, batch, project }: Sampled & { readonly project: string },
    add: Ask[2],
  ): Promise<Partial<RunAsk>> => {
    const items: Item[] = [];
    for await (const item of readJsonLines(file, itemSchema)) items.push({ ...item, projectId: project });
    const { added, known } = await add(items);
    return { status: 'complete', added, known, passedOver, batch };
  };

  return {
    start(run, { prompts, replies, split, seed, project }, add) {
      const before = entries.get(run) ?? [];
      if (before.some(({ row }) => row.status === 'running'))
        throw new UsageError('ask', `the policy of run ${run} is being asked; wait for its answers`);
      const folder = mkdtempSync(join(tmpdir(), 'goodhart-ask-'));
      const out = join(folder, 'items.jsonl');
      const numbers = ['--prompts', prompts, '--replies', replies, '--seed', seed].map(String);
      const args = ['policy', 'sample', place(run), ...numbers, '--split', split, '--out', out, '--json'];
      let sampled: Sampled | undefined;
      const id = String(before.length + 1);
      let tell = () => {};
      const settled = new Promise<void>((done) => {
        tell = done;
      });
      const settle = (change: Partial<RunAsk>) => {
        entry.row = { ...entry.row, ...change };
        rmSync(folder, { recursive: true, force: true });
        tell();
      };
      const fail = (error: string) => settle({ status: 'failed', error });
      const watched = watchProcess([...command, ...args], {
        onResult(value) {
          sampled = sampledSchema.safeParse(value).data ?? sampled;
        },
        onEnd({ code, last }) {
          if (code !== 0 || sampled === undefined) {
            fail(watched.stopping() ? 'stopped' : last || `the process ended with code ${code}`);
            return;
          }
          if (sampled.items === 0) {
            fail(
              'the policy says too little that differs: no prompt got enough different replies; ask for fewer replies',
            );
            return;
          }
          store(out, { ...sampled, project }, add).then(settle, (error: unknown) =>
            fail(error instanceof Error ? error.message : String(error)),
          );
        },
      });
      const nothing = { progress: null, added: 0, known: 0, passedOver: 0, batch: '', error: null };
      const entry: Entry = {
        watched,
        settled,
        row: { id, project, prompts, replies, split, seed, status: 'running', ...nothing },
      };
      entries.set(run, [...before, entry]);
      return id;
    },
    of: (run) =>
      (entries.get(run) ?? []).map(({ row, watched }) =>
        row.status === 'running' ? { ...row, progress: watched.progress() } : row,
      ),
    async close() {
      const all = [...entries.values()].flat();
      for (const { watched, row } of all) if (row.status === 'running') watched.stop();
      await Promise.all(all.map(({ settled }) => settled));
    },
  };
}
