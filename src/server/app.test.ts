import { describe, expect, it } from 'vitest';
import { createApp, type ServerOptions } from './app.ts';

const run = { id: 'a', name: 'A', status: 'complete', startedAt: '2026-01-01', verdicts: { clear: 2 } } as const;
const options: ServerOptions = {
  listRuns: async () => [run],
  readRunFile: async (id, path) =>
    id === 'a' && path === 'report.html' ? new TextEncoder().encode('<h1>ok</h1>') : undefined,
  verify: async () => ({ ok: false, checks: 3, failures: ['run.json: digest differs'] }),
  webScript: async () => 'export {};',
};

describe('the local server', () => {
  const app = createApp(options);
  it('lists runs', async () => {
    expect(await (await app.request('/api/runs')).json()).toEqual({ runs: [run] });
  });
  it('serves a file of a run and 404s what is not there', async () => {
    const found = await app.request('/runs/a/report.html');
    expect(found.headers.get('content-type')).toContain('text/html');
    expect(await found.text()).toBe('<h1>ok</h1>');
    expect((await app.request('/runs/a/other.json')).status).toBe(404);
    expect((await app.request('/runs/b/report.html')).status).toBe(404);
  });
  it('verifies a run it knows and refuses one it does not', async () => {
    const answer = await app.request('/api/runs/a/verify', { method: 'POST' });
    expect(await answer.json()).toEqual({ ok: false, checks: 3, failures: ['run.json: digest differs'] });
    expect((await app.request('/api/runs/zzz/verify', { method: 'POST' })).status).toBe(404);
  });
  it('forbids inline script and foreign origins on every page', async () => {
    for (const path of ['/', '/api/runs', '/runs/a/report.html']) {
      const policy = (await app.request(path)).headers.get('content-security-policy') ?? '';
      expect(policy).toContain("default-src 'self'");
      expect(policy).not.toMatch(/script-src[^;]*unsafe-inline/);
    }
  });
});
