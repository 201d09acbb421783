import { z } from 'zod';
import { type Finding, NO_PROBE } from '../audit/index.ts';
import { CheckError, own } from '../run/index.ts';
import { DISCLOSURE_IDS, DISCLOSURE_ITEMS, type DisclosureId } from './items.ts';

/** Where a value stands: a JSON file of the run folder and a pointer (RFC 6901) into it. */
export interface EvidencePointer {
  readonly file: string;
  readonly pointer: string;
}

/** A measured statement: the value is what stood at the pointer when the disclosure was made, and a verifier looks again. */
export interface Statement extends EvidencePointer {
  readonly label: string;
  readonly value: unknown;
}

/** A statement by a person. `claims` are numbers in it that evidence can confirm or contradict. */
export interface Declaration {
  readonly text: string;
  readonly author: string;
  readonly date: string;
  readonly claims?: readonly (EvidencePointer & { readonly value: number })[] | undefined;
}

export interface DisclosureItem {
  readonly id: DisclosureId;
  readonly category: string;
  readonly title: string;
  readonly status: 'measured' | 'declared' | 'missing';
  readonly statements: readonly Statement[];
  readonly declaration?: Declaration;
  /** Findings that inform the item, by challenge and probe, with the place of each. */
  readonly findings: readonly Statement[];
}

export interface Disclosure {
  readonly format: 'goodhart-disclosure-1';
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
  claims: z.array(z.strictObject({ file: z.string(), pointer: z.string(), value: z.number() })).optional(),
});

/** A disclosure as it must stand in a file, whoever wrote it. */
export const disclosureSchema: z.ZodType<Disclosure> = z.strictObject({
  format: z.literal('goodhart-disclosure-1'),
  run: z.string(),
  items: z.array(
    z.strictObject({
      id: z.enum(DISCLOSURE_IDS as [DisclosureId, ...DisclosureId[]]),
      category: z.string(),
      title: z.string(),
      status: z.enum(['measured', 'declared', 'missing']),
      statements: z.array(statementSchema),
      declaration: declarationSchema.exactOptional(),
      findings: z.array(statementSchema),
    }),
  ),
});

/** A finding by challenge and probe: `R4 over-optimisation`; the challenge alone where it has no probe. */
export const findingLabel = ({ challenge, probe }: Pick<Finding, 'challenge' | 'probe'>): string =>
  probe === NO_PROBE ? challenge : `${challenge} ${probe}`;

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

function checkClaims(id: string, declaration: Declaration, read: ReadJson): void {
  for (const { file, pointer, value } of declaration.claims ?? []) {
    const evidence = atPointer(read(file), pointer);
    if (typeof evidence !== 'number' || Math.abs(evidence - value) > 0.005 * Math.max(1, Math.abs(evidence))) {
      throw new CheckError(
        'contradiction',
        `declaration ${id}: claims ${value} for ${file}#${pointer}, but the evidence says ${JSON.stringify(evidence)}; correct the text`,
      );
    }
  }
}

/**
 * Joins evidence and declarations into the eleven items. An item is `measured` when evidence holds a value for at least one
 * of its statements, else `declared` when somebody signed a text for it, else `missing`. A text that contradicts evidence
 * fails the whole disclosure.
 */
export function buildDisclosure(input: {
  readonly run: string;
  /** Where values may stand. A supporting one is shown, but does not by itself make an item measured. */
  readonly statements: readonly (EvidencePointer & { item: DisclosureId; label: string; supporting?: boolean })[];
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
    const statements = known.map(({ label, file, pointer, value }) => ({ label, file, pointer, value }));
    const informing = findings.flatMap((finding, i): Statement[] =>
      (challenges as readonly string[]).includes(finding.challenge)
        ? [{ label: findingLabel(finding), file: findingsFile, pointer: `/${i}/verdict`, value: finding.verdict }]
        : [],
    );
    const measured = known.some((s) => s.supporting !== true) || informing.some((s) => s.value !== 'not-assessed');
    const declaration = declarations[id];
    return {
      id,
      category,
      title,
      status: measured ? 'measured' : declaration !== undefined ? 'declared' : 'missing',
      statements,
      findings: informing,
      ...(declaration !== undefined && { declaration }),
    };
  });
  return { format: 'goodhart-disclosure-1', run, items };
}
