import { X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type Command, Option } from 'commander';
import {
  CLAIM_ROLES,
  type ClaimRole,
  KEY_KINDS,
  type KeyKind,
  type KnownKey,
  type Review,
  reviewSchema,
  SEAL,
  signedBytes,
} from '../disclosure/index.ts';
import {
  claimAt,
  labelOf,
  openRow,
  PASSPHRASE_VARIABLE,
  publicPathOf,
  type Reader,
  readOpening,
  readPrivateKey,
  readPublicKey,
  signModel,
  stampClaim,
  timestampQuery,
  writeKeyPair,
} from '../disclosure/node.ts';
import { signRun } from '../pipeline/index.ts';
import { table } from '../report/index.ts';
import { parseConfig, UsageError } from '../run/index.ts';
import { onPath, readRegularFile, requireRegularFiles, writeFileAtomic, writeJson } from '../run/node.ts';
import { now } from './environment.ts';
import { whole } from './options.ts';
import type { Terminal } from './terminal.ts';

const passphrase = (): string | undefined => {
  const given = process.env[PASSPHRASE_VARIABLE];
  return given === undefined || given === '' ? undefined : given;
};

/** Refuses what is no finished run before anything of it is read. */
export function requireSealed(folder: string): void {
  if (!existsSync(folder)) throw new UsageError('run', `${folder}: no such folder; give a run folder`);
  requireRegularFiles(folder);
  if (!existsSync(join(folder, SEAL)))
    throw new UsageError('run', `${folder}: expected a sealed run (${SEAL}); finish the run first`);
}

/** What an auditor found, from their file. */
const readReview = (path: string): Review =>
  parseConfig(
    reviewSchema,
    onPath(path, () => readRegularFile(path, SMALL_BYTES).toString('utf8')),
    { source: path },
  );

/** `keys make`, `keys show`. */
export function addKeyCommands(program: Command, terminalOf: () => Terminal): void {
  const keys = program.command('keys').description('keys that sign: make a pair, show one');
  keys
    .command('make')
    .description(
      `a private key for you alone, and its public half beside it; encrypted where ${PASSPHRASE_VARIABLE} is set`,
    )
    .argument('<file>', 'where the private key goes, outside every run folder')
    .addOption(
      new Option('--kind <kind>', 'p256 where OpenSSF model signing must accept it')
        .choices(Object.keys(KEY_KINDS))
        .default('ed25519'),
    )
    .addHelpText('after', '\nExamples:\n  goodhart keys make issuer.pem\n  goodhart keys make weights.pem --kind p256')
    .action((file: string, { kind }: { kind: KeyKind }) => {
      const { fingerprint } = writeKeyPair(file, { kind, passphrase: passphrase() });
      const said = {
        kind,
        fingerprint,
        private: file,
        public: publicPathOf(file),
        encrypted: passphrase() !== undefined,
      };
      terminalOf().result(
        said,
        table([
          ['kind', KEY_KINDS[kind].what],
          ['fingerprint', fingerprint],
          [
            'private key',
            `${file}${said.encrypted ? ', encrypted' : ', not encrypted: keep it where nobody else reads'}`,
          ],
          ['public key', `${said.public}: give it to readers by a way of its own`],
        ]),
      );
    });
  keys
    .command('show')
    .description('what a key is, and its fingerprint')
    .argument('<file>', 'private or public key, as PEM')
    .addHelpText('after', '\nExample:\n  goodhart keys show issuer.pub.pem')
    .action((file: string) => {
      const label = labelOf(file);
      const key = label === 'public' || label === undefined ? readPublicKey(file) : readPrivateKey(file, passphrase());
      const said = { kind: key.kind, fingerprint: key.fingerprint, holds: `${label} key` };
      terminalOf().result(
        said,
        table([
          ['kind', KEY_KINDS[key.kind].what],
          ['fingerprint', said.fingerprint],
          ['holds', said.holds],
        ]),
      );
    });
}

/** `model sign`. */
export function addModelSign(model: Command, terminalOf: () => Terminal): void {
  model
    .command('sign')
    .description('sign a folder of weights as OpenSSF model signing does; model_signing verify key accepts it')
    .argument('<folder>')
    .requiredOption('--key <file>', 'private key on P-256 (goodhart keys make --kind p256)')
    .requiredOption('--out <file>', 'where the signature goes')
    .addHelpText('after', '\nExample:\n  goodhart model sign tuned/published --key weights.pem --out tuned.sig')
    .action((folder: string, { key, out }: { key: string; out: string }) => {
      if (!existsSync(folder)) throw new UsageError('model', `${folder}: no such folder; give a folder of weights`);
      const files = signModel(folder, { key: readPrivateKey(key, passphrase()), out });
      terminalOf().result({ signature: out, files }, `${out}: ${files.length} files signed`);
    });
}

interface SignOptions {
  readonly key: string;
  readonly as: ClaimRole;
  readonly statement?: string;
  readonly findings?: string;
}

