import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createEmbeddedEngine } from '../src/engine-embedded/index.ts';
import { type ServedBase, serveEngine } from '../src/engine-server/index.ts';

const KEY = 'tml-interop-of-this-machine';

/** Runs a script of this folder against a server of ours, whose address and key it gets with its request. */
export async function askThroughServer<A>(
  python: string,
  script: string,
  { bases, request }: { readonly bases: readonly ServedBase[]; readonly request: object },
): Promise<A> {
  const engine = createEmbeddedEngine({ threads: 1 });
  const folder = mkdtempSync(join(tmpdir(), 'goodhart-served-'));
  const report = (id: string, error: unknown) => process.stderr.write(`${id}: ${String(error)}\n`);
  const server = await serveEngine({ engine, bases, folder, port: 0, key: KEY, report });
  try {
    const child = spawn(python, [fileURLToPath(new URL(script, import.meta.url))], { stdio: 'pipe' });
    let [out, complaint] = ['', ''];
    child.stdout.on('data', (text: Buffer) => {
      out += text.toString();
    });
    child.stderr.on('data', (text: Buffer) => {
      complaint += text.toString();
    });
    child.stdin.end(JSON.stringify({ ...request, url: server.url, key: KEY, folder }));
    const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
    if (status !== 0) throw new Error(`${python}: ${complaint}`);
    // Libraries may print before it.
    const { versions, answers } = JSON.parse(out.trim().split('\n').at(-1)!) as {
      readonly versions: Readonly<Record<string, string>>;
      readonly answers: A;
    };
    process.stdout.write(`against ${Object.entries(versions).flat().join(' ')}\n`);
    return answers;
  } finally {
    await server.close();
    await engine.dispose();
    rmSync(folder, { recursive: true, force: true });
  }
}
