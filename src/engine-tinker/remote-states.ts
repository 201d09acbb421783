import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { modelSpecSchema } from '../engine/index.ts';
import { DataError } from '../run/index.ts';
import { readJsonOf, writeJson } from '../run/node.ts';

/**
 * A saved state that lies on a server: the folder that the loop knows holds `remote.json`, which says where. It is written last,
 * whole or not at all.
 */
const FORMAT = 'goodhart-remote-state-1';
const cardSchema = z.strictObject({
  format: z.literal(FORMAT),
  url: z.string(),
  baseModel: z.string(),
  /** Null where nothing was trained yet: then it is the base model. */
  path: z.string().startsWith('tinker://').nullable(),
  spec: modelSpecSchema,
  step: z.int().nonnegative(),
});
export type RemoteCard = z.infer<typeof cardSchema>;

const fileOf = (folder: string) => join(folder, 'remote.json');

export const isRemoteState = (folder: string): boolean => existsSync(fileOf(folder));

/** A folder's state, on whatever server it lies. */
export const remoteStateOf = (folder: string): RemoteCard => readJsonOf(fileOf(folder), cardSchema);

export const writeRemoteState = (folder: string, card: Omit<RemoteCard, 'format'>): void =>
  writeJson(fileOf(folder), { format: FORMAT, ...card });

/** Where a folder's state lies. @throws DataError where it is none, or lies on another server. */
export function readRemoteState(folder: string, url: string): RemoteCard {
  if (!isRemoteState(folder))
    throw new DataError(
      'checkpoint',
      `${folder}: expected a state of a server (remote.json), got none; check the path`,
    );
  const card = remoteStateOf(folder);
  if (card.url !== url)
    throw new DataError('checkpoint', `${folder}: the state lies on ${card.url}, and this engine is ${url}`);
  return card;
}
