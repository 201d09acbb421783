import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { createEmbeddedEngine } from '../engine-embedded/index.ts';
import { createTinkerEngine, isRemoteState, remoteStateOf } from '../engine-tinker/index.ts';
import type { Scorer } from '../lab/index.ts';
import { loadReward, type RewardModel, type Score } from '../reward/index.ts';
import { answerText, DataError, parseJson, UsageError } from '../run/index.ts';
import { keyFor, requireOwnServer } from './own-server.ts';

/** How long an endpoint may take for one prompt, in milliseconds. */
const PATIENCE = 120_000;

const answerSchema = z.union([z.array(z.number()), z.object({ scores: z.array(z.number()) })], {
  error: 'expected numbers, or { "scores": [numbers] }',
});

/** One finite number a reply, from whatever an outside scorer answered. */
function scoresFrom(answer: unknown, source: string, replies: number): Score[] {
  const parsed = answerSchema.safeParse(answer);
  if (!parsed.success)
    throw new DataError('scorer', `${source}: expected { "scores": [numbers] }, one a reply; got something else`);
  const scores = Array.isArray(parsed.data) ? parsed.data : parsed.data.scores;
  if (scores.length !== replies)
    throw new DataError('scorer', `${source}: expected ${replies} scores, one a reply, got ${scores.length}`);
  return scores.map((mean) => ({ mean }));
}

const outside = (id: string, family: string, logOdds: number, score: RewardModel['score']): Scorer => ({
  id,
  family,
  logOdds,
  score,
  dispose: async () => {},
});

/** Bytes of an answer: one number a reply. */
const ANSWER_BYTES = 4 * 1024 * 1024;

/** `POST { prompt, replies }`, answered by `{ scores }` or a list of numbers. */
function endpoint(url: string, logOdds: number): Scorer {
  return outside(url, 'endpoint', logOdds, async (prompt, replies) => {
    let response: Response;
    let text: string;
    try {
      // Prompts and replies go to the address that was given, and to no other.
      response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ prompt, replies }),
        signal: AbortSignal.timeout(PATIENCE),
        redirect: 'manual',
      });
      text = await answerText(response, ANSWER_BYTES);
    } catch (cause) {
      if (cause instanceof DataError) throw new DataError('scorer', `${url}: ${cause.message}`, { cause });
      throw new DataError('scorer', `${url}: no answer; start the scorer, or check the address`, { cause });
    }
    if (!response.ok) throw new DataError('scorer', `${url}: expected status 200, got ${response.status}`);
    return scoresFrom(jsonOrNull(text), url, replies.length);
  });
}

function jsonOrNull(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return null;
  }
}

/** A module whose default export, or export `score`, is a function of prompt and replies. */
async function moduleScorer(path: string, logOdds: number): Promise<Scorer> {
  if (!existsSync(path)) throw new UsageError('scorer', `${path}: no such file; check the path`);
  let loaded: { readonly default?: unknown; readonly score?: unknown };
  try {
    loaded = await import(pathToFileURL(resolve(path)).href);
  } catch (cause) {
    throw new UsageError('scorer', `${path}: the module could not be loaded: ${(cause as Error).message}`, { cause });
  }
  const score = loaded.score ?? loaded.default;
  if (typeof score !== 'function')
    throw new UsageError('scorer', `${path}: expected a default export (prompt, replies) => numbers, got none`);
  return outside(path, 'module', logOdds, async (prompt, replies) =>
    scoresFrom(await score(prompt, [...replies]), path, replies.length),
  );
}

/** The engine that the members of a reward model were trained on: this process, or the server on which their weights lie. */
function engineOf(folder: string): ReturnType<typeof createEmbeddedEngine> {
  const state = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(folder, name))
    .find(isRemoteState);
  if (state === undefined) return createEmbeddedEngine();
  const { url, baseModel } = remoteStateOf(state);
  requireOwnServer(folder, 'reward', { url });
  return createTinkerEngine({ url, key: keyFor(url), baseModel });
}

/**
 * A scorer by where it is: an address, a module (`.js`, `.mjs`), or the folder of a reward model. `logOdds` is what one unit of an
 * outside scorer's score is worth in log-odds; a reward model knows its own.
 */
export async function openScorer(where: string, logOdds = 1): Promise<Scorer> {
  if (/^https?:\/\//.test(where)) return endpoint(where, logOdds);
  if (/\.[cm]?js$/.test(where)) return moduleScorer(where, logOdds);
  const { members, reading, people, groups, ...model } = await loadReward(where, () => engineOf(where));
  return { ...model, fitted: { members, reading, people, groups } };
}
