import { PROBE_IDS } from '../audit/index.ts';
import { type Declaration, type DisclosureId, INTERVAL_LABEL, type StatementBasis } from '../disclosure/index.ts';
import { SIGNAL_IDS, type SignalId } from '../lab/index.ts';
import { own } from '../run/index.ts';
import type { PipelineConfig } from './config.ts';
import { policySettings } from './policy-config.ts';
import { SPLIT_NAMES } from './report/words.ts';
import { RUN_FILES } from './run-folder.ts';
import { variantsOf } from './stages/policy.ts';

interface Place {
  readonly item: DisclosureId;
  readonly label: string;
  readonly file: string;
  readonly pointer: string;
  readonly basis: StatementBasis;
  readonly better?: 'higher' | 'lower';
  readonly supporting?: boolean;
}
/** Pointers by label; of a number of which one way is better, with that way. */
type Entries = Readonly<Record<string, string | readonly [pointer: string, better: 'higher' | 'lower']>>;

const places = (item: DisclosureId, basis: StatementBasis, file: string, entries: Entries): Place[] =>
  Object.entries(entries).map(([label, at]) => {
    const [pointer, better] = typeof at === 'string' ? [at] : at;
    return { item, label, file, pointer, basis, ...(better !== undefined && { better }) };
  });
/** What was measured on files of the run. */
const measured = (item: DisclosureId, file: string, entries: Entries) => places(item, 'evidence', file, entries);
/** What is shown beside a measurement and is none of this run. */
const supporting = (item: DisclosureId, file: string, entries: Entries) =>
  measured(item, file, entries).map((place) => ({ ...place, supporting: true }));
/** What the run was asked to do: declared by configuration. */
const configured = (item: DisclosureId, entries: Entries) => places(item, 'configuration', RUN_FILES.run, entries);

/** The people, and models, who judged: of people their selection, training, consent, hours and pay, in groups too large to name anybody. */
const peoplePlaces = (): Place[] => [
  ...measured('D2', RUN_FILES.collected, {
    'people among the raters': '/people/people',
    'people who consented': '/people/consented',
    'people trained or qualified': '/people/trained',
    'people by where they were recruited': '/people/pools',
    'judgments of people by version of the instructions': '/people/instructions',
    'people by what they say of themselves': '/people/demographics',
    'people beside the population': '/people/represented',
    'hours of active time of people': '/people/hours',
    'breaks of people': '/people/breaks',
    'pay of people': '/people/pay',
    'people whose pay is not told: unknown, or paid like fewer than five': '/people/payUntold',
  }),
  ...measured('D2', RUN_FILES.data, { 'concerns that people filed': '/concerns' }),
  ...measured('D2', RUN_FILES.collected, {
    'model judges: bias of place, length and self, error rate against people': '/judges',
  }),
  ...configured('D2', { 'living wage, an hour': '/config/data/livingWage' }),
];

function feedbackPlaces({ base, data, feedback }: PipelineConfig): Place[] {
  return [
    ...(base === undefined
      ? []
      : measured('D1', RUN_FILES.baseCard, {
          'training texts': '/examples',
          'optimiser steps': '/steps',
          'reply nats per token': ['/replyNllPerToken', 'lower'],
        })),
    ...measured('D2', RUN_FILES.collected, { 'raters by kind': '/raters' }),
    ...(data.layout === 'ground' && feedback?.people === undefined ? [] : peoplePlaces()),
    ...measured('D2', RUN_FILES.data, { 'judgments left out': '/leftOut' }),
    ...(feedback === undefined || feedback.people !== undefined
      ? []
      : configured('D2', { 'simulated raters asked for': '/config/feedback/raters' })),
    ...measured('D3', RUN_FILES.collected, {
      'items by the policy they come from': '/origins',
      'items by the rule that chose them': '/selections',
    }),
    ...configured('D3', { 'data layout': '/config/data/layout' }),
    ...(feedback === undefined ? [] : configured('D3', { 'pairs asked for': '/config/feedback/pairs' })),
    ...measured('D4', RUN_FILES.collected, { 'judgments by kind of answer': '/judgments' }),
    ...measured('D5', RUN_FILES.feedbackReport, {
      'Krippendorff α, nominal': ['/alphaNominal/value', 'higher'],
      [INTERVAL_LABEL]: '/alphaNominal/interval',
      'pairwise agreement': ['/pairwiseAgreement/value', 'higher'],
      'majority equals gold': ['/gold/majority/share', 'higher'],
      'Dawid–Skene equals gold': ['/gold/dawidSkene/share', 'higher'],
    }),
    ...measured('D5', RUN_FILES.feedbackReport, { 'items without gold': '/gold/without' }).map((place) => ({
      ...place,
      supporting: true,
    })),
  ];
}

const rewardPlaces = (): Place[] => [
  ...configured('D6', {
    'reward family': '/config/reward/family',
    'members of the ensemble': '/config/reward/members',
    'how members become one score': '/config/reward/risk',
    'first-shown bonus estimated beside the reward': '/config/reward/position',
    'how a stated strength is read': '/config/reward/strength',
    'how a stated confidence is read': '/config/reward/confidence',
  }),
  ...measured('D7', RUN_FILES.rewardEvaluation, {
    'held-out accuracy': ['/overall/accuracy', 'higher'],
    [INTERVAL_LABEL]: '/overall/interval',
    'length-only accuracy': '/baselines/lengthOnly/accuracy',
    'calibration error': ['/ece', 'lower'],
  }),
];