/** `disclose sign`, `disclose timestamp`. */
export function addClaimCommands(disclose: Command, terminalOf: () => Terminal): void {
  disclose
    .command('sign')
    .description('append a signed claim about the seal of a run; auditors and reviewers add theirs')
    .argument('<run>', 'run folder')
    .requiredOption('--key <file>', `private key (goodhart keys make); its passphrase in ${PASSPHRASE_VARIABLE}`)
    .addOption(new Option('--as <role>', 'in which role').choices(CLAIM_ROLES).makeOptionMandatory())
    .option('--statement <text>', 'what you say of it, in your words')
    .option('--findings <file>', 'YAML: what an auditor or reviewer found, item by item (docs/for-auditors.md)')
    .addHelpText(
      'after',
      '\nExamples:\n  goodhart disclose sign runs/mine --key issuer.pem --as issuer\n  goodhart disclose sign runs/mine --key me.pem --as auditor --statement "ran every probe again"',
    )
    .action(async (run: string, { key, as: role, statement, findings }: SignOptions) => {
      requireSealed(run);
      if (findings !== undefined && role === 'issuer')
        throw new UsageError('findings', '--findings: expected --as auditor or reviewer: an issuer has declarations');
      const review = findings === undefined ? undefined : readReview(findings);
      const signer = readPrivateKey(key, passphrase());
      const { line } = await signRun(run, { key: signer, role, statement, review, now });
      terminalOf().result(
        { line, role, fingerprint: signer.fingerprint },
        `claim ${line} signed as ${role}\nkey  ${signer.fingerprint}`,
      );
    });
  disclose
    .command('timestamp')
    .description(
      'an outside time for a claim: write the query for a time-stamping authority (RFC 3161), store its response',
    )
    .argument('<run>', 'run folder')
    .option('--claim <line>', 'line of the claim (default: the last)', whole(1))
    .option('--query <file>', 'write the query here, to be sent as application/timestamp-query')
    .option('--response <file>', 'what the authority answered')
    .addHelpText(
      'after',
      '\nExample:\n  goodhart disclose timestamp runs/mine --query seal.tsq\n  curl -H "Content-Type: application/timestamp-query" --data-binary @seal.tsq <authority> > seal.tsr\n  goodhart disclose timestamp runs/mine --response seal.tsr',
    )
    .action((run: string, options: { claim?: number; query?: string; response?: string }) => {
      const { query, response } = options;
      if ((query === undefined) === (response === undefined))
        throw new UsageError('timestamp', 'expected --query <file> or --response <file>, one of the two');
      requireSealed(run);
      const claim = claimAt(run, options.claim);
      if (query !== undefined) {
        writeFileAtomic(query, timestampQuery(signedBytes(claim)));
        terminalOf().result({ line: claim.line, query }, `${query}: query for claim ${claim.line}`);
        return;
      }
      const at = stampClaim(run, claim.line, readFileOf(response!));
      terminalOf().result({ line: claim.line, at }, `claim ${claim.line} stamped ${at.toISOString()}`);
    });
}

/** `disclose open`. */
export function addOpenCommand(disclose: Command, terminalOf: () => Terminal): void {
  disclose
    .command('open')
    .description('open one row of a run to somebody who has its public copy: the row with its salt, and nothing else')
    .argument('<run>', 'the run itself, which has the secret')
    .requiredOption('--row <path:line>', 'a line of a file, a record, or a path alone for a whole file')
    .option('--out <file>', 'write it here')
    .addHelpText(
      'after',
      '\nExample:\n  goodhart disclose open runs/mine --row feedback/judgments.jsonl:17 --out row.json\n  goodhart verify public/mine --opening row.json',
    )
    .action((run: string, { row, out }: { row: string; out?: string }) => {
      requireSealed(run);
      const opening = openRow(run, row);
      if (out !== undefined) writeJson(out, opening);
      terminalOf().result(opening, out === undefined ? JSON.stringify(opening) : `${out}: ${row} opened`);
    });
}

const SMALL_BYTES = 1024 * 1024;
const readFileOf = (path: string): Buffer => onPath(path, () => readRegularFile(path, SMALL_BYTES));

export interface ReaderOptions {
  readonly key: readonly string[];
  readonly tsa: readonly string[];
  readonly published?: string;
  readonly opening: readonly string[];
}

/** A certificate as PEM, from somebody who trusts it. */
function readCertificate(path: string): X509Certificate {
  try {
    return new X509Certificate(readFileOf(path));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError('tsa', `${path}: expected a certificate as PEM, got something else`, { cause: error });
  }
}

/** What a reader brings, from their options. */
export function readerOf({ key, tsa, published, opening }: ReaderOptions): Reader {
  if (published !== undefined && !/^[0-9a-f]{64}$/.test(published))
    throw new UsageError('published', `--published ${published}: expected a SHA-256 of 64 hex digits`);
  return {
    keys: key.map((path): KnownKey => ({ ...readPublicKey(path), name: basename(path) })),
    authorities: tsa.map(readCertificate),
    published,
    openings: opening.map((path) => readOpening(path)),
  };
}
