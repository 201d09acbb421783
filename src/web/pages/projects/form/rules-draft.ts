import type { Distribution } from '../../../../feedback/index.ts';

/** Distribution rules as they are being written: texts of fields, empty for "no such rule". */
export interface RulesDraft {
  readonly overlap: string;
  readonly overlapPercent: string;
  readonly reservationMinutes: string;
  readonly perRaterCap: string;
  readonly order: Distribution['order'];
  readonly goldEvery: string;
  readonly goldMode: 'gold' | 'training';
  readonly repeatsEvery: string;
  readonly qualificationItems: string;
  readonly qualificationPercent: string;
  /** What decides on further judgments of an item. */
  readonly more: 'none' | 'extra' | 'adaptive';
  readonly extraBelowPercent: string;
  readonly extraMax: string;
  readonly adaptivePercent: string;
  readonly adaptiveAccuracyPercent: string;
  readonly adaptiveMin: string;
  readonly adaptiveMax: string;
  /** JSON, as stored. */
  readonly cohorts: string;
  readonly quotas: string;
}

export const NEW_RULES: RulesDraft = {
  overlap: '3',
  overlapPercent: '100',
  reservationMinutes: '30',
  perRaterCap: '',
  order: 'random',
  goldEvery: '',
  goldMode: 'gold',
  repeatsEvery: '',
  qualificationItems: '',
  qualificationPercent: '80',
  more: 'none',
  extraBelowPercent: '60',
  extraMax: '2',
  adaptivePercent: '90',
  adaptiveAccuracyPercent: '75',
  adaptiveMin: '2',
  adaptiveMax: '5',
  cohorts: '',
  quotas: '',
};

/** Rules, or what is wrong with a field, by field. */
export type RulesResult =
  | { readonly rules: Distribution }
  | { readonly faults: Readonly<Partial<Record<keyof RulesDraft, string>>> };

const given = (text: string) => text.trim() !== '';
const percentText = (share: number) => String(Number((share * 100).toPrecision(12)));
const listText = (list: readonly unknown[]) => (list.length === 0 ? '' : JSON.stringify(list, null, 2));

/** Reads the fields; a list of JSON is checked for being one here, for its content by the server. */
export function rulesOf(draft: RulesDraft): RulesResult {
  const faults: Partial<Record<keyof RulesDraft, string>> = {};
  const whole = (field: keyof RulesDraft, least: number): number => {
    const value = given(draft[field]) ? Number(draft[field]) : Number.NaN;
    if (!Number.isInteger(value) || value < least) faults[field] = `Expected a whole number from ${least} up.`;
    return value;
  };
  const share = (field: keyof RulesDraft): number => {
    const value = given(draft[field]) ? Number(draft[field]) : Number.NaN;
    if (!(value >= 0 && value <= 100)) faults[field] = 'Expected a percentage from 0 to 100.';
    return value / 100;
  };
  const odds = (field: keyof RulesDraft): number => {
    const value = share(field);
    if (faults[field] === undefined && !(value > 0.5 && value < 1)) faults[field] = 'Expected above 50 and below 100.';
    return value;
  };
  const list = (field: 'cohorts' | 'quotas'): never[] => {
    if (!given(draft[field])) return [];
    try {
      const value: unknown = JSON.parse(draft[field]);
      if (Array.isArray(value)) return value as never[];
      faults[field] = 'Expected a list in square brackets.';
    } catch (cause) {
      faults[field] = `This is not JSON: ${(cause as Error).message}.`;
    }
    return [];
  };
  const minutes = Number(draft.reservationMinutes);
  if (!(minutes > 0 && Number.isFinite(minutes))) faults.reservationMinutes = 'Expected minutes above 0.';
  const rules: Distribution = {
    overlap: whole('overlap', 1),
    overlapShare: share('overlapPercent'),
    reservationMinutes: minutes,
    ...(given(draft.perRaterCap) && { perRaterCap: whole('perRaterCap', 1) }),
    cohorts: list('cohorts'),
    quotas: list('quotas'),
    ...(draft.more === 'extra' && {
      extraRaters: { belowAgreement: share('extraBelowPercent'), max: whole('extraMax', 1) },
    }),
    ...(draft.more === 'adaptive' && {
      adaptive: {
        confidence: odds('adaptivePercent'),
        raterAccuracy: odds('adaptiveAccuracyPercent'),
        min: whole('adaptiveMin', 1),
        max: whole('adaptiveMax', 1),
      },
    }),
    ...(given(draft.qualificationItems) && {
      qualification: { items: whole('qualificationItems', 1), passShare: share('qualificationPercent') },
    }),
    ...(given(draft.goldEvery) && { gold: { every: whole('goldEvery', 2), mode: draft.goldMode } }),
    ...(given(draft.repeatsEvery) && { repeats: { every: whole('repeatsEvery', 2) } }),
    order: draft.order,
  };
  if (rules.adaptive !== undefined && rules.adaptive.min > rules.adaptive.max)
    faults.adaptiveMax ??= 'Expected at least as many as the fewest.';
  return Object.keys(faults).length > 0 ? { faults } : { rules };
}

/** Stored rules for changing. A file may hold both `adaptive` and `extraRaters`; the first decides, as when judging. */
export function draftOfRules(rules: Distribution): RulesDraft {
  const { adaptive, extraRaters, qualification, gold, repeats } = rules;
  return {
    ...NEW_RULES,
    overlap: String(rules.overlap),
    overlapPercent: percentText(rules.overlapShare),
    reservationMinutes: String(rules.reservationMinutes),
    perRaterCap: rules.perRaterCap === undefined ? '' : String(rules.perRaterCap),
    order: rules.order,
    more: adaptive !== undefined ? 'adaptive' : extraRaters !== undefined ? 'extra' : 'none',
    ...(extraRaters !== undefined && {
      extraBelowPercent: percentText(extraRaters.belowAgreement),
      extraMax: String(extraRaters.max),
    }),
    ...(adaptive !== undefined && {
      adaptivePercent: percentText(adaptive.confidence),
      adaptiveAccuracyPercent: percentText(adaptive.raterAccuracy),
      adaptiveMin: String(adaptive.min),
      adaptiveMax: String(adaptive.max),
    }),
    ...(qualification !== undefined && {
      qualificationItems: String(qualification.items),
      qualificationPercent: percentText(qualification.passShare),
    }),
    ...(gold !== undefined && { goldEvery: String(gold.every), goldMode: gold.mode }),
    ...(repeats !== undefined && { repeatsEvery: String(repeats.every) }),
    cohorts: listText(rules.cohorts),
    quotas: listText(rules.quotas),
  };
}
