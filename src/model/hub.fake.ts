import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A small hub: the three requests of its API that a download makes, over HTTP on this machine. */
export interface FakeHub {
  readonly url: string;
  readonly requests: string[];
  /** Bytes of a file after which the connection is torn, once for every entry, at the first file that is longer. */
  readonly cuts: number[];
  /** What is served instead of a file's bytes. */
  readonly altered: Map<string, Buffer>;
  token: string | undefined;
  close(): Promise<void>;
}

const COMMIT = '0123456789abcdef0123456789abcdef01234567';
const LARGE = 1000;

function listed(path: string, bytes: Buffer): object {
  const sha1 = createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
  const entry = { type: 'file', path, size: bytes.length, oid: sha1 };
  if (bytes.length < LARGE) return entry;
  return {
    ...entry,
    lfs: { oid: createHash('sha256').update(bytes).digest('hex'), size: bytes.length, pointerSize: 130 },
  };
}

/** Serves one repository of the given files. */
export async function startFakeHub(id: string, files: ReadonlyMap<string, Buffer>): Promise<FakeHub> {
  const requests: string[] = [];
  const cuts: number[] = [];
  const altered = new Map<string, Buffer>();
  const json = (response: ServerResponse, status: number, value: unknown) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));

  const sendFile = (request: IncomingMessage, response: ServerResponse, path: string) => {
    const bytes = altered.get(path) ?? files.get(path);
    if (bytes === undefined) return json(response, 404, { error: 'Entry not found' });
    const range = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? '');
    const [start, end] =
      range === null ? [0, bytes.length] : [Number(range[1]), Math.min(bytes.length, Number(range[2]) + 1)];
    const part = bytes.subarray(start, end);
    const headers = { etag: `"${path}"`, 'content-length': part.length };
    const place = range === null ? {} : { 'content-range': `bytes ${start}-${end - 1}/${bytes.length}` };
    response.writeHead(range === null ? 200 : 206, { ...headers, ...place });
    if (cuts[0] === undefined || cuts[0] >= part.length) return response.end(part);
    const cut = cuts.shift();
    return response.write(part.subarray(0, cut), () => setTimeout(() => response.destroy(), 20));
  };

  const server = createServer((request, response) => {
    const url = new URL(request.url!, 'http://hub');
    requests.push(`${url.pathname}${request.headers.range === undefined ? '' : ` ${request.headers.range}`}`);
    if (hub.token !== undefined && request.headers.authorization !== `Bearer ${hub.token}`) {
      return json(response, 401, { error: 'Invalid username or password.' });
    }
    if (url.pathname.startsWith(`/api/models/${id}/revision/`)) {
      const known = ['main', 'v1'].includes(url.pathname.split('/').at(-1)!);
      return known
        ? json(response, 200, { _id: '1', id, sha: COMMIT, lastModified: '2026-01-01T00:00:00.000Z' })
        : json(response, 404, { error: 'Invalid rev id' });
    }
    if (url.pathname === `/api/models/${id}/tree/${COMMIT}`) {
      return json(response, 200, [
        { type: 'directory', path: 'onnx', size: 0, oid: '0' },
        ...[...files].map(([path, bytes]) => listed(path, bytes)),
      ]);
    }
    const resolved = `/${id}/resolve/${COMMIT}/`;
    if (url.pathname.startsWith(resolved)) return sendFile(request, response, url.pathname.slice(resolved.length));
    return json(response, 404, { error: 'Repository not found' });
  });
  const hub: FakeHub = {
    url: '',
    requests,
    cuts,
    altered,
    token: undefined,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(hub, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}
