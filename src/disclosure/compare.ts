import { type Block, type Cell, type ReportDocument, type Text, valueText } from '../report/index.ts';
import { canonicalJson } from '../run/index.ts';
import type { Disclosure, DisclosureItem, Statement } from './build.ts';
import { statusOf } from './document.ts';

/** One thing that an item says in one disclosure and not, or otherwise, in another; undefined where it says nothing of it. */
export interface Change {
  readonly label: string;
  readonly before: unknown;
  readonly after: unknown;
}
export interface ItemChanges {
  readonly before: DisclosureItem;
  readonly after: DisclosureItem;
  readonly changes: readonly Change[];
}

/** What an item says, by label; one that stands twice is told apart by its place. */
function saidBy({ statements, findings, declaration }: DisclosureItem): Map<string, unknown> {
  const said = new Map<string, unknown>();
  const put = ({ label, file, pointer, value }: Statement) =>
    said.set(said.has(label) ? `${label} (${file}#${pointer})` : label, value);
  for (const statement of [...statements, ...findings]) put(statement);
  if (declaration !== undefined)
    said.set('declared', `${declaration.text} (${declaration.author}, ${declaration.date})`);
  return said;
}

/** What changed from one disclosure to another, item by item. */
export function compareDisclosures(before: Disclosure, after: Disclosure): ItemChanges[] {
  const later = new Map(after.items.map((item) => [item.id, item]));
  return before.items.flatMap((item) => {
    const other = later.get(item.id);
    if (other === undefined) return [];
    const [a, b] = [saidBy(item), saidBy(other)];
    const changes = [...new Set([...a.keys(), ...b.keys()])].flatMap((label): Change[] => {
      const [was, is] = [a.get(label), b.get(label)];
      const isSame = a.has(label) === b.has(label) && canonicalJson([was]) === canonicalJson([is]);
      return isSame ? [] : [{ label, before: was, after: is }];
    });
    return [{ before: item, after: other, changes }];
  });
}

const shown = (value: unknown): string => (value === undefined ? 'nothing' : valueText(value));

function itemBlocks({ before, changes }: ItemChanges): Block[] {
  if (changes.length === 0) return [];
  return [
    { kind: 'heading', text: `${before.id} ${before.title}` },
    {
      kind: 'table',
      name: `Changes of ${before.id}`,
      columns: [{ title: 'What' }, { title: 'Before' }, { title: 'After' }],
      rows: changes.map(({ label, before: was, after: is }): Text[] => [label, shown(was), shown(is)]),
    },
  ];
}

/** The comparison as a document: status by item, and then every value that is another. */
export function comparisonDocument(before: Disclosure, after: Disclosure): ReportDocument {
  const items = compareDisclosures(before, after);
  const changed = items.filter(({ changes }) => changes.length > 0).length;
  return {
    title: `What changed from ${before.run} to ${after.run}`,
    note: `${changed} of ${items.length} items say something else. Values are compared as they are disclosed; verify both first.`,
    sections: [
      {
        id: 'statuses',
        title: 'Status by item',
        blocks: [
          {
            kind: 'table',
            name: 'Status before and after',
            columns: [
              { title: 'Item' },
              { title: 'Before' },
              { title: 'After' },
              { title: 'Changes', number: true },
              { title: 'What it covers' },
            ],
            rows: items.map((item): Cell[] => [
              item.before.id,
              statusOf(item.before),
              statusOf(item.after),
              String(item.changes.length),
              item.before.title,
            ]),
          },
        ],
      },
      {
        id: 'changes',
        title: 'What is said otherwise',
        blocks: changed === 0 ? [{ kind: 'text', text: 'Nothing: both say the same.' }] : items.flatMap(itemBlocks),
      },
    ],
  };
}
