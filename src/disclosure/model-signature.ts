import { createHash } from 'node:crypto';
import { basename, relative, resolve } from 'node:path';
import { canonicalJson, UsageError } from '../run/index.ts';
import { digestFile, filesBelow, requireRegularFiles, writeFileAtomic } from '../run/node.ts';
import { STATEMENT_TYPE } from './dsse.ts';
import type { SigningKey } from './key-files.ts';
import { signPayload } from './sign-claims.ts';

/** OpenSSF Model Signing 1.0: every file of a model with its digest, in one signed statement. */
const PREDICATE = 'https://model_signing/signature/v1.0';

/** The statement of a folder of files; `ignored` are paths in it that are no part of the model. */
export function modelStatement(folder: string, ignored: readonly string[] = []) {
  const resources = filesBelow(folder)
    .filter((name) => !ignored.includes(name))
    .map((name) => ({ name, algorithm: 'sha256', digest: digestFile(`${folder}/${name}`).sha256 }));
  // One digest over all of them, in their order.
  const all = createHash('sha256');
  for (const { digest } of resources) all.update(Buffer.from(digest, 'hex'));
  return {
    _type: STATEMENT_TYPE,
    subject: [{ name: basename(resolve(folder)), digest: { sha256: all.digest('hex') } }],
    predicateType: PREDICATE,
    predicate: {
      serialization: {
        method: 'files',
        hash_type: 'sha256',
        allow_symlinks: false,
        ...(ignored.length > 0 && { ignore_paths: ignored }),
      },
      resources,
    },
  };
}

/** Signs a folder of weights so that `model_signing verify key` accepts it, and writes the signature. Returns what it lists. */
export function signModel(folder: string, options: { readonly key: SigningKey; readonly out: string }): string[] {
  const { key, out } = options;
  if (key.kind !== 'p256')
    throw new UsageError(
      'key',
      'model signing: expected a key on P-256, got Ed25519, which OpenSSF model signing does not take; goodhart keys make --kind p256 makes one',
    );
  requireRegularFiles(folder);
  const inside = relative(resolve(folder), resolve(out)).replaceAll('\\', '/');
  const ignored = inside.startsWith('..') ? [] : [inside];
  const statement = modelStatement(folder, ignored);
  const { resources } = statement.predicate;
  if (resources.length === 0) throw new UsageError('model', `${folder}: expected files of a model, got none`);
  writeFileAtomic(out, canonicalJson(signPayload(key, Buffer.from(canonicalJson(statement)))));
  return resources.map(({ name }) => name);
}
