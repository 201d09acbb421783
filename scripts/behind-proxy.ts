/**
 * The Studio as `docs/deploy.md` has it: two server processes on one PostgreSQL behind nginx with TLS, raters who judge
 * through it, and one of the two processes killed in the middle. Prints whether any acknowledged judgment was lost or kept
 * twice, and how long raters waited.
 *
 *   scripts/postgres.sh npx tsx scripts/behind-proxy.ts --raters 8 --seconds 20
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { projectSchema } from '../src/feedback/index.ts';
import { hashPassword } from '../src/server/access/secrets.ts';
import { openStore } from '../src/store/index.ts';

const { values: args } = parseArgs({
  options: { raters: { type: 'string', default: '8' }, seconds: { type: 'string', default: '20' } },
});
const raters = Number(args.raters);
const ms = 1000 * Number(args.seconds);
const postgres = process.env.GOODHART_TEST_POSTGRES;
if (postgres === undefined) throw new Error('run scripts/postgres.sh npx tsx scripts/behind-proxy.ts');

const NAME = 'studio.example.org';
const PASSWORD = 'a long enough password of words';
const OVERLAP = 2;
const COMMAND = fileURLToPath(new URL('../bin/goodhart.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'goodhart-proxy-'));
const children: ChildProcess[] = [];
const say = (text: string) => process.stdout.write(`${text}\n`);

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** A project and accounts, made before anybody serves. */
async function fill(url: string): Promise<void> {
  const store = await openStore(url, { create: true });
  const question = { id: 'better', title: 'Which is better?', kind: 'comparison' };
  await store.putProject(
    projectSchema.parse({
      ...{ id: 'p', name: 'Ferry', createdAt: '2026-01-01T00:00:00.000Z', questions: [question] },
      distribution: { overlap: OVERLAP },
    }),
  );
  await store.addItems(
    'p',
    Array.from({ length: 5000 }, (_, i) => ({
      ...{ id: `i${i}`, projectId: 'p', prompt: `When does ferry ${i} leave?` },
      replies: ['At nine.', 'Ask at the pier.'].map((text, r) => ({ id: `i${i}/${r}`, text })),
      source: { origin: 'written by hand', selection: 'all' },
    })),
  );
  const passwordHash = await hashPassword(PASSWORD, 2 ** 8);
  for (let r = 0; r < raters; r++) {
    const [id, createdAt] = [`account-${r}`, '2026-01-01T00:00:00.000Z'];
    await store.accounts.createAccount({
      id,
      name: `Rater ${r}`,
      role: 'rater',
      raterId: `rater-${r}`,
      passwordHash,
      createdAt,
      disabled: false,
    });
    await store.accounts.setProjects(id, ['p']);
  }
  await store.close();
}

/** A server process; resolves when it serves. */
async function serve(store: string, port: number): Promise<ChildProcess> {
  const where = ['--store', store, '--runs', join(folder, 'runs'), '--port', String(port)];
  const child = spawn(
    process.execPath,
    [COMMAND, 'studio', '--json', ...where, '--origin', `https://${NAME}`, '--proxy', 'loopback'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  children.push(child);
  await once(createInterface({ input: child.stdout! }), 'line');
  return child;
}

/** The configuration of `docs/deploy.md`, with the ports and places of here. */
function configure(port: number, servers: readonly number[]): string {
  const page = readFileSync(new URL('../docs/deploy.md', import.meta.url), 'utf8');
  const block = /```nginx\n([\s\S]*?)```/.exec(page)![1]!;
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '1',
      '-subj',
      `/CN=${NAME}`,
      '-keyout',
      join(folder, 'key.pem'),
      '-out',
      join(folder, 'cert.pem'),
    ],
    { stdio: 'ignore' },
  );
  const here = block
    .replace('127.0.0.1:4173', `127.0.0.1:${servers[0]}`)
    .replace('127.0.0.1:4174', `127.0.0.1:${servers[1]}`)
    .replace('listen 443 ssl', `listen 127.0.0.1:${port} ssl`)
    .replace(/ssl_certificate .*;/, `ssl_certificate ${join(folder, 'cert.pem')};`)
    .replace(/ssl_certificate_key .*;/, `ssl_certificate_key ${join(folder, 'key.pem')};`);
  const path = join(folder, 'nginx.conf');
  const kept = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  );
  writeFileSync(
    path,
    `pid ${folder}/pid;\nerror_log ${folder}/error.log;\nevents {}\nhttp {\naccess_log off;\n${kept.join('\n')}\n${here}}\n`,
  );
  return path;
}

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly cookie: string | undefined;
}
/** Asks through the proxy, as a browser of the name does; 0 for a connection that was lost. */
const ask = (port: number, path: string, body?: unknown, cookie?: string): Promise<Answer> =>
  new Promise((resolve) => {
    const headers = {
      host: NAME,
      origin: `https://${NAME}`,
      'content-type': 'application/json',
      ...(cookie !== undefined && { cookie }),
    };
    const method = body === undefined ? 'GET' : 'POST';
    const sent = request(
      { host: '127.0.0.1', port, servername: NAME, rejectUnauthorized: false, path, method, headers },
      (answer) => {
        let text = '';
        answer.on('data', (bytes) => {
          text += String(bytes);
        });
        answer.on('error', () => resolve({ status: 0, body: '', cookie: undefined }));
        answer.on('end', () =>
          resolve({ status: answer.statusCode!, body: text, cookie: answer.headers['set-cookie']?.[0]?.split(';')[0] }),
        );
      },
    );
    sent.on('error', () => resolve({ status: 0, body: '', cookie: undefined }));
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });

