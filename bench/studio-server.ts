/**
 * The server under test of `bench/studio.ts`, in a process of its own: the Studio as `goodhart studio` starts it, with
 * people already signed in. Started by fork; speaks over the channel.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { startStudio } from '../src/cli/studio.ts';
import { hashSecret, newSecret } from '../src/server/node.ts';
import { largeProject } from './million.ts';

export interface ServerSettings {
  readonly store: string;
  readonly runs: string;
  readonly judgments: number;
  readonly raters: number;
}
export type ServerAnswer =
  | { readonly type: 'ready'; readonly url: string; readonly owner: string; readonly raters: readonly string[] }
  | { readonly type: 'usage'; readonly cpuMs: number; readonly rssMB: number; readonly delayMs: Delay }
  | { readonly type: 'history'; readonly ids: readonly string[]; readonly records: number }
  | { readonly type: 'closed' };
interface Delay {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}
export type ServerRequest = 'usage' | 'history' | 'close';

const answer = (message: ServerAnswer) => process.send!(message);
const settings = JSON.parse(process.argv[2]!) as ServerSettings;
const studio = await startStudio({
  store: settings.store,
  runs: settings.runs,
  port: 4390,
  report: (id, error) => process.stderr.write(`${id}: ${(error as Error).stack}\n`),
});
const { store } = studio;
const now = new Date().toISOString();
if ((await store.getProject('bench')) === undefined)
  await store.load(largeProject(settings.judgments).source(), { checked: true });
const loaded = (await store.progress('bench')).records;

/** An account with a session, as a cookie. */
async function signedIn(name: string, role: string): Promise<string> {
  const secret = newSecret();
  const id = `account-${name}-${Date.now()}`;
  await store.accounts.createAccount({
    id,
    name: `${name} ${Date.now()}`,
    role,
    raterId: `rater-${name}-${Date.now()}`,
    // No password opens it: the session is made here.
    passwordHash: 'none',
    createdAt: now,
    disabled: false,
  });
  await store.accounts.setProjects(id, ['bench']);
  const expiresAt = new Date(Date.now() + 86_400_000).toISOString();
  await store.accounts.createSession({ tokenHash: hashSecret(secret), accountId: id, expiresAt, now });
  return `goodhart_session=${secret}`;
}
const owner = await signedIn('owner', 'owner');
const raters: string[] = [];
for (let i = 0; i < settings.raters; i++) raters.push(await signedIn(`person-${i}`, 'rater'));

const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();
let cpu = process.cpuUsage();
const ms = (nanoseconds: number) => Number((nanoseconds / 1e6).toFixed(1));
process.on('message', async (request: ServerRequest) => {
  if (request === 'usage') {
    const { user, system } = process.cpuUsage(cpu);
    cpu = process.cpuUsage();
    const delayMs = { p50: ms(delay.percentile(50)), p99: ms(delay.percentile(99)), max: ms(delay.max) };
    delay.reset();
    answer({ type: 'usage', cpuMs: (user + system) / 1000, rssMB: process.memoryUsage().rss / 1e6, delayMs });
  } else if (request === 'history') {
    const ids: string[] = [];
    for await (const { record } of store.history('bench', { after: loaded }))
      ids.push(record.type === 'judgment' ? record.judgment.id : `${record.type} ${record.id}`);
    answer({ type: 'history', ids, records: loaded });
  } else {
    answer({ type: 'closed' });
    process.disconnect();
  }
});
// A benchmark that broke off leaves no server and no run behind.
process.on('disconnect', () => void studio.close().then(() => process.exit()));
answer({ type: 'ready', url: studio.url, owner, raters });
