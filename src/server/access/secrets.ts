import { createHash, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/** scrypt with N = 2¹⁵, r = 8, p = 1: 32 MiB and some 80 ms a guess (OWASP's second choice after Argon2id). */
const COST = { N: 2 ** 15, r: 8, p: 1 } as const;
const KEY_BYTES = 32;

const derive = (password: string, salt: Buffer, { N, r, p }: { N: number; r: number; p: number }): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    scrypt(password.normalize('NFKC'), salt, KEY_BYTES, { N, r, p, maxmem: 256 * N * r }, (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  });

/** `scrypt$N$r$p$salt$key`: a salted hash with its parameters, so that they can be raised later. */
export async function hashPassword(password: string, cost: number = COST.N): Promise<string> {
  const salt = randomBytes(16);
  const key = await derive(password, salt, { ...COST, N: cost });
  return ['scrypt', cost, COST.r, COST.p, salt.toString('base64url'), key.toString('base64url')].join('$');
}

/** Whether a password has a hash. Takes as long for an unknown account, given no hash. */
export async function checkPassword(password: string, hash: string | undefined): Promise<boolean> {
  const [, n, r, p, salt, key] = (hash ?? `scrypt$${COST.N}$${COST.r}$${COST.p}$AAAA$AAAA`).split('$');
  const expected = Buffer.from(key!, 'base64url');
  const got = await derive(password, Buffer.from(salt!, 'base64url'), { N: Number(n), r: Number(r), p: Number(p) });
  return expected.length === got.length && timingSafeEqual(expected, got) && hash !== undefined;
}

/** A secret of 256 random bits for a link, a session or a key. */
export const newSecret = (): string => randomBytes(32).toString('base64url');
/** What is stored of a secret: without 256 bits to guess, a plain hash is enough. */
export const hashSecret = (secret: string): string => createHash('sha256').update(secret).digest('hex');
/** An id that says nothing about whom or what it names. */
export const newId = (prefix: string): string => `${prefix}-${randomBytes(9).toString('base64url')}`;