async function main(): Promise<void> {
  await fill(postgres!);
  mkdirSync(join(folder, 'runs'));
  const [first, second, front] = [await freePort(), await freePort(), await freePort()];
  const victim = await serve(postgres!, first);
  await serve(postgres!, second);
  const proxy = spawn('nginx', ['-c', configure(front, [first, second]), '-g', 'daemon off;'], { stdio: 'inherit' });
  children.push(proxy);
  while ((await ask(front, '/readyz')).status !== 200) await new Promise((resolve) => setTimeout(resolve, 50));
  const acknowledged = new Set<string>();
  const waits: number[] = [];
  let [lost, secure] = [0, false];
  const end = Date.now() + ms;
  const judge = async (r: number) => {
    const signed = await ask(front, '/api/login', { name: `Rater ${r}`, password: PASSWORD });
    secure ||= signed.cookie !== undefined;
    if (signed.status !== 200) throw new Error(`signing in answered ${signed.status}: ${signed.body}`);
    for (let n = 0; Date.now() < end; ) {
      const started = performance.now();
      const next = await ask(front, '/api/judge/p/next', { count: 1 }, signed.cookie);
      if (next.status !== 200) {
        lost += 1;
        continue;
      }
      const [task] = (JSON.parse(next.body) as { tasks: { taskId: string }[] }).tasks;
      if (task === undefined) return;
      const idempotencyKey = `rater-${r}-${n}-key`;
      const answers = [{ questionId: 'better', answer: { kind: 'comparison', outcome: n % 2 } }];
      // Sent again under the same key until it is acknowledged, as the page does.
      for (;;) {
        const sent = await ask(
          front,
          '/api/judge/p/submit',
          { taskId: task.taskId, idempotencyKey, answers, activeMs: 1000 },
          signed.cookie,
        );
        if (sent.status === 200) break;
        if (sent.status !== 0 && sent.status < 500)
          throw new Error(`a judgment was refused: ${sent.status} ${sent.body}`);
        lost += 1;
      }
      acknowledged.add(`${idempotencyKey}/better`);
      waits.push(performance.now() - started);
      n += 1;
    }
  };
  const judging = Promise.all(Array.from({ length: raters }, (_, r) => judge(r)));
  setTimeout(() => victim.kill('SIGKILL'), ms / 2);
  await judging;
  const store = await openStore(postgres!);
  const { judgments } = await store.state('p');
  const faults = (await store.check('p')).filter(({ ok }) => !ok);
  await store.close();
  const ids = judgments.map(({ id }) => id);
  const perItem = new Map<string, number>();
  for (const { itemId } of judgments) perItem.set(itemId, (perItem.get(itemId) ?? 0) + 1);
  const missing = [...acknowledged].filter((id) => !ids.includes(id)).length;
  const over = [...perItem.values()].filter((n) => n > OVERLAP).length;
  waits.sort((a, b) => a - b);
  const at = (share: number) => `${Math.round(waits[Math.floor(share * (waits.length - 1))] ?? 0)} ms`;
  say(`${raters} raters, ${args.seconds} s through nginx with TLS on two servers, one killed at half time`);
  say(
    `acknowledged ${acknowledged.size}, stored ${ids.length}, lost ${missing}, twice ${ids.length - new Set(ids).size}, items over their overlap ${over}`,
  );
  say(
    `requests sent again or lost with their connection ${lost}; next and submit together: median ${at(0.5)}, 99th percentile ${at(0.99)}, most ${at(1)}`,
  );
  say(`store: ${faults.length === 0 ? 'sound' : faults.map(({ detail }) => detail).join('; ')}; signed in: ${secure}`);
  if (missing > 0 || over > 0 || faults.length > 0) process.exitCode = 1;
}

try {
  await main();
} finally {
  for (const child of children) child.kill('SIGTERM');
  rmSync(folder, { recursive: true, force: true });
}
