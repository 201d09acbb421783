import { z } from 'zod';
import {
  CHAIN_IDS,
  CHALLENGES,
  type ChallengeId,
  chainOf,
  type EvidenceKindId,
  evidenceKind,
  type Probe,
  type ProbeId,
  probesOf,
} from '../audit/index.ts';
import { type ArmRates, COVERAGE, EXPERIMENTS, RATES, STRATEGY_IDS, strategyOf } from '../lab/index.ts';
import { own } from '../run/index.ts';
import { ApiError } from './api-error.ts';
import type { ResponseOf } from './contract/index.ts';

type Page = ResponseOf<'GET /api/challenges/{challenge}'>['challenge'];

const armOf = ({ verdicts, alarms }: ArmRates) => ({ verdicts: { ...verdicts }, alarms });

/** What an experiment planted and what the probe said of it, as committed. */
function experimentOf(id: ProbeId): Page['probes'][number]['experiment'] {
  const { world, planted, lookAlike, documented } = EXPERIMENTS[id];
  const { doses, clean, lookAlike: resembling } = RATES.probes[id];
  return {
    world,
    planted,
    lookAlike,
    documented,
    doses: doses.map((arm) => ({ dose: arm.dose, ...armOf(arm) })),
    clean: armOf(clean),
    resembling: armOf(resembling),
    command: `${RATES.command} --probes ${id}`,
  };
}

function readsOf({ needs, uses }: Probe): Page['probes'][number]['reads'] {
  const read = (kind: EvidenceKindId, optional: boolean) => {
    const { what, file } = evidenceKind(kind);
    return { kind, what, file, optional };
  };
  return [...needs.map((kind) => read(kind, false)), ...uses.map((kind) => read(kind, true))];
}

const chainsWith = (id: string): string[] =>
  CHAIN_IDS.map(chainOf).flatMap(({ title, stations }) =>
    Object.values(stations).some((probe) => probe.id === id) ? [title] : [],
  );

function probePage(probe: Probe<ProbeId>): Page['probes'][number] {
  const { id, question, estimand, citation, params } = probe;
  return {
    id,
    question,
    estimand,
    citation,
    params: z.json().parse(params.parse({})),
    reads: readsOf(probe),
    experiment: experimentOf(id),
    coverage: {
      command: `${COVERAGE.command} --probes ${id}`,
      arms: COVERAGE.probes[id].map(({ arm, covered }) => ({ arm, covered })),
    },
    chains: chainsWith(id),
  };
}

/** A challenge by the tables of probes, experiments, rates, coverage, evidence and strategies alone: a row there is a row here. */
export function challengePage(id: string): Page {
  const challenge = own(CHALLENGES as Readonly<Record<string, (typeof CHALLENGES)[ChallengeId]>>, id);
  if (challenge === undefined)
    throw new ApiError(
      404,
      'challenge',
      `there is no challenge ${id}; there are ${Object.keys(CHALLENGES).join(', ')}`,
    );
  const { group, title, fundamental } = challenge;
  return {
    id,
    group,
    title,
    fundamental,
    probes: probesOf(id as ChallengeId).map(probePage),
    strategies: STRATEGY_IDS.flatMap((strategy) => {
      const { title: name, answers, option } = strategyOf(strategy);
      return answers.some((answered) => answered === id) ? [{ id: strategy, title: name, option }] : [];
    }),
  };
}

/** Every challenge with the probes of it, as the matrix shows them. */
export const challengeList = (): ResponseOf<'GET /api/challenges'>['challenges'] =>
  Object.entries(CHALLENGES).map(([id, { group, title, fundamental }]) => ({
    id,
    group,
    title,
    fundamental,
    probes: probesOf(id as ChallengeId).map(({ id: probe, question, estimand, citation, needs, params }) => ({
      id: probe,
      question,
      estimand,
      citation,
      needs: [...needs],
      params: z.json().parse(params.parse({})),
    })),
  }));
