import { createHash } from 'node:crypto';
import { closeSync, createReadStream, existsSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import {
  downloadFile,
  HubApiError,
  InvalidApiResponseFormatError,
  type ListFileEntry,
  listFiles,
  modelInfo,
} from '@huggingface/hub';
import { z } from 'zod';
import { DataError, ignoreProgress, type Progress, UsageError } from '../run/index.ts';
import { cacheFolder, entryAt, onPath, readJsonOf, readRegularFile, writeFileAtomic, writeJson } from '../run/node.ts';

/**
 * Models from the Hugging Face hub, or a server with its API, into the cache. A revision is resolved to a commit once and kept:
 * what is in the cache whole is used without asking anyone. Downloads continue where they stopped; every file is compared
 * with the digest that the hub lists (SHA-256 of large files, git's SHA-1 of small ones).
 */

export interface HubOptions {
  /** Where models are kept; below the user's cache by default. */
  readonly cache?: string | undefined;
  /** `https://huggingface.co` by default. */
  readonly hubUrl?: string | undefined;
  /** For private and gated models; starts with `hf_`. */
  readonly accessToken?: string | undefined;
  readonly progress?: Progress | undefined;
  /** Attempts at each file, each continuing the last. */
  readonly attempts?: number | undefined;
}

/** What the environment says, in the hub's own variables. */
export function hubEnvironment(environment: Readonly<Record<string, string | undefined>> = process.env): HubOptions {
  return {
    cache: join(cacheFolder(environment), 'hub'),
    hubUrl: environment.HF_ENDPOINT,
    accessToken: environment.HF_TOKEN,
  };
}

const HUB_URL = 'https://huggingface.co';
const ID = /^([A-Za-z0-9][\w.-]*)\/([A-Za-z0-9][\w.-]*)(?:@([\w./-]+))?$/;
/** What a model consists of; anything else (other formats, examples, pictures) stays where it is. */
const WANTED =
  /^((config|generation_config|tokenizer|tokenizer_config|special_tokens_map|added_tokens|adapter_config|model\.safetensors\.index)\.json|chat_template\.(jinja|json)|(model|adapter_model)(-\d+-of-\d+)?\.safetensors|LICENSE[\w.-]*|README\.md)$/;
/** Names in a repository are a stranger's: none of these leads elsewhere, nor does a commit. */
const COMMIT = /^[0-9a-f]{40}$/;
/** Most entries of a repository that are looked through. */
const MOST_ENTRIES = 10_000;

interface Repository {
  readonly id: string;
  readonly revision: string;
  readonly folder: string;
}

const manifestSchema = z.strictObject({
  id: z.string(),
  commit: z.string().regex(COMMIT),
  files: z.array(z.strictObject({ path: z.string().regex(WANTED), size: z.int().nonnegative() })).min(1),
});
type Manifest = z.infer<typeof manifestSchema>;
/** The largest manifest, and the largest name of a commit, that are read. */
const MANIFEST_BYTES = 4 * 1024 * 1024;

/** Whether a text could be a hub id: `owner/name`, with `@revision` where a certain one is meant. */
export const isHubId = (text: string): boolean => ID.test(text);

function repositoryOf(id: string, cache: string): Repository {
  const [, owner, name, revision] = ID.exec(id) ?? [];
  if (owner === undefined || name === undefined || revision?.includes('..') === true) {
    throw new UsageError(
      'model',
      `${id}: expected a folder, or a hub id as in HuggingFaceTB/SmolLM2-135M or owner/name@revision`,
    );
  }
  return { id: `${owner}/${name}`, revision: revision ?? 'main', folder: join(cache, `${owner}--${name}`) };
}

const refPath = ({ folder, revision }: Repository) => join(folder, 'refs', encodeURIComponent(revision));

/** Bytes of a file in the cache; undefined where there is none. A link leads out of the cache, a pipe never ends. */
function sizeOf(path: string): number | undefined {
  const stat = entryAt(path);
  if (stat === undefined || stat.isFile()) return stat?.size;
  throw new DataError('file', `${path}: expected a regular file of the cache, got something else; remove it`);
}

/** The folder of the commit that a revision was resolved to, if its files are all there in full size. */
function wholeFolder(repository: Repository): string | undefined {
  const ref = refPath(repository);
  if (sizeOf(ref) === undefined) return undefined;
  const commit = readRegularFile(ref, MANIFEST_BYTES).toString('utf8');
  if (!COMMIT.test(commit)) return undefined;
  const folder = join(repository.folder, commit);
  const manifest = join(folder, 'download.json');
  if (sizeOf(manifest) === undefined) return undefined;
  let files: Manifest['files'];
  try {
    files = readJsonOf(manifest, manifestSchema, MANIFEST_BYTES).files;
  } catch (error) {
    // Torn or altered: what is there is compared with the hub's list again.
    if (error instanceof DataError) return undefined;
    throw error;
  }
  return files.every(({ path, size }) => sizeOf(join(folder, path)) === size) ? folder : undefined;
}

class Interrupted extends Error {}

/** A refusal of the hub, or no hub at all, as one line for the user. */
function hubFault(error: unknown, { id, revision }: Repository, hubUrl: string): Error {
  if (error instanceof HubApiError) {
    const { statusCode: status } = error;
    const why =
      status === 401 || status === 403
        ? 'refuses access; check the id, ask for access on its page, and set HF_TOKEN'
        : status === 404
          ? `has no such model or revision (${revision}); check the id`
          : `answers with status ${status}; try again later`;
    return new UsageError('hub', `${id}: ${hubUrl} ${why}`, { cause: error });
  }
  if (error instanceof InvalidApiResponseFormatError) {
    return new DataError('hub', `${id}: ${hubUrl} does not answer as a hub does (${error.message}); check HF_ENDPOINT`);
  }
  // Failures of fetch are TypeErrors, and streams of the hub's client fail with a text instead of an error.
  const isConnection = error instanceof TypeError || error instanceof Interrupted || typeof error === 'string';
  if (!isConnection) return error as Error;
  const { cause, message } = (typeof error === 'string' ? { message: error } : error) as Error;
  const reason = (cause as NodeJS.ErrnoException | undefined)?.code ?? message;
  return new UsageError(
    'offline',
    `${id}: ${hubUrl} cannot be reached (${reason}); connect and run again (a download continues), or name a folder with the model`,
    { cause: error },
  );
}

/** `fetch` that does not take a whole file for the rest of one. */
const rangedFetch: typeof fetch = async (input, init) => {
  const response = await fetch(input, init);
  const ranged = new Headers(init?.headers).has('range');
  if (ranged && response.status === 200) {
    await response.body?.cancel();
    throw new DataError(
      'hub',
      `${String(input)}: the server cannot continue a file; choose another hub, or copy the folder`,
    );
  }
  return response;
};

async function digestOf(path: string, { lfs, size }: ListFileEntry): Promise<string> {
  const hash = createHash(lfs === undefined ? 'sha1' : 'sha256');
  if (lfs === undefined) hash.update(`blob ${size}\0`);
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

interface Download {
  readonly repository: Repository;
  readonly commit: string;
  readonly credentials: { hubUrl: string; accessToken?: string };
  readonly attempts: number;
  /** Hears of bytes as they are on disk. */
  readonly received: (bytes: number) => void;
}

/** Appends the rest of a file to what is there of it. */
async function fetchRest(download: Download, entry: ListFileEntry, partial: string): Promise<void> {
  const { repository, commit, credentials, received } = download;
  const start = sizeOf(partial) ?? 0;
  if (start === entry.size && start > 0) return;
  const request = { repo: repository.id, path: entry.path, revision: commit, fetch: rangedFetch, ...credentials };
  const blob = await downloadFile(request);
  if (blob === null)
    throw new DataError('hub', `${repository.id}: ${entry.path} is listed, but not there; try again later`);
  const file = onPath(partial, () => openSync(partial, 'a'));
  try {
    const rest = start === 0 ? blob : blob.slice(start, entry.size);
    let left = entry.size - start;
    for await (const chunk of rest.stream() as unknown as AsyncIterable<Uint8Array>) {
      left -= chunk.length;
      if (left < 0)
        throw new DataError(
          'hub',
          `${repository.id}: ${entry.path} has more bytes than the ${entry.size} that are listed; choose another hub`,
        );
      onPath(partial, () => {
        for (let at = 0; at < chunk.length; ) at += writeSync(file, chunk, at);
      });
      received(chunk.length);
    }
  } finally {
    closeSync(file);
  }
}

/** One file, whole and with the digest that the hub lists. */
async function fetchFile(download: Download, entry: ListFileEntry): Promise<void> {
  const { repository, commit, attempts, received } = download;
  const path = join(repository.folder, commit, entry.path);
  if (sizeOf(path) === entry.size) {
    received(entry.size);
    return;
  }
  const partial = `${path}.incomplete`;
  const there = sizeOf(partial);
  if (there !== undefined && there > entry.size) rmSync(partial);
  else received(there ?? 0);
  for (let attempt = 1; ; attempt++) {
    try {
      await fetchRest(download, entry, partial);
      const size = sizeOf(partial) ?? 0;
      if (size >= entry.size) break;
      throw new Interrupted(`the connection ended after ${size} of ${entry.size} bytes`);
    } catch (error) {
      const final = error instanceof HubApiError || error instanceof DataError || error instanceof UsageError;
      if (final || attempt >= attempts) throw error;
    }
  }
  const [got, want] = [await digestOf(partial, entry), entry.lfs?.oid ?? entry.oid];
  if (got !== want) {
    rmSync(partial);
    throw new DataError('checksum', `${repository.id}: ${entry.path} has digest ${got}, expected ${want}; run again`);
  }
  renameSync(partial, path);
}

/** Downloads a model into the cache, or finds it there; returns its folder. */
export async function downloadModel(hubId: string, options: HubOptions = {}): Promise<string> {
  const { cache = hubEnvironment().cache!, progress = ignoreProgress, attempts = 3 } = options;
  const repository = repositoryOf(hubId, cache);
  const known = wholeFolder(repository);
  if (known !== undefined) return known;
  const hubUrl = options.hubUrl ?? HUB_URL;
  const { accessToken } = options;
  if (accessToken !== undefined && !accessToken.startsWith('hf_')) {
    throw new UsageError(
      'token',
      'HF_TOKEN: expected an access token that starts with hf_; make one in the hub settings',
    );
  }
  const credentials = { hubUrl, ...(accessToken !== undefined && { accessToken }) };
  try {
    const { id, revision } = repository;
    const { sha: commit } = await modelInfo({ name: id, revision, additionalFields: ['sha'], ...credentials });
    if (!COMMIT.test(commit)) throw new DataError('hub', `${id}: ${hubUrl} names no commit for ${revision}`);
    const files: ListFileEntry[] = [];
    let entries = 0;
    for await (const entry of listFiles({ repo: id, revision: commit, ...credentials })) {
      entries += 1;
      if (entries > MOST_ENTRIES)
        throw new DataError('hub', `${id}: lists more than ${MOST_ENTRIES} files; name a folder with the model`);
      if (entry.type !== 'file' || !WANTED.test(entry.path)) continue;
      if (!Number.isSafeInteger(entry.size) || entry.size < 0)
        throw new DataError('hub', `${id}: ${entry.path} is listed with a size of ${entry.size}; choose another hub`);
      files.push(entry);
    }
    if (!files.some(({ path }) => path.endsWith('.safetensors'))) {
      throw new DataError('weights', `${id}: has no safetensors weights; choose a model that has, or convert it first`);
    }
    const folder = join(repository.folder, commit);
    onPath(folder, () => mkdirSync(folder, { recursive: true }));
    const total = files.reduce((sum, { size }) => sum + size, 0);
    let done = 0;
    const megabytes = (bytes: number) => Math.round(bytes / 1e4) / 100;
    const received = (bytes: number) => {
      done += bytes;
      progress({ stage: 'download', done: megabytes(done), total: megabytes(total), unit: 'MB' });
    };
    for (const entry of files) await fetchFile({ repository, commit, credentials, attempts, received }, entry);
    const manifest: Manifest = { id, commit, files: files.map(({ path, size }) => ({ path, size })) };
    writeJson(join(folder, 'download.json'), manifest);
    writeFileAtomic(refPath(repository), commit);
    return folder;
  } catch (error) {
    throw hubFault(error, repository, hubUrl);
  }
}

/** The folder of a model named by a folder or a hub id; an existing folder goes before a hub id of the same spelling. */
export async function modelFolder(name: string, options: HubOptions = {}): Promise<string> {
  if (existsSync(name)) return name;
  if (/^[./~]/.test(name)) throw new UsageError('model', `${name}: no such folder; check the path`);
  return downloadModel(name, options);
}
