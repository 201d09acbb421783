import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A time-stamping authority of one's own, by the openssl of this machine: a root, a signer, and answers to queries. */

const CONFIG = `
[req]
distinguished_name = dn
prompt = no
[dn]
CN = Unused
[root]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
[signer]
basicConstraints = CA:FALSE
extendedKeyUsage = critical,timeStamping
[authority]
serial = ./serial
default_policy = 1.2.3.4.1
digests = sha256,sha384,sha512
signer_digest = sha256
ess_cert_id_alg = sha256
`;

/** Whether this machine has openssl. */
export const hasOpenssl = (): boolean => spawnSync('openssl', ['version']).status === 0;

export interface TimeAuthority {
  /** Certificate of the root, as PEM. */
  readonly root: string;
  /** Path of the same. */
  readonly rootPath: string;
  /** Answers a query of RFC 3161. */
  respond(query: Uint8Array): Buffer;
}

/** Makes an authority in a new folder; its signer has an RSA key, or one on P-256. */
export function createTimeAuthority(
  folder: string,
  { curve = false }: { readonly curve?: boolean } = {},
): TimeAuthority {
  mkdirSync(folder, { recursive: true });
  const at = (name: string) => join(folder, name);
  const openssl = (...args: string[]) => {
    const { status, stderr } = spawnSync('openssl', args, { cwd: folder, encoding: 'utf8' });
    if (status !== 0) throw new Error(`openssl ${args[0]}: ${stderr}`);
  };
  writeFileSync(at('authority.cnf'), CONFIG);
  writeFileSync(at('serial'), '01\n');
  const key = curve ? ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'] : ['-newkey', 'rsa:2048'];
  const named = (who: string) => ['-nodes', '-config', 'authority.cnf', '-subj', `/CN=${who}`];
  openssl(
    'req',
    '-x509',
    ...key,
    ...named('Test Root'),
    '-keyout',
    'root.key',
    '-out',
    'root.pem',
    '-days',
    '36500',
    '-extensions',
    'root',
  );
  openssl('req', '-new', ...key, ...named('Test Authority'), '-keyout', 'signer.key', '-out', 'signer.csr');
  openssl(
    ...['x509', '-req', '-in', 'signer.csr', '-CA', 'root.pem', '-CAkey', 'root.key', '-set_serial', '7'],
    ...['-days', '36500', '-extfile', 'authority.cnf', '-extensions', 'signer', '-out', 'signer.pem'],
  );
  return {
    root: readFileSync(at('root.pem'), 'utf8'),
    rootPath: at('root.pem'),
    respond(query) {
      writeFileSync(at('query.tsq'), query);
      openssl(
        ...['ts', '-reply', '-queryfile', 'query.tsq', '-signer', 'signer.pem', '-inkey', 'signer.key'],
        ...['-config', 'authority.cnf', '-section', 'authority', '-out', 'response.tsr'],
      );
      return readFileSync(at('response.tsr'));
    },
  };
}
