import { describe, expect, it } from 'vitest';
import { memoryFolder } from './folder.ts';
import { TAR_BLOCK, tarEntries, tarHeader, tarParts } from './tar.ts';

const text = (words: string) => new TextEncoder().encode(words);
const join = (parts: Iterable<Uint8Array>): Uint8Array => Uint8Array.from([...parts].flatMap((part) => [...part]));
const entriesOf = (archive: Uint8Array) =>
  tarEntries((at, length) => archive.subarray(at, at + length), archive.length).map(({ path, at, bytes }) => [
    path,
    new TextDecoder().decode(archive.subarray(at, at + bytes)),
  ]);
const long = `${'deep/'.repeat(30)}${'n'.repeat(90)}.json`;
const FILES = new Map([
  ['a.json', text('{}')],
  ['b/empty', text('')],
  ['b/ünï.txt', text('x'.repeat(TAR_BLOCK))],
  [long, text('far down')],
]);
const archive = join(tarParts([['run/', memoryFolder('made', FILES)]]));
/** The first header with bytes at a place, its sum made to fit. */
function altered(at: number, words: string): Uint8Array {
  const made = Uint8Array.from(archive);
  made.set(text(words), at);
  made.set(text(' '.repeat(8)), 148);
  const sum = made.subarray(0, TAR_BLOCK).reduce((total, byte) => total + byte, 0);
  made.set(text(`${sum.toString(8).padStart(6, '0')}\0 `), 148);
  return made;
}

describe('archives', () => {
  it('hold what was put in, the same bytes each time', () => {
    expect(entriesOf(archive)).toEqual([
      ['run/a.json', '{}'],
      ['run/b/empty', ''],
      ['run/b/ünï.txt', 'x'.repeat(TAR_BLOCK)],
      [`run/${long}`, 'far down'],
    ]);
    expect(join(tarParts([['run/', memoryFolder('again', new Map([...FILES].reverse()))]]))).toEqual(archive);
    expect(entriesOf(altered(0, 'run/b.json'))[0]).toEqual(['run/b.json', '{}']);
  });
  it.each([
    ['a path out', altered(0, '../a.json\0'), /leads elsewhere/],
    ['a path through', altered(0, 'x/../a.js\0'), /leads elsewhere/],
    ['an absolute path', altered(0, '/un/a.json'), /absolute path/],
    ['a drive', altered(0, 'C:n/a.json'), /absolute path/],
    ['a backslash', altered(0, 'run\\a.json'), /backslashes/],
    ['something behind a name', altered(0, 'run\0a.json'), /behind its end/],
    ['a link', altered(156, '2'), /a link/],
    ['a hard link', altered(156, '1'), /a link/],
    ['a device', altered(156, '3'), /no file/],
    ['attributes', altered(156, 'x'), /no file/],
    ['a name of another case', altered(0, `RUN/b/empty${'\0'.repeat(9)}`), /two files of one name/],
    ['a file where a folder is', altered(0, `run/b${'\0'.repeat(9)}`), /a file and a folder/],
    ['another format', altered(257, 'other'), /another format/],
    ['a wrong sum', Uint8Array.from(archive).fill(1, 0, 1), /sum is another/],
    ['bytes between', Uint8Array.from(archive).fill(1, TAR_BLOCK + 9, TAR_BLOCK + 10), /between two files/],
    ['bytes behind', Uint8Array.from([...archive, ...archive]), /behind its end/],
    ['a size beyond', altered(124, '77777777777'), /cut/],
    ['an end cut off', archive.subarray(0, archive.length - TAR_BLOCK), /cut/],
    ['nothing', new Uint8Array(), /something else/],
  ])('with %s are refused', (_, made, why) => {
    expect(() => entriesOf(made)).toThrow(why);
  });
  it('take no path that no system unpacks', () => {
    expect(() => tarHeader('n'.repeat(300), 0)).toThrow(/too long/);
    expect(() => tarHeader('../x', 0)).toThrow(/leads elsewhere/);
  });
});
