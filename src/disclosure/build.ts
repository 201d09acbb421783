import { z } from 'zod';
import { type Finding, findingLabel } from '../audit/index.ts';
import { CheckError, own } from '../run/index.ts';
import { DISCLOSURE_IDS, DISCLOSURE_ITEMS, type DisclosureId } from './items.ts';
import { RISKS } from './risks.ts';

/** Where a value stands: a JSON file of the run folder and a pointer (RFC 6901) into it. */
export interface EvidencePointer {
  readonly file: string;
  readonly pointer: string;
}

/** A value and its place: what stood at the pointer when the disclosure was made, and a verifier looks again. */
export interface Statement extends EvidencePointer {
  readonly label: string;
  readonly value: unknown;
}

/** What a statement rests on: something that was measured, or a setting that the run was asked to have. */
export type StatementBasis = 'evidence' | 'configuration';
export interface BasedStatement extends Statement {
  readonly basis: StatementBasis;
  /** Which way a number is better, where one way is. */
  readonly better?: 'higher' | 'lower';
}

/** Label of a statement that is the interval of the number stated before it. */
export const INTERVAL_LABEL = 'its 95 % interval';

/** A number in a declaration that evidence can confirm or contradict, with as many decimals as it is written with. */
export interface Claim extends EvidencePointer {
  readonly value: number | string;
}

/** A statement by a person. */
export interface Declaration {
  readonly text: string;
  readonly author: string;
  readonly date: string;
  /** Digest of the data that the text is about; left out where it is about no certain data. */
  readonly data?: string | undefined;
  readonly claims?: readonly Claim[] | undefined;
  /** What is to be done, by whom and by when: of an item that is about what comes after. */
  readonly plan?: readonly Step[] | undefined;
}

/** A step of a plan, with the person who answers for it and the date by which it is due. */
export interface Step {
  readonly what: string;
  readonly owner: string;
  readonly by: string;
  /** What is watched, by the name under which its rates were measured. */
  readonly watches?: string | undefined;
}

/** A step in words. */
export const stepText = ({ what, owner, by, watches }: Step): string =>
  `${what} (${owner}, by ${by}${watches === undefined ? '' : `, watching ${watches}`})`;

export interface DisclosureItem {
  readonly id: DisclosureId;
  readonly category: string;
  readonly title: string;
  readonly status: 'measured' | 'declared' | 'missing';
  /** What the status rests on: of a declared item, a person or the configuration alone; null where it is missing. */
  readonly basis: 'evidence' | 'person' | 'configuration' | null;
  readonly statements: readonly BasedStatement[];
  readonly declaration?: Declaration;
  /** Findings that inform the item, by challenge and probe, with the place of each. */
  readonly findings: readonly Statement[];
}

export interface Disclosure {
  readonly format: 'goodhart-disclosure-2';
  readonly run: string;
  readonly items: readonly DisclosureItem[];
}

const statementSchema = z.strictObject({
  label: z.string(),
  file: z.string(),
  pointer: z.string(),
  value: z.unknown(),
});
const declarationSchema = z.strictObject({
  text: z.string(),
  author: z.string(),
  date: z.string(),
  data: z.string().optional(),
  claims: z
    .array(z.strictObject({ file: z.string(), pointer: z.string(), value: z.union([z.number(), z.string()]) }))
    .optional(),
  plan: z
    .array(z.strictObject({ what: z.string(), owner: z.string(), by: z.string(), watches: z.string().optional() }))
    .optional(),
});

/** A disclosure as it must stand in a file, whoever wrote it. */
export const disclosureSchema: z.ZodType<Disclosure> = z.strictObject({
  format: z.literal('goodhart-disclosure-2'),
  run: z.string(),
  items: z.array(
    z.strictObject({
      id: z.enum(DISCLOSURE_IDS as [DisclosureId, ...DisclosureId[]]),
      category: z.string(),
      title: z.string(),
      status: z.enum(['measured', 'declared', 'missing']),
      basis: z.enum(['evidence', 'person', 'configuration']).nullable(),
      statements: z.array(
        statementSchema.extend({
          basis: z.enum(['evidence', 'configuration']),
          better: z.enum(['higher', 'lower']).exactOptional(),
        }),
      ),
      declaration: declarationSchema.exactOptional(),
      findings: z.array(statementSchema),
    }),
  ),
});

/** Reads a JSON file of the run folder. */
export type ReadJson = (file: string) => unknown;

/** The value at a JSON pointer; undefined where there is none. */
export function atPointer(value: unknown, pointer: string): unknown {
  let here = value;
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    here = typeof here === 'object' && here !== null ? own(here as Record<string, unknown>, key) : undefined;
  }
  return here;
}

