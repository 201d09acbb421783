import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { CHALLENGES, type ChallengeId, PROBE_IDS, probesOf } from '../src/audit/index.ts';
import { DISCLOSURE_ITEMS } from '../src/disclosure/index.ts';
import { armsOf, STRATEGY_IDS, SWITCHABLE, strategyOf } from '../src/lab/index.ts';
import { configSchema, disclosurePlaces } from '../src/pipeline/index.ts';
import { FAMILIES, LIKELIHOODS } from '../src/reward/index.ts';

/** FEATURES.md, made from the code: what is built has its place named, what is not says so. */
const row = (...cells: readonly string[]) => `| ${cells.join(' | ')} |`;
const tableOf = (head: readonly string[], rows: readonly (readonly string[])[]) =>
  [row(...head), row(...head.map(() => '---')), ...rows.map((cells) => row(...cells))].join('\n');

/** A run that has every part. */
const EVERYTHING = configSchema.parse({
  name: 'everything',
  data: { layout: 'ground', ground: 'harbour' },
  base: {},
  feedback: { distribution: {} },
  policy: {},
});

export function renderFeatures(): string {
  const challenges = Object.entries(CHALLENGES).map(([id, { group, title, fundamental }]) => {
    const probes = probesOf(id as ChallengeId);
    return [
      id,
      group,
      title,
      fundamental ? 'fundamental' : 'tractable',
      probes.length === 0 ? 'no probe yet' : probes.map((probe) => `\`${probe.id}\``).join(', '),
    ];
  });
  const assessed = (Object.keys(CHALLENGES) as ChallengeId[]).filter((id) => probesOf(id).length > 0).length;
  const strategies = STRATEGY_IDS.map((id) => ({ id, ...strategyOf(id) })).map((s) => [
    s.id,
    `§${s.section}`,
    s.title,
    s.answers.join(' '),
    s.option === null ? 'not built yet' : `\`${s.option}\``,
    armsOf(s.id).join('; '),
  ]);
  const places = disclosurePlaces(EVERYTHING);
  const disclosures = Object.entries(DISCLOSURE_ITEMS).map(([id, { category, title, challenges }]) => {
    const from = (basis: string) =>
      String(places.filter((p) => p.item === id && p.basis === basis && p.supporting !== true).length);
    const probes = challenges.flatMap((challenge) => probesOf(challenge)).map((probe) => `\`${probe.id}\``);
    return [id, category, title, from('evidence'), from('configuration'), probes.join(', ')];
  });
  const types = Object.entries(LIKELIHOODS).map(([kind, { title, citation, shiftInvariant }]) => [
    kind,
    title,
    shiftInvariant ? 'differences' : 'levels',
    citation,
  ]);
  const families = Object.entries(FAMILIES).map(([id, { title, seesPrompt, config }]) => [
    `\`${id}\``,
    title,
    seesPrompt ? 'yes' : 'no',
    Object.keys(config.shape)
      .map((key) => `\`${key}\``)
      .join(' '),
  ]);
  return `# Features

What the survey asks for (Casper et al. 2023) and what stands here. Made from the code by \`npm run features\`; a test compares.

## Challenges: ${challenges.length}, of which ${assessed} have a probe (${PROBE_IDS.length} probes)

${tableOf(['Id', 'Group', 'Challenge', 'Kind', 'Probes'], challenges)}

## Strategies: ${strategies.length}, of which ${STRATEGY_IDS.filter((id) => strategyOf(id).option !== null).length} are options of a run, ${SWITCHABLE.length} with an arm in the lab (goodhart lab strategies)

${tableOf(['Id', 'Section', 'Strategy', 'Answers', 'Switched on by', 'Its arm in the lab'], strategies)}

## Disclosure items: ${disclosures.length}

A run that has every part gives so many values for each item, measured or echoed from its configuration; an item without any is
declared by a person or missing.

${tableOf(['Id', 'Category', 'Item', 'Measured', 'By configuration', 'Probes'], disclosures)}

## Rewards: ${families.length} families

A member of an ensemble is of one of them (\`reward.family\`).

${tableOf(['Family', 'Reward', 'Sees the prompt', 'Own keys'], families)}

## Feedback types: ${types.length}, each with a likelihood

A reward is fitted to answers of all types together. Labels, marks and critiques are read by what \`reward.attributes\` states.

${tableOf(['Type', 'Likelihood', 'Speaks of', 'After'], types)}
`;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  writeFileSync('FEATURES.md', renderFeatures());
}
