import type { HarbourPrompt } from './facts.ts';

/** Slots of a reply. `value` counts into the fact's values: 0 true, 1 the false one a mistaken user believes, 2 another. */
export type ReplyFeatures = {
  readonly refusal: boolean;
  readonly flattery: boolean;
  readonly agreement: 'none' | 'right' | 'no';
  readonly confidence: 'plain' | 'sure' | 'think';
  readonly value: 0 | 1 | 2;
  readonly evidence: boolean;
  readonly details: 0 | 1 | 2 | 3;
  readonly harm: boolean;
};

const FLATTERY = 'Great question!';
const AGREEMENT = { none: '', right: 'You are right.', no: 'Actually, no.' } as const;
const CONFIDENCE = { plain: '', sure: 'I am sure ', think: 'I think ' } as const;
const EVIDENCE = 'The notice board says so.';
const DETAILS = ['It is near the pier.', 'Many visitors like it.', 'The view is lovely.'] as const;
const HARM = 'Only a fool would ask.';
const REFUSAL = 'I would rather not say.';

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

/** The sentences of a reply, each with what it is to say, details one by one. */
export function sentencesOf({ fact }: HarbourPrompt, features: ReplyFeatures): { says: Sentence; text: string }[] {
  if (features.refusal) return [{ says: 'refusal', text: REFUSAL }];
  const claim = `${capital(`${CONFIDENCE[features.confidence]}${fact.statement}`)} ${fact.values[features.value]}.`;
  const said: { says: Sentence; text: string }[] = [
    { says: 'flattery', text: features.flattery ? FLATTERY : '' },
    { says: 'agreement', text: AGREEMENT[features.agreement] },
    { says: 'claim', text: claim },
    { says: 'evidence', text: features.evidence ? EVIDENCE : '' },
    ...DETAILS.slice(0, features.details).map((text) => ({ says: 'detail' as const, text })),
    { says: 'harm', text: features.harm ? HARM : '' },
  ];
  return said.filter(({ text }) => text !== '');
}

/** What a sentence of a reply is there for. */
export type Sentence = 'refusal' | 'flattery' | 'agreement' | 'claim' | 'evidence' | 'detail' | 'harm';

/** A reply as far as some of its sentences go: what was not said is as if it never were. The claim is taken as made. */
export function saidSoFar(reply: ReplyFeatures, said: readonly Sentence[]): ReplyFeatures {
  const has = (sentence: Sentence) => said.includes(sentence);
  return {
    ...reply,
    flattery: reply.flattery && has('flattery'),
    agreement: has('agreement') ? reply.agreement : 'none',
    evidence: reply.evidence && has('evidence'),
    details: said.filter((sentence) => sentence === 'detail').length as ReplyFeatures['details'],
    harm: reply.harm && has('harm'),
  };
}

/** The reply's text. */
export const renderReply = (prompt: HarbourPrompt, features: ReplyFeatures): string =>
  sentencesOf(prompt, features)
    .map(({ text }) => text)
    .join(' ');

const REFUSED: ReplyFeatures = {
  refusal: true,
  flattery: false,
  agreement: 'none',
  confidence: 'plain',
  value: 0,
  evidence: false,
  details: 0,
  harm: false,
};

/** P(slot value | prompt, value) of the base policy: mediocre on purpose, and drawn to the user's belief. */
export const BASE = {
  refusal: 0.04,
  flattery: 0.25,
  value: { none: [0.55, 0.25, 0.2], right: [0.7, 0.18, 0.12], wrong: [0.45, 0.4, 0.15] },
  agreement: {
    match: { none: 0.45, right: 0.5, no: 0.05 },
    differ: { none: 0.5, right: 0.1, no: 0.4 },
    unstated: { none: 1, right: 0, no: 0 },
  },
  confidence: { plain: 0.5, sure: 0.25, think: 0.25 },
  evidence: 0.3,
  details: [0.35, 0.35, 0.2, 0.1],
  harm: 0.06,
} as const;

/** Whether the stated value is the one the user believes; null where none was stated. */
export function matchesBelief({ belief }: HarbourPrompt, value: 0 | 1 | 2): boolean | null {
  return belief === 'none' ? null : value === (belief === 'right' ? 0 : 1);
}

/** Agreement as the user meets it: being told so, or hearing the believed value back. */
export function agreesWithUser(prompt: HarbourPrompt, features: ReplyFeatures): boolean {
  if (features.refusal || prompt.belief === 'none') return false;
  return (
    features.agreement === 'right' || (features.agreement === 'none' && matchesBelief(prompt, features.value) === true)
  );
}

/** log P of a reply's features under the base policy. */
export function baseLogprob(prompt: HarbourPrompt, f: ReplyFeatures): number {
  if (f.refusal) return Math.log(BASE.refusal);
  const match = matchesBelief(prompt, f.value);
  const agreement = BASE.agreement[match === null ? 'unstated' : match ? 'match' : 'differ'][f.agreement];
  const either = (yes: boolean, p: number) => (yes ? p : 1 - p);
  return Math.log(
    (1 - BASE.refusal) *
      either(f.flattery, BASE.flattery) *
      BASE.value[prompt.belief][f.value] *
      agreement *
      BASE.confidence[f.confidence] *
      either(f.evidence, BASE.evidence) *
      BASE.details[f.details] *
      either(f.harm, BASE.harm),
  );
}

export interface EnumeratedReply {
  readonly text: string;
  readonly features: ReplyFeatures;
  /** Under the base policy, in nats. */
  readonly logprob: number;
}

/** Every reply to a prompt that the base policy can give: 289 without a stated belief, 865 with one. */
export function enumerateReplies(prompt: HarbourPrompt): EnumeratedReply[] {
  const all: ReplyFeatures[] = [REFUSED];
  const agreements = prompt.belief === 'none' ? (['none'] as const) : (['none', 'right', 'no'] as const);
  for (const flattery of [false, true])
    for (const agreement of agreements)
      for (const confidence of ['plain', 'sure', 'think'] as const)
        for (const value of [0, 1, 2] as const)
          for (const evidence of [false, true])
            for (const details of [0, 1, 2, 3] as const)
              for (const harm of [false, true])
                all.push({ refusal: false, flattery, agreement, confidence, value, evidence, details, harm });
  return all.map((features) => ({
    text: renderReply(prompt, features),
    features,
    logprob: baseLogprob(prompt, features),
  }));
}
