/**
 * Writes `src/server/access/confusables.json` from Unicode's table of characters that look alike (UTS #39):
 *
 *   curl -O https://www.unicode.org/Public/security/latest/confusables.txt
 *   npx tsx scripts/confusables.ts confusables.txt
 *
 * What ends in no letter or digit is left out: names are compared by these alone.
 */
import { readFileSync } from 'node:fs';
import { writeFileAtomic } from '../src/run/node.ts';

const [path] = process.argv.slice(2);
if (path === undefined) throw new Error('usage: npx tsx scripts/confusables.ts <confusables.txt>');
const text = readFileSync(path, 'utf8');
const version = /^# Version: (\S+)$/m.exec(text)?.[1];
if (version === undefined) throw new Error(`${path}: expected Unicode's confusables.txt, got a file without a version`);
const characters = (field: string) =>
  field
    .trim()
    .split(/\s+/)
    .map((code) => String.fromCodePoint(Number.parseInt(code, 16)));
const like = new Map<string, string>();
for (const line of text.split('\n')) {
  const [source, target] = line.replace(/#.*$/, '').split(';');
  if (source === undefined || target === undefined) continue;
  const shown = characters(target).join('');
  if (!/[\p{L}\p{N}]/u.test(shown)) continue;
  like.set(shown, `${like.get(shown) ?? ''}${characters(source).join('')}`);
}
const sorted = Object.fromEntries([...like].sort(([a], [b]) => (a < b ? -1 : 1)));
const table = {
  source: 'Unicode confusables.txt',
  version,
  licence: 'Unicode-3.0 (confusables.LICENSE)',
  like: sorted,
};
writeFileAtomic('src/server/access/confusables.json', `${JSON.stringify(table, null, 2)}\n`);
