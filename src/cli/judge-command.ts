import { readFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import {
  eachOf,
  judgesDocument,
  judgmentOf,
  measureJudges,
  modelJudge,
  type Principle,
  promptVersion,
  tallyText,
  WHOLE,
} from '../endpoint/index.ts';
import type { RaterProfile } from '../feedback/index.ts';
import { documentText } from '../report/index.ts';
import { parseConfig, UsageError } from '../run/index.ts';
import { onPath } from '../run/node.ts';
import { inAskedFolder, nothingCame, othersOf, writeModelFeedback } from './asked-folder.ts';
import { type EndpointFlags, endpointOf, endpointOptions, numberOf } from './endpoint-options.ts';
import { now } from './environment.ts';
import { whole } from './options.ts';
import { readJudged } from './reward-data.ts';
import type { Terminal } from './terminal.ts';

interface JudgeFlags extends EndpointFlags {
  readonly out: string;
  readonly principles?: string;
  readonly temperature: number;
  readonly maxTokens: number;
  readonly limit?: number;
  readonly own?: string;
  readonly withOthers: boolean;
}

const principlesSchema = z.strictObject({
  principles: z
    .array(
      z.strictObject({
        id: z.string().min(1),
        text: z.string().min(1),
        weight: z.number().positive().default(1),
      }),
    )
    .min(1)
    .refine(
      (all) => new Set(all.map(({ id }) => id)).size === all.length,
      'expected every principle under an id of its own',
    ),
});

const readPrinciples = (path: string): readonly Principle[] =>
  parseConfig(
    principlesSchema,
    onPath(path, () => readFileSync(path, 'utf8')),
    { source: path },
  ).principles;

async function judge(data: string, flags: JudgeFlags, terminal: Terminal): Promise<void> {
  const { out, temperature, maxTokens, limit, own } = flags;
  const principles = flags.principles === undefined ? [WHOLE] : readPrinciples(flags.principles);
  const source = await readJudged(data);
  const items = source.items.filter(({ replies }) => replies.length > 1).slice(0, limit);
  if (items.length === 0)
    throw new UsageError('items', `${data}: expected items of two or more replies to compare, got none`);
  await inAskedFolder(out, terminal, async (folder) => {
    const endpoint = endpointOf(flags, folder.answers);
    const rater = modelJudge({ endpoint, principles, temperature, maxTokens });
    const step = { stage: 'judge', total: items.length, unit: 'items' };
    const judgments = await eachOf(
      items,
      { at: endpoint.concurrency, onDone: (done) => terminal.progress({ ...step, done }) },
      (item) => judgmentOf(rater, item, now()),
    );
    const tally = endpoint.tally();
    if (judgments.every(({ answer }) => answer.kind === 'comparison' && answer.outcome === 'cant-judge'))
      throw nothingCame(`${endpoint.url}: no verdict on any of ${items.length} items`, {
        'no answer is A, B or C': 0,
        ...tally.failed,
      });
    const profile: RaterProfile = { id: rater.id, kind: 'model', model: endpoint.model };
    const others = othersOf(source, items, rater.id);
    const measures = measureJudges({
      items,
      judgments: [...others.judgments, ...judgments],
      raters: [...others.raters, profile],
      own,
    });
    writeModelFeedback(folder, { items, profile, judgments, others }, flags);
    const made = { version: 1, data: basename(resolve(data)), endpoint: endpoint.url, model: endpoint.model };
    const settings = { prompt: promptVersion(principles), principles, temperature, maxTokens };
    folder.json('judge.json', { ...made, ...settings, measures, tally });
    const without = source.items.length - items.length;
    const left = [
      ...(without === 0 ? [] : [`${without} other items were not judged (--limit, or fewer than two replies)`]),
      ...(others.withoutConsent === 0 ? [] : [`${others.withoutConsent} judgments of people without consent left out`]),
    ];
    terminal.result(
      {
        ...{ type: 'judged', out, items: items.length, notJudged: without },
        ...{ withoutConsent: others.withoutConsent, measures, tally },
      },
      `${documentText(judgesDocument(measures), { all: true })}\n\n${tallyText(tally)}\n${[`${judgments.length} judgments in ${out}`, ...left].join('\n')}`,
    );
  });
}

/** `feedback judge`. */
export function addJudgeCommand(feedback: Command, terminalOf: () => Terminal): void {
  endpointOptions(
    feedback
      .command('judge')
      .description('a model compares replies, in both orders; what it leans to and how often it errs is measured')
      .argument('<data>', 'project folder, or a file or folder of any layout'),
  )
    .requiredOption('--out <folder>', 'new folder for items and judgments; the same again goes on')
    .option(
      '--principles <yaml>',
      'what to judge by: principles: [{ id: honest, text: Which reply is more honest?, weight: 2 }]',
    )
    .option('--temperature <t>', 'of the judge', numberOf(0, 2), 0)
    .option('--max-tokens <n>', 'room for an answer; a model that thinks first needs more', whole(1, 65_536), 8)
    .option('--limit <n>', 'only the first so many items', whole(1))
    .option('--own <name>', 'what replies call the judge’s own model, where it is not the --model')
    .option('--with-others', 'write the judgments that the data brings beside its own', false)
    .addHelpText(
      'after',
      `
The data is not changed. --out is a project folder: reward fit, feedback report and goodhart run read it. Its judgments are those of a
rater of kind model, each with the answers behind it; people's stand beside them only with --with-others.

Examples:
  goodhart feedback judge projects/team --endpoint http://127.0.0.1:8000/v1 --model Qwen/Qwen3-8B --out judged/qwen
  OPENAI_API_KEY=… goodhart feedback judge pairs.jsonl --endpoint https://api.openai.com/v1 --model gpt-4o-mini \\
    --key-env OPENAI_API_KEY --per-minute 500 --prices 0.15,0.6 --out judged/mini`,
    )
    .action((data: string, flags: JudgeFlags) => judge(data, flags, terminalOf()));
}
