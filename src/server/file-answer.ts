import { createReadStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';

/** A file in a temporary folder of its own. */
export interface MadeFile {
  readonly folder: string;
  readonly path: string;
  /** What it is called when it is saved. */
  readonly name: string;
  /** Digest of what it is a copy of, where somebody is to prove that they have it. */
  readonly digest?: string;
}

/** Makes a file in a folder that is gone if that fails. */
export async function makeFile(make: (folder: string) => Promise<Omit<MadeFile, 'folder'>>): Promise<MadeFile> {
  const folder = await mkdtemp(join(tmpdir(), 'goodhart-file-'));
  try {
    return { folder, ...(await make(folder)) };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** A file as an answer: streamed, and removed when it was sent or the caller is gone. */
export class FileAnswer {
  readonly #file: MadeFile;

  constructor(file: MadeFile) {
    this.#file = file;
  }
  async respond(): Promise<Response> {
    const { folder, path, name, digest } = this.#file;
    const { size } = await stat(path);
    const stream = createReadStream(path);
    stream.once('close', () => void rm(folder, { recursive: true, force: true }));
    return new Response(Readable.toWeb(stream) as ReadableStream, {
      headers: {
        'content-type': 'application/octet-stream',
        'content-length': String(size),
        'content-disposition': `attachment; filename="${encodeURIComponent(basename(name))}"`,
        'cache-control': 'no-store',
        ...(digest !== undefined && { 'x-goodhart-digest': digest }),
      },
    });
  }
}