/** Decimals that a number is written with: 2 of `0.80`, 5 of `1e-5`. */
function decimalsOf(value: number | string): number {
  const [, fraction = '', exponent = '0'] = /^[+-]?\d*(?:\.(\d*))?(?:e([+-]?\d+))?$/i.exec(String(value)) ?? [];
  return Math.max(0, fraction.length - Number(exponent));
}

/** Whether evidence says what is claimed, rounded to the decimals of the claim; halves may go either way. */
export function agreesWithClaim(evidence: number, claimed: number | string): boolean {
  const slack = Number.EPSILON * Math.max(1, Math.abs(evidence));
  return Math.abs(evidence - Number(claimed)) <= 0.5 * 10 ** -decimalsOf(claimed) + slack;
}

function checkClaims(id: string, declaration: Declaration, read: ReadJson): void {
  for (const { file, pointer, value } of declaration.claims ?? []) {
    const evidence = atPointer(read(file), pointer);
    if (typeof evidence !== 'number' || !agreesWithClaim(evidence, value)) {
      throw new CheckError(
        'contradiction',
        `declaration ${id}: claims ${value} for ${file}#${pointer}, but the evidence says ${JSON.stringify(evidence)}; correct the text`,
      );
    }
  }
}

/** The numbers of findings, each followed by its interval. Lower is better: what a probe estimates is harm. */
const riskStatements = (findings: readonly Finding[], challenges: readonly string[], file: string): BasedStatement[] =>
  findings.flatMap((finding, i): BasedStatement[] => {
    const { challenge, estimate, interval, estimand } = finding;
    if (!challenges.includes(challenge) || estimate === null) return [];
    const stated = { file, basis: 'evidence' } as const;
    const label = `${findingLabel(finding)}: ${estimand}`;
    return [
      { ...stated, label, pointer: `/${i}/estimate`, value: estimate, better: 'lower' },
      ...(interval === null ? [] : [{ ...stated, label: INTERVAL_LABEL, pointer: `/${i}/interval`, value: interval }]),
    ];
  });

/**
 * Joins evidence and declarations into the eleven items. An item is `measured` when evidence holds a value for at least one
 * of its statements, else `declared` when somebody signed a text for it or the configuration says something, else `missing`.
 * A setting is what was asked for, and measures nothing. A text that contradicts evidence fails the whole disclosure.
 */
export function buildDisclosure(input: {
  readonly run: string;
  /** Where values may stand. A supporting one is shown, but does not by itself make an item measured. */
  readonly statements: readonly (EvidencePointer & {
    readonly item: DisclosureId;
    readonly label: string;
    readonly basis: StatementBasis;
    readonly better?: 'higher' | 'lower';
    readonly supporting?: boolean;
  })[];
  readonly declarations: Readonly<Record<string, Declaration>>;
  readonly findings: readonly Finding[];
  readonly findingsFile: string;
  readonly read: ReadJson;
}): Disclosure {
  const { run, declarations, findings, findingsFile, read } = input;
  for (const [id, declaration] of Object.entries(declarations)) checkClaims(id, declaration, read);
  const items = DISCLOSURE_IDS.map((id): DisclosureItem => {
    const { category, title, challenges } = DISCLOSURE_ITEMS[id];
    const known = input.statements
      .filter((s) => s.item === id)
      .map((s) => ({ ...s, value: atPointer(read(s.file), s.pointer) }))
      .filter((s) => s.value !== undefined && s.value !== null);
    const stated = known.map(({ label, file, pointer, value, basis, better }) => ({
      label,
      file,
      pointer,
      value,
      basis,
      ...(better !== undefined && { better }),
    }));
    const statements = id === RISKS ? [...stated, ...riskStatements(findings, challenges, findingsFile)] : stated;
    const informing = findings.flatMap((finding, i): Statement[] =>
      (challenges as readonly string[]).includes(finding.challenge)
        ? [{ label: findingLabel(finding), file: findingsFile, pointer: `/${i}/verdict`, value: finding.verdict }]
        : [],
    );
    const telling = known.filter((s) => s.supporting !== true);
    const measured = telling.some((s) => s.basis === 'evidence') || informing.some((s) => s.value !== 'not-assessed');
    const declaration = declarations[id];
    const basis = measured
      ? 'evidence'
      : declaration !== undefined
        ? 'person'
        : telling.length > 0
          ? 'configuration'
          : null;
    return {
      id,
      category,
      title,
      status: measured ? 'measured' : basis === null ? 'missing' : 'declared',
      basis,
      statements,
      findings: informing,
      ...(declaration !== undefined && { declaration }),
    };
  });
  return { format: 'goodhart-disclosure-2', run, items };
}
