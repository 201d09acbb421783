import { join } from 'node:path';
import type { Command } from 'commander';
import type { Evidence } from '../audit/index.ts';
import { writeEvidence } from '../audit/node.ts';
import { type Endpoint, sampleReplies, tallyText } from '../endpoint/index.ts';
import { addTo, UsageError } from '../run/index.ts';
import { inAskedFolder, nothingCame, requireReached } from './asked-folder.ts';
import { address, type EndpointFlags, endpointOf, endpointOptions, numberOf } from './endpoint-options.ts';
import { whole } from './options.ts';
import { beliefRows, itemsOf, replyRows, type SampledPolicy } from './policy-evidence.ts';
import { type AskedPrompt, readPrompts } from './prompt-file.ts';
import type { Terminal } from './terminal.ts';

interface AskFlags extends EndpointFlags {
  readonly baseModel?: string;
  readonly baseEndpoint?: string;
  readonly baseKeyEnv?: string;
  readonly replies: number;
  readonly temperature: number;
  readonly maxTokens: number;
  readonly out: string;
}

/** What the replies allow, by kind of evidence; a kind without rows is left out, and why is said. */
function evidenceOf(prompts: readonly AskedPrompt[], policies: readonly SampledPolicy[]) {
  const without: string[] = [];
  const evidence: { -readonly [K in keyof Evidence]: Evidence[K] } = {};
  const [policy, base] = policies as [SampledPolicy, SampledPolicy?];
  if (base === undefined) without.push('reply-samples: without --base-model there is nothing to compare with');
  else {
    const rows = replyRows(prompts, base, policy);
    if (rows.length > 0) evidence['reply-samples'] = rows;
    else
      without.push(
        'reply-samples: no prompt has replies of both models with log-probabilities; the server offers none',
      );
  }
  const beliefs = beliefRows(prompts, policies);
  if (beliefs.length > 0) evidence['belief-replies'] = beliefs;
  else without.push('belief-replies: no prompt says belief and truth');
  return { evidence, without };
}

/** Where the base model is asked; the key of one address is not sent to another. */
function baseOf({ baseModel, baseEndpoint, baseKeyEnv, ...flags }: AskFlags): EndpointFlags | undefined {
  if (baseModel === undefined) {
    if (baseEndpoint === undefined && baseKeyEnv === undefined) return undefined;
    throw new UsageError('base-model', 'policy ask: expected --base-model beside --base-endpoint and --base-key-env');
  }
  const there = { ...flags, model: baseModel, endpoint: baseEndpoint ?? flags.endpoint };
  if (baseKeyEnv !== undefined) return { ...there, keyEnv: baseKeyEnv };
  return baseEndpoint === undefined ? there : { ...there, keyEnv: null };
}

async function ask(path: string, flags: AskFlags, terminal: Terminal): Promise<void> {
  const { out, replies, temperature, maxTokens } = flags;
  const prompts = await readPrompts(path);
  await inAskedFolder(out, terminal, async (folder) => {
    const asked: { readonly snapshot: 'base' | 'policy'; readonly endpoint: Endpoint }[] = [
      { snapshot: 'policy', endpoint: endpointOf(flags, folder.answers) },
    ];
    const base = baseOf(flags);
    if (base !== undefined) asked.push({ snapshot: 'base', endpoint: endpointOf(base, folder.answers) });
    const policies: SampledPolicy[] = [];
    const failed: Record<string, number> = {};
    for (const { snapshot, endpoint } of asked) {
      const step = { stage: snapshot, total: prompts.length, unit: 'prompts' };
      const texts = prompts.map(({ prompt }) => prompt);
      const sampled = await sampleReplies(endpoint, texts, {
        ...{ replies, temperature, maxTokens, logprobs: true },
        onDone: (done) => terminal.progress({ ...step, done }),
      });
      requireReached(sampled);
      const lost: Record<string, number> = {};
      for (const one of sampled) if ('reason' in one) addTo(lost, one.reason);
      if (!sampled.some((one) => 'answers' in one))
        throw nothingCame(`${endpoint.url}: ${endpoint.model} answered none of ${prompts.length} prompts`, lost);
      for (const [reason, n] of Object.entries(lost)) addTo(failed, `${endpoint.model}: ${reason}`, n);
      policies.push({ snapshot, model: endpoint.model, sampled });
    }
    const { evidence, without } = evidenceOf(prompts, policies);
    const files = writeEvidence(join(out, 'audit'), evidence);
    const sampling = { temperature, maxTokens };
    const items = itemsOf(prompts, policies, {
      projectId: 'policy',
      origin: flags.model,
      selection: 'prompts given',
      sampling,
    });
    folder.lines('project/items.jsonl', items);
    folder.lines('project/judgments.jsonl', []);
    const tallies = asked.map(({ endpoint }) => ({ model: endpoint.model, ...endpoint.tally() }));
    const rows = Object.fromEntries(Object.entries(evidence).map(([kind, of]) => [kind, of?.length ?? 0]));
    terminal.result(
      { type: 'asked', out, prompts: prompts.length, failed, evidence: rows, without, items: items.length, tallies },
      [
        ...tallies.map((tally) => `${tally.model}: ${tallyText(tally)}`),
        ...Object.entries(failed).map(([why, n]) => `${n} prompts without replies, ${why}`),
        ...Object.entries(rows).map(([kind, n]) => `${n} rows of ${kind}`),
        ...without.map((why) => `not gathered  ${why}`),
        `${items.length} items to judge in ${join(out, 'project')}`,
        ...(files.length > 0 ? [`next: goodhart audit ${join(out, 'audit')}`] : []),
      ].join('\n'),
    );
  });
}

/** `policy ask`. */
export function addAskPolicyCommand(policy: Command, terminalOf: () => Terminal): void {
  endpointOptions(
    policy
      .command('ask')
      .description('replies of a model behind an endpoint, as evidence that goodhart audit reads and as items to judge')
      .argument(
        '<prompts>',
        'JSON Lines ({"prompt", "id", "split", "belief", "truth"}), a prompt a line, or a project folder',
      ),
  )
    .option('--base-model <name>', 'the model that it was tuned from, asked the same')
    .option('--base-endpoint <url>', 'its address, where it is another', address)
    .option('--base-key-env <name>', 'environment variable of its key; the other key goes to the other address alone')
    .option('--replies <k>', 'replies to each prompt', whole(1, 64), 4)
    .option('--temperature <t>', 'of both models', numberOf(0, 2), 1)
    .option('--max-tokens <n>', 'tokens of a reply', whole(1, 65_536), 256)
    .requiredOption('--out <folder>', 'new folder; the same again goes on')
    .addHelpText(
      'after',
      `
Writes audit/evidence (reply-samples where log-probabilities are offered, belief-replies where prompts say what the user believes and what is
so) and project/ (a reply of each model, to be judged).

Examples:
  goodhart policy ask prompts.jsonl --endpoint http://127.0.0.1:8000/v1 --model tuned --base-model base --out asked
  goodhart audit asked/audit
  goodhart feedback judge asked/project --endpoint http://127.0.0.1:8001/v1 --model judge --out judged`,
    )
    .action((prompts: string, flags: AskFlags) => ask(prompts, flags, terminalOf()));
}
