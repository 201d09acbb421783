import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { modelSpecSchema } from '../engine/index.ts';
import { DataError } from '../run/index.ts';
import { filesBelow, onPath, readJsonOf, writeJson } from '../run/node.ts';
import { ProtocolError } from './protocol-error.ts';

/**
 * Saved states on disk: `<folder>/<run>/<kind>/<name>/` with `card.json` beside the engine's own folder `state`. The card is
 * written last: what has one is whole.
 */
export const STATE_KINDS = ['weights', 'sampler_weights'] as const;
export type StateKind = (typeof STATE_KINDS)[number];

const FORMAT = 'goodhart-served-state-1';
const cardSchema = z.strictObject({
  format: z.literal(FORMAT),
  run: z.string(),
  kind: z.enum(STATE_KINDS),
  name: z.string(),
  baseModel: z.string(),
  spec: modelSpecSchema,
  /** What of a model its adapters were asked to train; null where all of it is trained. */
  adapters: z.strictObject({ attention: z.boolean(), feedForward: z.boolean() }).nullable(),
  time: z.string(),
  expires: z.string().nullable(),
  bytes: z.int().nonnegative(),
  userMetadata: z.record(z.string(), z.string()).nullable(),
});
export type StateCard = z.infer<typeof cardSchema>;
/** What of a card the one who saves says. */
export type StateFacts = Pick<StateCard, 'run' | 'kind' | 'name' | 'baseModel' | 'spec' | 'adapters' | 'userMetadata'>;

const NAME = /^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,200}$/;
const RUN = /^[0-9a-f]{16}:train:\d{1,6}$/;
/** A run's folder: not every system has colons in names. */
const folderName = (run: string) => run.replaceAll(':', '.');

export const pathOf = ({ run, kind, name }: Pick<StateCard, 'run' | 'kind' | 'name'>): string =>
  `tinker://${run}/${kind}/${name}`;

/** A `tinker://` path in its parts; a stranger's text never becomes a path of the disk otherwise. */
function parsePath(path: string): Pick<StateCard, 'run' | 'kind' | 'name'> {
  const [run = '', kind = '', name = '', ...rest] = path.startsWith('tinker://') ? path.slice(9).split('/') : [];
  const known = STATE_KINDS.find((each) => each === kind);
  if (known === undefined || !RUN.test(run) || !NAME.test(name) || rest.length > 0)
    throw new ProtocolError(404, 'expected a path of this server, as tinker://<run>/weights/<name>');
  return { run, kind: known, name };
}

export interface SaveOptions {
  readonly overwrite: boolean;
  readonly ttlSeconds: number | undefined;
}

export class States {
  readonly #folder: string;
  readonly #now: () => number;

  constructor(folder: string, now: () => number) {
    this.#folder = folder;
    this.#now = now;
  }

  #place = ({ run, kind, name }: Pick<StateCard, 'run' | 'kind' | 'name'>) =>
    join(this.#folder, folderName(run), kind, name);

  /** Writes a state through the engine, then its card. @returns the card. */
  async save(
    facts: StateFacts,
    { overwrite, ttlSeconds }: SaveOptions,
    write: (folder: string) => Promise<void>,
  ): Promise<StateCard> {
    if (!NAME.test(facts.name))
      throw new ProtocolError(400, 'expected a name of letters, digits, dashes, dots and underscores');
    const place = this.#place(facts);
    const card = join(place, 'card.json');
    if (existsSync(card) && !overwrite)
      throw new ProtocolError(400, `${pathOf(facts)} exists; choose another name, or overwrite it`);
    onPath(place, () => mkdirSync(place, { recursive: true }));
    const state = join(place, 'state');
    await write(state);
    const now = this.#now();
    const made: StateCard = {
      ...facts,
      format: FORMAT,
      time: new Date(now).toISOString(),
      expires: ttlSeconds === undefined ? null : new Date(now + 1000 * ttlSeconds).toISOString(),
      bytes: sizeOf(state),
    };
    writeJson(card, made);
    return made;
  }

  /** The card of a path, with the engine's folder. */
  find(path: string): { readonly card: StateCard; readonly folder: string } {
    const place = this.#place(parsePath(path));
    const card = this.#card(place);
    if (card === undefined) throw new ProtocolError(404, 'there is no such state; list what there is');
    return { card, folder: join(place, 'state') };
  }

  #card(place: string): StateCard | undefined {
    const file = join(place, 'card.json');
    if (!existsSync(file)) return undefined;
    const card = readJsonOf(file, cardSchema);
    if (card.expires !== null && Date.parse(card.expires) <= this.#now()) {
      rmSync(place, { recursive: true, force: true });
      return undefined;
    }
    return card;
  }

  /** Every whole state, the newest last; of one run where that is given. One that cannot be read is passed over. */
  list(run?: string): StateCard[] {
    if (run !== undefined && !RUN.test(run)) return [];
    const below = (folder: string) => (existsSync(folder) ? readdirSync(folder) : []);
    const runs = run === undefined ? below(this.#folder) : [folderName(run)];
    const cards = runs.flatMap((each) =>
      STATE_KINDS.flatMap((kind) =>
        below(join(this.#folder, each, kind)).flatMap((name) => {
          try {
            return this.#card(join(this.#folder, each, kind, name)) ?? [];
          } catch (error) {
            if (error instanceof DataError) return [];
            throw error;
          }
        }),
      ),
    );
    return cards.sort((a, b) => (a.time < b.time ? -1 : 1));
  }

  remove(path: string): void {
    const { card } = this.find(path);
    rmSync(this.#place(card), { recursive: true, force: true });
  }
}

const sizeOf = (folder: string): number =>
  filesBelow(folder).reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);
