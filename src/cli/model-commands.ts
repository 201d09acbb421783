import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { createEmbeddedEngine, readCheckpoint } from '../engine-embedded/index.ts';
import { architectureOf, familyOf, parameterCount, type TransformerSpec, trainableParameters } from '../model/index.ts';
import {
  hubEnvironment,
  isRewardModel,
  modelFolder,
  readAdapterPlan,
  readPretrainedSpec,
  readPretrainedTokenizer,
} from '../model/node.ts';
import { table } from '../report/index.ts';
import { UsageError } from '../run/index.ts';
import { writeJson } from '../run/node.ts';
import { createTokenizer } from '../text/index.ts';
import { addModelSign } from './key-commands.ts';
import { EXPORT_FORMATS, type ExportFormat, exportModel } from './model-export.ts';
import { whole } from './options.ts';
import type { Terminal } from './terminal.ts';

const count = (shape: readonly number[]) => shape.reduce((product, dim) => product * dim, 1);

/** What a description says, for people and as data. */
function describe(spec: TransformerSpec, folder: string) {
  const { keyValueHeads, headWidth, tied } = architectureOf(spec);
  const trained = trainableParameters(spec).reduce((sum, { shape }) => sum + count(shape), 0);
  return {
    folder,
    family: familyOf(spec),
    parameters: parameterCount(spec),
    trained,
    layers: spec.layers,
    width: spec.width,
    heads: spec.heads,
    keyValueHeads,
    headWidth,
    feedForward: spec.feedForward,
    vocabulary: spec.vocabulary,
    maxContext: spec.maxContext,
    tied,
    kind: spec.scalarHead === true ? 'reward model' : 'language model',
    ...(spec.lora !== undefined && { lora: spec.lora }),
  };
}

async function info(terminal: Terminal, name: string): Promise<void> {
  if (existsSync(join(name, 'state.json'))) {
    const value = describe(readCheckpoint(name).spec, name);
    terminal.result(value, rows(value));
    return;
  }
  const folder = await modelFolder(name, { ...hubEnvironment(), progress: terminal.progress });
  const text = existsSync(join(folder, 'tokenizer.json')) ? readPretrainedTokenizer(folder) : undefined;
  const tokenizer = text && createTokenizer(text);
  const spec = readPretrainedSpec(folder);
  const value = {
    ...describe(isRewardModel(folder) ? { ...spec, scalarHead: true } : spec, folder),
    tokenizer: tokenizer === undefined ? 'none' : `${tokenizer.vocabularySize} ids`,
    chatTemplate: text?.chatTemplate === undefined ? 'none' : 'its own',
    ...(tokenizer !== undefined && { stop: tokenizer.stop }),
    // Replies are drawn from the model's own distribution: such settings are handed on with it, and not applied.
    ...(text?.generation !== undefined && { generation: text.generation }),
  };
  terminal.result(value, rows(value));
}

const rows = (value: object) =>
  table(Object.entries(value).map(([key, v]) => [key, typeof v === 'object' ? JSON.stringify(v) : String(v)]));

/** `model info|download|import|export`. */
export function addModelCommands(program: Command, terminalOf: () => Terminal): void {
  const model = program.command('model').description('published models: look, fetch, take in, hand out, sign');
  model
    .command('info')
    .description('what a model is: a folder, a hub id, or a checkpoint')
    .argument('<model>')
    .addHelpText(
      'after',
      '\nExamples:\n  goodhart model info HuggingFaceTB/SmolLM2-135M\n  goodhart model info runs/x/checkpoints/base',
    )
    .action((name: string) => info(terminalOf(), name));
  model
    .command('download')
    .description('fetch a model from the hub into the cache; an interrupted download continues')
    .argument('<id>', 'owner/name, with @revision for a certain one')
    .addHelpText(
      'after',
      '\nHF_TOKEN gives access to gated models, HF_ENDPOINT names another hub.\n\nExample:\n  goodhart model download HuggingFaceTB/SmolLM2-135M-Instruct',
    )
    .action(async (id: string) => {
      const terminal = terminalOf();
      const folder = await modelFolder(id, { ...hubEnvironment(), progress: terminal.progress });
      terminal.result({ type: 'model', id, folder }, folder);
    });
  model
    .command('import')
    .description('turn a published model into a checkpoint with its tokenizer beside it')
    .argument('<model>', 'folder or hub id')
    .requiredOption('--out <folder>', 'new folder: base/ and tokenizer.json')
    .option('--max-context <n>', 'tokens of prompt and reply together', whole(8), 512)
    .option('--adapter <folder>', 'PEFT adapter to keep on top of the weights')
    .addHelpText(
      'after',
      '\nExample:\n  goodhart model import HuggingFaceTB/SmolLM2-135M --out models/smol --max-context 1024',
    )
    .action(async (name: string, options: { out: string; maxContext: number; adapter?: string }) => {
      const terminal = terminalOf();
      const { out, maxContext, adapter } = options;
      if (existsSync(out)) throw new UsageError('out', `${out}: exists; choose another --out`);
      const folder = await modelFolder(name, { ...hubEnvironment(), progress: terminal.progress });
      const plain = readPretrainedSpec(folder, { maxContext });
      const adapted = adapter === undefined ? undefined : readAdapterPlan(adapter, plain);
      const scores = isRewardModel(folder) || adapted?.savesHead === true;
      const spec = { ...plain, seed: 1, ...(scores && { scalarHead: true }) };
      const tokenizer = readPretrainedTokenizer(folder);
      const engine = createEmbeddedEngine();
      try {
        const start = { from: folder, ...(adapter !== undefined && { adapter }) };
        const made = await engine.createModel({ ...spec, ...(adapted && { lora: adapted.lora }) }, start);
        await made.saveState(join(out, 'base'));
      } finally {
        await engine.dispose();
      }
      writeJson(join(out, 'tokenizer.json'), tokenizer);
      terminal.result({ type: 'imported', ...describe(spec, out) }, `${parameterCount(spec)} weights in ${out}/base`);
    });
  model
    .command('export')
    .description('hand out a trained model: for transformers, PEFT, or onnxruntime-web')
    .argument('<place>', 'checkpoint, or run folder for its last policy')
    .requiredOption('--out <folder>', 'new folder')
    .addOption(new Option('--format <format>', 'what to write').choices([...EXPORT_FORMATS]).default('safetensors'))
    .option('--base <model>', 'hub id or folder of the model that an adapter belongs to')
    .addHelpText(
      'after',
      '\nExamples:\n  goodhart model export runs/x --out models/policy\n  goodhart model export runs/x/reward/model/member-0 --format onnx --out models/reward',
    )
    .action((place: string, options: { out: string; format: ExportFormat; base?: string }) => {
      const { out, format, base } = options;
      const written = exportModel(place, out, { format, base });
      terminalOf().result(
        { type: 'exported', ...written },
        `${written.kind} model of ${written.parameters} weights from ${written.checkpoint}: ${format} in ${out}`,
      );
    });
  addModelSign(model, terminalOf);
}
