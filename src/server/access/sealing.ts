import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import type { Accounts } from '../../store/index.ts';

/** Turns a value into a text that only this installation can read or make, and back. */
export interface Sealer {
  /** `context` must be the same to open it: a task sealed for one rater does not open for another. */
  seal(value: unknown, context: string): string;
  /** The value, or undefined for a text that was not sealed here for this context. */
  open(text: string, context: string): unknown;
  /** A text that follows from another one and that nobody else can work out. */
  derive(text: string): string;
}

const ALGORITHM = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;
/** Ids are bounded (500 characters), so that nearly everything fits into this; what does not fills a power of two. */
const LEAST_BYTES = 2048;

/**
 * A value as JSON of one size, whatever it holds: spaces after it are no part of it. A sealed text as long as its content
 * would tell a repeat, which names what it repeats, from work, which does not.
 */
function padded(value: unknown): Buffer {
  const text = Buffer.from(JSON.stringify(value), 'utf8');
  let size = LEAST_BYTES;
  while (size < text.length) size *= 2;
  return Buffer.concat([text, Buffer.alloc(size - text.length, ' ')]);
}

export function createSealer(key: Buffer): Sealer {
  return {
    seal(value, context) {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv(ALGORITHM, key, iv).setAAD(Buffer.from(context));
      const body = Buffer.concat([cipher.update(padded(value)), cipher.final()]);
      return Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64url');
    },
    open(text, context) {
      try {
        const bytes = Buffer.from(text, 'base64url');
        const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(0, IV_BYTES))
          .setAAD(Buffer.from(context))
          .setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
        const body = decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES));
        return JSON.parse(Buffer.concat([body, decipher.final()]).toString('utf8')) as unknown;
      } catch {
        return undefined;
      }
    },
    derive: (text) => createHmac('sha256', key).update(text).digest('base64url'),
  };
}

const SETTING = 'sealing-key';

/** The sealer of a store: its key is made once and kept, so that tasks stay open across a restart. */
export async function sealerOf(accounts: Accounts): Promise<Sealer> {
  const kept = await accounts.settingOrFirst(SETTING, randomBytes(32).toString('base64'));
  return createSealer(Buffer.from(String(kept), 'base64'));
}
