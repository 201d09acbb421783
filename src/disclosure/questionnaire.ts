import type { Disclosure, DisclosureItem } from './build.ts';
import { DISCLOSURE_IDS, DISCLOSURE_ITEMS, type DisclosureId } from './items.ts';

/** What external auditors ask that no item of the disclosure answers: only who made the run knows. */
export const ASKED_OF_ISSUER = {
  'strongest-model': 'Is the model of this run the strongest one that was trained, and which others were?',
  elicitation: 'What was done to draw out what the model can do before it was evaluated?',
  'training-pressures': 'Was anything trained against, or selected by, what is measured here?',
  'reasoning-traces': 'Are raw reasoning traces kept, and who may read them?',
  surveys: 'Where people were asked: with which instrument, how many, and how was the question framed?',
  redaction: 'Who decided what is withheld, and may an auditor say in public whether that is fair?',
  independence: 'Who pays for this audit, what may the auditor not tell, and who may change or hold back the text?',
} as const;
export type AskedId = keyof typeof ASKED_OF_ISSUER;
export const ASKED_IDS = Object.keys(ASKED_OF_ISSUER) as AskedId[];

/** A question with its answer and where that comes from; both null where nothing is known. */
export interface Answered {
  readonly id: DisclosureId | AskedId;
  readonly question: string;
  readonly answer: string | null;
  readonly basis: 'evidence' | 'person' | 'configuration' | 'issuer' | null;
}

const shown = (value: unknown): string => {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
};

/** What an item says, joined from its parts: nothing is put into words that does not stand there. */
function answerOf({ statements, declaration, findings }: DisclosureItem): string | null {
  const assessed = findings.filter(({ value }) => value !== 'not-assessed');
  const parts = [
    ...(declaration === undefined
      ? []
      : [`${declaration.text} (declared by ${declaration.author}, ${declaration.date})`]),
    ...statements.map(({ label, value, file, pointer }) => `${label}: ${shown(value)} (${file}#${pointer})`),
    ...assessed.map(({ label, value, file, pointer }) => `${label}: ${shown(value)} (${file}#${pointer})`),
  ];
  return parts.length === 0 ? null : parts.join('; ');
}

/** The questionnaire, filled from what the disclosure says and what the issuer answered. */
export function questionnaire(
  { items }: Disclosure,
  answers: Readonly<Partial<Record<AskedId, string | undefined>>>,
): Answered[] {
  return [
    ...DISCLOSURE_IDS.map((id): Answered => {
      const item = items.find((one) => one.id === id);
      const answer = item === undefined ? null : answerOf(item);
      return { id, question: DISCLOSURE_ITEMS[id].title, answer, basis: answer === null ? null : item!.basis };
    }),
    ...ASKED_IDS.map((id): Answered => {
      const answer = answers[id] ?? null;
      return { id, question: ASKED_OF_ISSUER[id], answer, basis: answer === null ? null : 'issuer' };
    }),
  ];
}
