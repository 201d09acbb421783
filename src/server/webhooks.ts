import { Webhook as Signer } from 'standardwebhooks';
import type { Accounts, Webhook } from '../store/index.ts';
import type { Send } from './access/outgoing.ts';
import { stillGives } from './access/roles.ts';
import { newId } from './access/secrets.ts';
import { isStarter } from './run-access.ts';
import type { StudioEvent } from './services.ts';

const TIMEOUT_MS = 10_000;
const GATHER_MS = 100;
const PAUSES_MS = [1_000, 10_000, 60_000];
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms).unref());

/**
 * Tells webhooks what happened: signed after Standard Webhooks, tried again with the same id when an endpoint does not
 * answer with 2xx. Never throws and never waits; an endpoint that stays away is counted on its webhook.
 */
export function createNotifier(options: {
  readonly accounts: Accounts;
  readonly now: () => string;
  readonly report: (id: string, error: unknown) => void;
  readonly pausesMs?: readonly number[];
  readonly send: Send;
}): (event: StudioEvent) => void {
  const { accounts, now, report, send, pausesMs = PAUSES_MS } = options;

  const post = async (url: string, headers: Record<string, string>, body: string): Promise<boolean> => {
    try {
      const response = await send(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body,
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      return response.ok;
    } catch {
      return false;
    }
  };

  /** What happens in a project goes to its webhooks and to those of all; what happens to a run to whoever may see it. */
  const isFor = async ({ projectId, createdBy }: Webhook, event: StudioEvent): Promise<boolean> => {
    if (projectId === null || projectId === event.projectId) return true;
    return event.type === 'run.finished' && isStarter(accounts, event.data.run, createdBy);
  };

  const deliver = async ({ event, timestamp }: Noted, webhooks: readonly Webhook[]): Promise<void> => {
    const body = JSON.stringify({ type: event.type, timestamp, data: { projectId: event.projectId, ...event.data } });
    const asked = webhooks.filter(({ events }) => events.includes(event.type));
    await Promise.all(
      asked.map(async (webhook) => {
        if (!(await isFor(webhook, event))) return;
        const { id, url, secret } = webhook;
        const message = newId('msg');
        const headers = {
          'webhook-id': message,
          'webhook-timestamp': String(Math.floor(Date.parse(timestamp) / 1000)),
          'webhook-signature': new Signer(secret).sign(message, new Date(timestamp), body),
        };
        let delivered = await post(url, headers, body);
        for (const ms of pausesMs) {
          if (delivered) break;
          await pause(ms);
          delivered = await post(url, headers, body);
        }
        await accounts.noteDelivery(id, delivered);
      }),
    );
  };
  // Under load there are hundreds of events a second and mostly nobody who wants them: those of a moment share one read.
  let noted: Noted[] = [];
  const sendNoted = async (): Promise<void> => {
    const events = noted;
    noted = [];
    const all = await accounts.webhooks();
    if (all.length === 0) return;
    const givers = await accounts.givers(all.map(({ createdBy }) => createdBy));
    // What a webhook tells is what a lead may know: it ends with its maker's access.
    const webhooks = all.filter(({ createdBy, projectId }) =>
      stillGives(givers.get(createdBy), { role: 'auditor', projectId }),
    );
    if (webhooks.length > 0) await Promise.all(events.map((event) => deliver(event, webhooks)));
  };
  return (event) => {
    noted.push({ event, timestamp: now() });
    if (noted.length > 1) return;
    setTimeout(() => sendNoted().catch((error: unknown) => report(newId('webhook'), error)), GATHER_MS).unref();
  };
}

interface Noted {
  readonly event: StudioEvent;
  readonly timestamp: string;
}