/** Splits in the order in which the results tell them. */
const SPLITS = [SPLIT_NAMES.evaluation, SPLIT_NAMES.deploy] as const;

function policyPlaces(config: PipelineConfig): Place[] {
  return variantsOf({ config, round: config.rounds }).flatMap((variant, i) =>
    SPLITS.flatMap((split, s) => {
      const where = variant === null ? split : `${variant}, ${split}`;
      return measured('D8', RUN_FILES.results, {
        ...(s === 0 && { [`optimiser steps${variant === null ? '' : `, ${variant}`}`]: `/ends/${i}/step` }),
        [`entropy, nats per reply, ${where}`]: `/ends/${i}/after/${s}/entropy`,
        [`KL from base, nats per reply, ${where}`]: `/ends/${i}/after/${s}/kl`,
        [`proxy reward before, ${where}`]: `/ends/${i}/before/${s}/proxy`,
        [`proxy reward after, ${where}`]: `/ends/${i}/after/${s}/proxy`,
        [`gold reward before, ${where}`]: [`/ends/${i}/before/${s}/gold`, 'higher'],
        [`gold reward after, ${where}`]: [`/ends/${i}/after/${s}/gold`, 'higher'],
      });
    }),
  );
}

/** What of an alarm was measured in the lab, at a place of the file of monitors. */
const alarmPlaces = (of: string, at: string): Place[] =>
  supporting('D11', RUN_FILES.monitors, {
    [`${of}, threshold`]: `${at}/threshold`,
    [`${of}, overdone runs of the lab that it warned of in time`]: `${at}/detected`,
    [`${of}, that it warned of at all`]: `${at}/ever`,
    [`${of}, false alarms on other runs of the lab`]: `${at}/falseAlarms`,
  });

/**
 * Rules that end an optimisation early, and what a plan watches, with what the lab measured of them: shown beside a plan for what
 * comes after the training, and no monitoring themselves.
 */
function monitorPlaces(config: PipelineConfig, watched: readonly SignalId[]): Place[] {
  const ruled = variantsOf({ config, round: config.rounds }).filter(
    (variant) => policySettings(config.policy!, variant).monitor !== undefined,
  );
  return [
    ...ruled.flatMap((variant, i) => {
      const [of, at] = variant === null ? ['', ''] : [` ${variant}`, `/variants/${variant}`];
      const name = `rule that ends the optimisation${of} early`;
      const written = variant === null || own(config.policy!.variants, variant)?.monitor !== undefined ? at : '';
      const rule = configured('D11', { [name]: `/config/policy${written}/monitor` });
      return [...rule.map((place) => ({ ...place, supporting: true })), ...alarmPlaces(name, `/rules/${i}`)];
    }),
    ...watched.flatMap((signal) => alarmPlaces(`watched, ${signal}`, `/signals/${signal}/0`)),
  ];
}

/** What the steps of a plan watch, each once. */
const watchedIn = (declarations: Readonly<Record<string, Declaration>>): SignalId[] => [
  ...new Set(
    (declarations.D11?.plan ?? []).flatMap(({ watches }) => SIGNAL_IDS.filter((signal) => signal === watches)),
  ),
];

/** What a red team tried, and what not. */
const redTeamPlaces = (): Place[] =>
  measured('D9', RUN_FILES.redTeam, {
    'attempts to attack the policy': '/all/attempts',
    'attempts that nobody could score': '/all/unscored',
    'share of requests that an attack got through': ['/all/share/value', 'lower'],
    [INTERVAL_LABEL]: '/all/share',
    'attacks by kind': '/byAttack',
    'attacks by set of prompts': '/byPromptSet',
    'who attacked': '/attackers',
    'common kinds of attack that were not tried': '/notTried',
  });

/** Engines elsewhere: what trained the base model and the policy, and what the rewards, with what their probes found. */
function enginePlaces({ engine }: PipelineConfig): Place[] {
  // One engine stands once, whatever roles it has.
  const elsewhere = (['policy', 'reward'] as const).filter((role) => engine[role] !== 'embedded');
  const item = { policy: 'D1', reward: 'D6' } as const;
  return elsewhere.flatMap((role) =>
    measured(item[role], RUN_FILES.results, {
      [`server that computed the ${role}`]: '/engines/0/server',
      [`its model behind the ${role}`]: '/engines/0/model',
      [`findings of its probe, ${role}`]: '/engines/0/probe',
    }),
  );
}

/** Where in a run folder the values of each disclosure item stand. A place without a value says nothing. */
export function disclosurePlaces(
  config: PipelineConfig,
  declarations: Readonly<Record<string, Declaration>> = {},
): Place[] {
  return [
    ...feedbackPlaces(config),
    ...rewardPlaces(),
    ...policyPlaces(config),
    ...enginePlaces(config),
    ...monitorPlaces(config, watchedIn(declarations)),
    ...(config.audit.attacks === undefined ? [] : redTeamPlaces()),
    ...PROBE_IDS.flatMap((id) =>
      supporting('D9', RUN_FILES.rates, {
        [`${id}: planted failures found in the lab`]: `/${id}/planted/hits`,
        [`${id}: false alarms on clean runs of the lab`]: `/${id}/clean/hits`,
        [`${id}: false alarms on its look-alike`]: `/${id}/lookAlike/hits`,
        [`${id}: runs per arm`]: `/${id}/planted/n`,
      }),
    ),
  ];
}
