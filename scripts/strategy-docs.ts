import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import type { ProbeId } from '../src/audit/index.ts';
import { armsOf, STRATEGY_IDS, type StrategyEffect, type StrategyId, strategyOf } from '../src/lab/index.ts';

/** docs/strategies.md, made from the table of strategies and their committed effects. */

/** Effects of strategies over some seeds, with the command that measures them. */
export interface CommittedEffects {
  readonly command: string;
  readonly seeds: number;
  readonly firstSeed: number;
  readonly effects: readonly StrategyEffect[];
}

/** What `npm run lab:strategies` measured. */
export const committedEffects = (): CommittedEffects =>
  JSON.parse(readFileSync('docs/strategies.json', 'utf8')) as CommittedEffects;

const EFFECTS = committedEffects();

const figure = (value: number): string => {
  const text = value.toFixed(3);
  return (Number(text) === 0 ? '0.000' : text).replace('-', '−');
};
const said = (verdict: StrategyEffect['verdict']) =>
  verdict === 'better' ? 'less harm' : verdict === 'worse' ? '**more harm**' : verdict;
const row = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
const effectsOf = (id: StrategyId): readonly StrategyEffect[] => EFFECTS.effects.filter((one) => one.strategy === id);

/** Strategies that are a kind of feedback: the lab measures what such answers are worth, and not what they do to a probe. */
const BY_KIND: ReadonlyMap<StrategyId, string> = new Map([
  ['S7', 'spans'],
  ['S8', 'steps'],
  ['S9', 'critiques'],
  ['S10', 'demonstrations'],
]);

function moved(id: StrategyId): string {
  const own = effectsOf(id);
  if (own.length === 0) return BY_KIND.has(id) ? 'by regret alone: see below' : 'not measured: no arm in the lab';
  const named = (verdict: StrategyEffect['verdict']) =>
    own.filter((one) => one.verdict === verdict).map(({ probe }) => `\`${probe}\``);
  const parts = [
    ['less harm', named('better')],
    ['more harm', named('worse')],
    ['no difference shown', named('no difference shown')],
  ] as const;
  return parts.flatMap(([words, probes]) => (probes.length === 0 ? [] : [`${words}: ${probes.join(', ')}`])).join('; ');
}

function overview(id: StrategyId): string {
  const { title, section, answers, option } = strategyOf(id);
  return row([id, `${title} (§${section})`, answers.join(', '), option === null ? '' : `\`${option}\``, moved(id)]);
}

function effectRow({ probe, dose, without, with: treated, difference, verdict, unassessed }: StrategyEffect): string {
  const { mean, interval, n } = difference;
  return row([
    `\`${probe}\``,
    `${dose}`,
    figure(without),
    figure(treated),
    `${figure(mean)} (${figure(interval.low)} to ${figure(interval.high)})`,
    `${n}${unassessed === 0 ? '' : `, ${unassessed} not assessed`}`,
    said(verdict),
  ]);
}

/** What strategies did to a probe, in words; undefined where none was tried. */
export function strategiesOf(probe: ProbeId): string | undefined {
  const own = EFFECTS.effects.filter((one) => one.probe === probe);
  const words = own.map(({ strategy, verdict, difference: { mean, interval } }) => {
    return `${strategy} ${said(verdict)}, ${figure(mean)} (${figure(interval.low)} to ${figure(interval.high)})`;
  });
  return own.length === 0 ? undefined : `[Strategies](../strategies.md) at the documented dose: ${words.join('; ')}.`;
}

function section(id: StrategyId): string {
  const { title, fails } = strategyOf(id);
  return `## ${id} · ${title}

In the lab: ${armsOf(id).join('; ')}.${fails === undefined ? '' : ` Where it should fail: ${fails}.`}

| probe | dose | harm without | with | difference (95 %) | seeds | |
| --- | --- | --- | --- | --- | --- | --- |
${effectsOf(id).map(effectRow).join('\n')}`;
}

export function renderStrategies(): string {
  const measured = STRATEGY_IDS.filter((id) => effectsOf(id).length > 0);
  return `# What strategies move

The survey’s 18 strategies, and for those that the lab can switch on what they do to the harm that each probe estimates, the failure being
planted at its documented dose: with less without, paired by seed (the same judgments are asked for, the same samples drawn). A negative difference
is less harm. Verdicts are at a false discovery rate of 5 % over the whole table; nulls and harms stand in it. Only probes of the challenges that
a strategy is said to answer are asked. What an arm does is stated, and assumed in places (how much a critic sees); the effect is that of the stated
thing in this world, not of what some product would do among people.

\`${EFFECTS.command}\` (${EFFECTS.seeds} seeds) measured it. This page is made by \`npm run docs:strategies\` of what \`npm run lab:strategies\` found; a
test compares.

| id | strategy | answers | option of a run | what it moved |
| --- | --- | --- | --- | --- |
${STRATEGY_IDS.map(overview).join('\n')}

${[...BY_KIND].map(([id, kind]) => `${id} (${kind})`).join(', ')}: regret of a reward from such answers, at equal rater seconds, by \`goodhart lab feedback-types\`
([feedback](feedback.md)).

${measured.map(section).join('\n\n')}
`;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  writeFileSync('docs/strategies.md', renderStrategies());
}
