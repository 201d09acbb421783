import { type ReportDocument, visibleLine } from '../../report/index.ts';
import { archivePieces, type Piece, pieceFolder } from './blob-folder.ts';
import { checkFolder, type Given } from './check.ts';

/** What the page asks its thread for. */
export interface Asked {
  /** Files of a folder with their paths in it, or one archive. */
  readonly chosen:
    | { readonly files: readonly { readonly path: string; readonly file: Blob }[] }
    | { readonly archive: Blob };
  readonly name: string;
  readonly given: Given;
}
export type Answer = { readonly document: ReportDocument } | { readonly fault: string };

/** What a thread has besides the page: reading a file at once. */
declare class FileReaderSync {
  readAsArrayBuffer(blob: Blob): ArrayBuffer;
}

const pieceOf = (blob: Blob): Piece => ({
  size: blob.size,
  read: (at, length) => new Uint8Array(new FileReaderSync().readAsArrayBuffer(blob.slice(at, at + length))),
});

const MOST_UNPACKED = 16 * 1024 ** 3;
/** Text packs 3 to 30 times, a bomb 1,000 times. */
const MOST_RATIO = 250;

/** An archive, unpacked where it is gzip. */
async function unpacked(archive: Blob): Promise<Blob> {
  const [first, second] = new Uint8Array(await archive.slice(0, 2).arrayBuffer());
  if (first !== 0x1f || second !== 0x8b) return archive;
  let bytes = 0;
  const parts: Blob[] = [];
  const reader = archive.stream().pipeThrough(new DecompressionStream('gzip')).getReader();
  for (;;) {
    const { done, value } = await reader.read().catch(() => {
      throw new Error('expected a whole gzip file, got a truncated or damaged one');
    });
    if (done) return new Blob(parts);
    bytes += value.length;
    if (bytes > MOST_UNPACKED || bytes > MOST_RATIO * archive.size + 2 ** 20)
      throw new Error('expected an archive of a run, got one that unpacks to far more than it is');
    parts.push(new Blob([value]));
  }
}

async function answerOf({ chosen, name, given }: Asked): Promise<Answer> {
  try {
    const pieces =
      'archive' in chosen
        ? archivePieces(pieceOf(await unpacked(chosen.archive)))
        : new Map(chosen.files.map(({ path, file }) => [path, pieceOf(file)]));
    return { document: await checkFolder(pieceFolder(name, pieces), given) };
  } catch (error) {
    return { fault: visibleLine((error as Error).message) };
  }
}

/** Answers the page, in a thread of its own. */
export function serveWorker(): void {
  self.addEventListener('message', ({ data }: MessageEvent<Asked>) => {
    void answerOf(data).then((answer) => self.postMessage(answer));
  });
}
