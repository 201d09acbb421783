import {
  type Block,
  type Cell,
  figure,
  type Reference,
  type Section,
  type Verdict,
  valueText,
} from '../report/index.ts';
import { type Disclosure, type DisclosureItem, type Statement, stepText } from './build.ts';
import { notAssessedText } from './risks.ts';

/** Where a value stands in the run folder. */
const place = ({ file, pointer }: Pick<Statement, 'file' | 'pointer'>): Reference => ({
  ref: 'file',
  ids: [file],
  text: `${file}#${pointer}`,
});

/** Status of an item, and what it rests on: a setting that was asked for measures nothing. */
export function statusOf({ status, basis }: DisclosureItem): Verdict {
  const by = basis === 'configuration' ? ' by configuration' : basis === 'person' ? ' by a person' : '';
  return { tone: status, text: `${status}${by}` };
}

/** The eleven items with their status: what fits on one screen. */
export function disclosureSection({ items }: Disclosure): Section {
  const count = (status: DisclosureItem['status']) => items.filter((item) => item.status === status).length;
  return {
    id: 'disclosure',
    title: 'Disclosure',
    note: `The ${items.length} items of Casper et al. (2023): ${count('measured')} measured, ${count('declared')} declared, ${count('missing')} missing. Measured rests on evidence of the run; declared on a person’s word or on the configuration alone; of what is missing nothing is known.`,
    blocks: [
      {
        kind: 'table',
        name: 'Disclosure by item',
        columns: [{ title: 'Item' }, { title: 'Status' }, { title: 'About' }, { title: 'What it covers' }],
        rows: items.map((item): Cell[] => [item.id, statusOf(item), item.category, item.title]),
      },
    ],
  };
}

/** Every value that is disclosed, its place, the findings that inform its item, and what people declared. */
export const disclosedSection = ({ items }: Disclosure): Section => ({
  id: 'disclosed',
  title: 'What is disclosed, and where it stands',
  note: 'Values are read from the files named; goodhart verify reads them again.',
  detail: true,
  blocks: items.flatMap(itemBlocks),
});

function itemBlocks(item: DisclosureItem): Block[] {
  const { id, title, statements, findings, declaration } = item;
  return [
    { kind: 'heading', text: `${id} ${title}` },
    {
      kind: 'verdict',
      verdict: statusOf(item),
      text: `${item.status === 'missing' ? 'Nothing is known: neither evidence nor declaration. ' : ''}${informedBy(id, findings)}`,
    },
    ...(statements.length === 0
      ? []
      : [
          {
            kind: 'facts',
            name: `${id} ${title}`,
            rows: statements.map((statement): readonly [string, Cell] => [
              `${statement.label}${statement.basis === 'configuration' ? ', as configured' : ''}`,
              [`${valueText(statement.value)} · `, place(statement)],
            ]),
          } as const,
        ]),
    ...(declaration === undefined
      ? []
      : [
          {
            kind: 'text',
            text: `Declared by ${declaration.author}, ${declaration.date}: ${declaration.text}${claimsText(declaration)}`,
          } as const,
        ]),
  ];
}

const claimsText = ({ claims = [], data, plan = [] }: NonNullable<DisclosureItem['declaration']>): string =>
  [
    ...plan.map((step) => ` ${stepText(step)}.`),
    ...claims.map(
      ({ file, pointer, value }) =>
        ` Claims ${typeof value === 'number' ? figure(value) : value} for ${file}#${pointer}.`,
    ),
    ...(data === undefined ? [] : [` About the data ${data}.`]),
  ].join('');

/** The findings that inform an item: the assessed ones with their verdicts. */
function informedBy(id: DisclosureItem['id'], findings: readonly Statement[]): string {
  const assessed = findings.filter(({ value }) => value !== 'not-assessed');
  const rest = notAssessedText(id, findings);
  const parts = [
    ...assessed.map(({ label, value }) => `${label} ${valueText(value)}`),
    ...(rest === undefined ? [] : [rest]),
  ];
  return parts.length === 0 ? '' : `Findings: ${parts.join('; ')}`;
}
