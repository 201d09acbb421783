import type { RunsResponse, VerifyResponse } from '../server/index.ts';

/** The start page: lists runs, links their reports, and verifies a run on request. Text from runs is set as text, never as HTML. */

function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  text?: string,
  attributes: Readonly<Record<string, string>> = {},
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

/** Worst first. */
const VERDICTS = ['failure', 'concern', 'clear', 'not-assessed'] as const;
const SHORT = { dateStyle: 'medium', timeStyle: 'short' } as const;

async function fetchJson<T>(path: string, init?: RequestInit): Promise<T> {
  const response = await fetch(path, init);
  if (!response.ok)
    throw new Error(`${path} answered ${response.status}; reload the page or look at the server's output`);
  return (await response.json()) as T;
}

async function verify(id: string, status: HTMLElement): Promise<void> {
  status.textContent = 'verifying…';
  const { ok, checks, failures } = await fetchJson<VerifyResponse>(`/api/runs/${encodeURIComponent(id)}/verify`, {
    method: 'POST',
  });
  status.textContent = ok
    ? `✓ verified: ${checks} checks passed`
    : `✗ failed: ${failures[0] ?? 'unknown'}${failures.length > 1 ? ` and ${failures.length - 1} more` : ''}`;
}

function row(run: RunsResponse['runs'][number]): HTMLTableRowElement {
  const line = element('tr');
  const name = element('td');
  if (run.status === 'complete') {
    name.append(element('a', run.name, { href: `/runs/${encodeURIComponent(run.id)}/report.html` }));
  } else {
    name.textContent = run.name;
  }
  if (run.id !== run.name) name.append(element('br'), element('small', run.id));
  const verdicts = VERDICTS.filter((verdict) => run.verdicts[verdict] !== undefined)
    .map((verdict) => `${run.verdicts[verdict]} ${verdict.replace('-', ' ')}`)
    .join(', ');
  const started = element('time', new Date(run.startedAt).toLocaleString(undefined, SHORT), {
    datetime: run.startedAt,
  });
  const when = element('td');
  when.append(started);
  const status = element('output', undefined, { 'aria-live': 'polite' });
  const button = element('button', 'Verify', { type: 'button' });
  button.addEventListener('click', () => {
    verify(run.id, status).catch((error: Error) => {
      status.textContent = error.message;
    });
  });
  const action = element('td');
  if (run.status === 'complete') action.append(button, ' ', status);
  line.append(name, element('td', run.status), when, element('td', verdicts), action);
  return line;
}

async function show(): Promise<void> {
  const body = document.querySelector('tbody');
  const message = document.querySelector('#message');
  if (body === null || message === null) return;
  try {
    const { runs } = await fetchJson<RunsResponse>('/api/runs');
    body.replaceChildren(...runs.map(row));
    message.textContent = runs.length === 0 ? 'No runs here yet. Start one with: npm start' : '';
  } catch (error) {
    message.textContent = (error as Error).message;
  }
}

void show();
