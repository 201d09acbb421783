import type { Block, Section } from '../../report/index.ts';
import type { PipelineConfig } from '../config.ts';
import { ENGINE_ROLES, type EngineRole, type EngineUsed } from '../run-history.ts';

/** What each role computes. */
const WORK: { readonly [R in EngineRole]: string } = {
  policy: 'base model and policy: training, samples, log-probabilities',
  reward: 'rewards of networks: training and scores',
};

function probeTable({ engine, server, findings }: EngineUsed): Block {
  return {
    kind: 'table',
    name: `Probe of ${engine} at ${server}`,
    columns: [{ title: 'Looked at' }, { title: 'Verdict' }, { title: 'Found' }, { title: 'What follows' }],
    rows: findings.map(({ name, verdict, found, remedy }) => [name, verdict, found, remedy]),
  };
}

const counted = (tokens: number) => tokens.toLocaleString('en-GB');

function spentFacts({ engine, server, spent, processes }: EngineUsed): Block {
  return {
    kind: 'facts',
    name: `Asked of ${engine} at ${server}`,
    rows: [
      ['Tokens trained on', counted(spent.trained)],
      ['Tokens read', counted(spent.read)],
      ['Tokens sampled', counted(spent.sampled)],
      ['Processes that tell it', String(processes)],
    ],
  };
}

/** Which engine did what, where one was elsewhere: what its probe found there, and what it was asked for. */
export function engineSections({ engine: config }: PipelineConfig, used: readonly EngineUsed[]): Section[] {
  if (used.length === 0) return [];
  const whereOf = (role: EngineRole) => {
    const places = used.filter(({ roles }) => roles.includes(role));
    if (places.length === 0) return `${config[role]}, in the process of the run`;
    return places.map(({ engine, server, model }) => `${engine}, ${model} at ${server}`).join('; ');
  };
  return [
    {
      id: 'engines',
      title: 'Engines',
      note: 'Which engine computed what. A server is asked, before it trains anything, what it honours of what training needs.',
      detail: true,
      blocks: [
        {
          kind: 'table',
          name: 'Engines by role',
          columns: [{ title: 'Role' }, { title: 'Computes' }, { title: 'Engine' }],
          rows: ENGINE_ROLES.map((role) => [role, WORK[role], whereOf(role)]),
        },
        ...used.flatMap((each) => [probeTable(each), spentFacts(each)]),
      ],
    },
  ];
}
