import type { Command } from 'commander';
import { criticId, critiqueItem, eachOf, generateItems, tallyText } from '../endpoint/index.ts';
import type { RaterProfile } from '../feedback/index.ts';
import { addTo, UsageError } from '../run/index.ts';
import { inAskedFolder, nothingCame, othersOf, requireReached, writeModelFeedback } from './asked-folder.ts';
import { type EndpointFlags, endpointOf, endpointOptions, numberOf } from './endpoint-options.ts';
import { whole } from './options.ts';
import { readPrompts } from './prompt-file.ts';
import { readJudged } from './reward-data.ts';
import type { Terminal } from './terminal.ts';

interface Flags extends EndpointFlags {
  readonly out: string;
  readonly temperature: number;
  readonly maxTokens: number;
}
interface GenerateFlags extends Flags {
  readonly replies: number;
  readonly project: string;
}
interface CritiqueFlags extends Flags {
  readonly limit?: number;
  readonly withOthers: boolean;
}

const counted = (reasons: readonly string[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const reason of reasons) addTo(counts, reason);
  return counts;
};

async function generate(path: string, flags: GenerateFlags, terminal: Terminal): Promise<void> {
  const { out, replies, temperature, maxTokens, project: projectId } = flags;
  const prompts = (await readPrompts(path)).map(({ prompt }) => prompt);
  await inAskedFolder(out, terminal, async (folder) => {
    const endpoint = endpointOf(flags, folder.answers);
    const step = { stage: 'generate', total: prompts.length, unit: 'prompts' };
    const { items, failed } = await generateItems(endpoint, {
      ...{ projectId, prompts, replies, temperature, maxTokens, selection: 'prompts given' },
      onDone: (done) => terminal.progress({ ...step, done }),
    });
    requireReached(failed);
    const reasons = counted(failed.map(({ reason }) => reason));
    if (items.length === 0) throw nothingCame(`${endpoint.url}: no reply to any of ${prompts.length} prompts`, reasons);
    folder.lines('items.jsonl', items);
    folder.lines('judgments.jsonl', []);
    const tally = endpoint.tally();
    terminal.result(
      { type: 'generated', out, items: items.length, failed: reasons, tally },
      `${tallyText(tally)}\n${items.length} items of ${prompts.length} prompts in ${out}; goodhart store add <project> --items ${out}/items.jsonl brings them into the Studio`,
    );
  });
}

async function critique(data: string, flags: CritiqueFlags, terminal: Terminal): Promise<void> {
  const { out, temperature, maxTokens, limit } = flags;
  const source = await readJudged(data);
  const items = source.items.filter((item) => item.replies.length > 0).slice(0, limit);
  if (items.length === 0) throw new UsageError('items', `${data}: expected items with replies, got none`);
  await inAskedFolder(out, terminal, async (folder) => {
    const endpoint = endpointOf(flags, folder.answers);
    const critic = { endpoint, temperature, maxTokens };
    const step = { stage: 'critique', total: items.length, unit: 'items' };
    const all = await eachOf(
      items,
      { at: endpoint.concurrency, onDone: (done) => terminal.progress({ ...step, done }) },
      (item) => critiqueItem(critic, item),
    );
    const judgments = all.flatMap((one) => one.judgments);
    const failed = counted(all.flatMap((one) => one.failed));
    if (judgments.length === 0)
      throw nothingCame(`${endpoint.url}: no critique of any of ${items.length} items`, failed);
    const profile: RaterProfile = { id: criticId(critic), kind: 'model', model: endpoint.model };
    const others = othersOf(source, items, profile.id);
    writeModelFeedback(folder, { items, profile, judgments, others }, flags);
    const { withoutConsent } = others;
    const tally = endpoint.tally();
    terminal.result(
      { type: 'criticised', out, items: items.length, critiques: judgments.length, withoutConsent, failed, tally },
      `${tallyText(tally)}\n${judgments.length} critiques of replies to ${items.length} items in ${out}`,
    );
  });
}

/** `feedback generate` and `feedback critique`. */
export function addModelFeedbackCommands(feedback: Command, terminalOf: () => Terminal): void {
  endpointOptions(
    feedback
      .command('generate')
      .description('items to judge: replies of a model to prompts')
      .argument('<prompts>', 'JSON Lines ({"prompt"}), a prompt a line, or a project folder'),
  )
    .option('--replies <k>', 'replies to each prompt', whole(1, 64), 2)
    .option('--temperature <t>', 'of the model', numberOf(0, 2), 1)
    .option('--max-tokens <n>', 'tokens of a reply', whole(1, 65_536), 512)
    .option('--project <id>', 'project that the items are of', 'generated')
    .requiredOption('--out <folder>', 'new folder; the same again goes on')
    .addHelpText(
      'after',
      '\nExamples:\n  goodhart feedback generate prompts.txt --endpoint http://127.0.0.1:8000/v1 --model Qwen/Qwen3-8B --out items',
    )
    .action((prompts: string, flags: GenerateFlags) => generate(prompts, flags, terminalOf()));
  endpointOptions(
    feedback
      .command('critique')
      .description('a model criticises every reply: answers of kind critique, marked as a model’s')
      .argument('<data>', 'project folder, or a file or folder of any layout'),
  )
    .option('--temperature <t>', 'of the critic', numberOf(0, 2), 0)
    .option('--max-tokens <n>', 'room for a critique', whole(1, 65_536), 300)
    .option('--limit <n>', 'only the first so many items', whole(1))
    .option('--with-others', 'write the judgments that the data brings beside its own', false)
    .requiredOption('--out <folder>', 'new folder; the same again goes on')
    .addHelpText(
      'after',
      '\nExamples:\n  goodhart feedback critique projects/team --endpoint http://127.0.0.1:8000/v1 --model Qwen/Qwen3-8B --out criticised',
    )
    .action((data: string, flags: CritiqueFlags) => critique(data, flags, terminalOf()));
}
