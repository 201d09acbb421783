import { Webhook as Signer } from 'standardwebhooks';
import type { Accounts, Webhook } from '../store/index.ts';
import { newId } from './access/secrets.ts';
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
}): (event: StudioEvent) => void {
  const { accounts, now, report, pausesMs = PAUSES_MS } = options;

  const post = async (url: string, headers: Record<string, string>, body: string): Promise<boolean> => {
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body,
        signal: AbortSignal.timeout(TIMEOUT_MS),
        redirect: 'error',
      });
      return response.ok;
    } catch {
      return false;
    }
  };

  const deliver = async ({ event, timestamp }: Noted, webhooks: readonly Webhook[]): Promise<void> => {
    const body = JSON.stringify({ type: event.type, timestamp, data: { projectId: event.projectId, ...event.data } });
    const wanted = webhooks.filter(
      ({ events, projectId }) =>
        events.includes(event.type) &&
        (projectId === null || event.projectId === null || projectId === event.projectId),
    );
    await Promise.all(
      wanted.map(async ({ id, url, secret }) => {
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
  const send = async (): Promise<void> => {
    const events = noted;
    noted = [];
    const webhooks = await accounts.webhooks();
    if (webhooks.length > 0) await Promise.all(events.map((event) => deliver(event, webhooks)));
  };
  return (event) => {
    noted.push({ event, timestamp: now() });
    if (noted.length > 1) return;
    setTimeout(() => send().catch((error: unknown) => report(newId('webhook'), error)), GATHER_MS).unref();
  };
}

interface Noted {
  readonly event: StudioEvent;
  readonly timestamp: string;
}
