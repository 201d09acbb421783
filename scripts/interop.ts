/**
 * Do transformers and PEFT load what this package exports, and does it load what they save? Tiny models of every family, reward
 * models and adapters go both ways, and both sides compute the same prompts; replies end at the same tokens:
 *
 *   npm run bench:engine -- --only lm-step        # makes the Python environment, once
 *   npx tsx scripts/interop.ts [--python bench/results/venv/bin/python]
 *
 * A line per check with the largest difference. Exit code 1 where one exceeds 1e-4 or a model does not load; without the
 * libraries one line says why nothing was checked.
 */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { exportModel } from '../src/cli/model-export.ts';
import type { LoraSpec, ModelSpec, TrainableModel } from '../src/engine/index.ts';
import { writeCheckpoint } from '../src/engine-embedded/checkpoint.ts';
import { createEmbeddedEngine, readCheckpoint } from '../src/engine-embedded/index.ts';
import { freshState } from '../src/engine-embedded/store.ts';
import { mergeAdapters, parametersOf, resolveTargets } from '../src/model/index.ts';
import {
  readAdapterLora,
  readPretrainedSpec,
  readPretrainedTokenizer,
  writeAdapter,
  writePretrained,
} from '../src/model/node.ts';
import { createTokenizer, trainBpe } from '../src/text/index.ts';
import { askPython, missing } from './interop-python.ts';

const { values: args } = parseArgs({
  options: { python: { type: 'string', default: 'bench/results/venv/bin/python' } },
});
const TOLERANCE = 1e-4;
const PROMPTS = [[1, 5, 9, 42, 7, 7, 80], [95, 0, 3], [11]];
const FIXTURES = fileURLToPath(new URL('../fixtures/pretrained', import.meta.url));
const FAMILIES = ['gpt2', 'llama', 'llama3-sharded', 'qwen2', 'qwen3'];
/** Linear layers of some families by their published names. */
const TARGETS: Readonly<Record<string, string[]>> = {
  gpt2: ['c_attn', 'c_fc'],
  llama: ['q_proj', 'v_proj', 'down_proj'],
  qwen3: ['k_proj', 'o_proj', 'gate_proj'],
};

/** Settings of adapters that PEFT understands, and this package too. */
const SETTINGS: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>> = {
  gpt2: [{ target_modules: 'all-linear' }, { target_modules: '.*\\.(c_attn|mlp\\.c_proj)', use_rslora: true }],
  llama: [
    { target_modules: ['q_proj', 'v_proj'], rank_pattern: { q_proj: 2, 'layers.1.self_attn.v_proj': 5 } },
    { target_modules: ['q_proj', 'v_proj'], alpha_pattern: { 'layers.0.self_attn.v_proj': 2 } },
    { target_modules: ['q_proj', 'up_proj'], use_rslora: true },
    { target_modules: ['q_proj', 'up_proj'], layers_to_transform: [1] },
    { target_modules: '.*\\.0\\.(?:self_attn|mlp)\\.(?P<which>q|down)_proj' },
    { target_modules: 'all-linear' },
    { target_modules: 'all-linear', exclude_modules: ['mlp.down_proj', 'o_proj'] },
  ],
};

interface Check {
  readonly name: string;
  readonly request: Readonly<Record<string, unknown>> & { readonly kind: 'causal' | 'reward' | 'adapter' };
  /** Opens our side, after theirs was made. */
  open(): Promise<TrainableModel>;
}

const place = mkdtempSync(join(tmpdir(), 'goodhart-interop-'));
const engine = createEmbeddedEngine({ threads: 1 });
const fixture = (family: string) => join(FIXTURES, family);
const specOf = (folder: string): ModelSpec => ({ ...readPretrainedSpec(folder), seed: 1 });

/** A model whose every weight, gains and biases too, is far from its start. */
async function spreadModel(name: string, spec: ModelSpec): Promise<{ folder: string; model: TrainableModel }> {
  const state = freshState(spec);
  let n = 0;
  for (const { name: parameter, role } of parametersOf(spec)) {
    const values = state.weights.get(parameter)!;
    for (let i = 0; i < values.length; i++) values[i] = (role === 'gain' ? 1 : 0) + 0.3 * Math.sin(12.9898 * n++);
  }
  const folder = join(place, `${name}-checkpoint`);
  writeCheckpoint(folder, state);
  return { folder, model: await engine.createModel(spec, { from: folder }) };
}

/** What we write, for them to load. */
async function exported(family: string): Promise<Check[]> {
  const plain = specOf(fixture(family));
  const checks: Check[] = [];
  for (const kind of ['causal', 'reward'] as const) {
    const spec = kind === 'reward' ? { ...plain, scalarHead: true } : plain;
    const name = `${family}-${kind}`;
    const { folder: checkpoint, model } = await spreadModel(name, spec);
    const folder = join(place, name);
    writePretrained(folder, readCheckpoint(checkpoint), { shardBytes: family === 'llama3-sharded' ? 20_000 : 5e9 });
    checks.push({ name: `${name}, written here`, request: { kind, folder }, open: async () => model });
  }
  if (!(family in TARGETS)) return checks;
  const base = join(place, `${family}-causal`);
  const lora: LoraSpec = { rank: 2, alpha: 6, targets: resolveTargets(TARGETS[family]!, plain, family) };
  const { folder: checkpoint, model } = await spreadModel(`${family}-lora`, { ...plain, lora });
  // The adapters of this model on the weights of the base.
  const state = readCheckpoint(checkpoint);
  const folder = join(place, `${family}-adapter`);
  writeAdapter(folder, state, base);
  const merged = join(place, `${family}-merged`);
  writePretrained(merged, mergeAdapters(state));
  await model.dispose();
  const adapted = () => engine.createModel({ ...plain, lora }, { from: base, adapter: folder });
  checks.push({ name: `${family} adapter, written here`, request: { kind: 'adapter', folder, base }, open: adapted });
  const whole = () => engine.createModel({ ...plain, lora }, { from: checkpoint });
  checks.push({
    name: `${family} with its adapter merged here`,
    request: { kind: 'causal', folder: merged },
    open: whole,
  });
  return checks;
}

/** What they write, for us to load. */
function saved(family: string): Check[] {
  const like = fixture(family);
  const of = (kind: 'causal' | 'reward'): Check => {
    const folder = join(place, `${family}-${kind}-theirs`);
    const open = () => engine.createModel({ ...specOf(folder), scalarHead: kind === 'reward' }, { from: folder });
    return { name: `${family}-${kind}, written there`, request: { kind, make: kind, like, folder }, open };
  };
  const checks = [of('causal'), of('reward')];
  const targets = TARGETS[family];
  if (targets === undefined) return checks;
  const base = join(place, `${family}-causal-theirs`);
  const adapters = [{ target_modules: targets }, ...(SETTINGS[family] ?? [])].map((settings, i): Check => {
    const folder = join(place, `${family}-adapter-theirs-${i}`);
    const open = () => {
      const spec = specOf(base);
      return engine.createModel({ ...spec, lora: readAdapterLora(folder, spec) }, { from: base, adapter: folder });
    };
    const request = { kind: 'adapter', make: 'adapter', folder, base, settings } as const;
    return { name: `${family} adapter ${JSON.stringify(settings)}, written there`, request, open };
  });
  return [...checks, ...adapters];
}

interface StopCase {
  readonly name: string;
  readonly folder: string;
  /** Ids at which replies end here. */
  readonly stop: readonly number[];
}

/** Models exported with a tokenizer, where what ends a reply stands in other places: they must end at the same tokens. */
function stopCases(): StopCase[] {
  const published = fileURLToPath(new URL('../fixtures/public-cases/text/eos-in-config', import.meta.url));
  const changed: Readonly<Record<string, Readonly<Record<string, object>>>> = {
    'config.json': {},
    'generation_config.json': { 'generation_config.json': { eos_token_id: 326, temperature: 0.5 } },
    'the template alone': { 'config.json': { model_type: 'llama' } },
  };
  const texts = ['a quick brown fox', 'jumps over the lazy dog'];
  const tokenizers: [string, Readonly<Record<string, unknown>>][] = [
    ['a tokenizer trained here', trainBpe(texts, 300)],
    ...Object.entries(changed).map(([name, files], i): [string, Readonly<Record<string, unknown>>] => {
      const folder = join(place, `tokenizer-${i}`);
      cpSync(published, folder, { recursive: true });
      for (const [file, value] of Object.entries(files)) writeFileSync(join(folder, file), JSON.stringify(value));
      return [`stops in ${name}`, { ...readPretrainedTokenizer(folder) }];
    }),
  ];
  return tokenizers.map(([name, json], i) => {
    const tokenizer = createTokenizer({ ...json });
    const folder = join(place, `stops-${i}`);
    const checkpoint = join(folder, 'policy');
    const size = { width: 16, layers: 1, heads: 2, feedForward: 24, maxContext: 64 };
    writeCheckpoint(checkpoint, freshState({ ...size, vocabulary: tokenizer.vocabularySize, seed: 1 }));
    writeFileSync(join(folder, 'tokenizer.json'), JSON.stringify(json));
    const out = join(folder, 'out');
    exportModel(checkpoint, out, { format: 'safetensors' });
    return { name, folder: out, stop: [...tokenizer.stop].sort((a, b) => a - b) };
  });
}

/** Whether theirs ends at exactly our tokens, the tokenizer's and the template's ends among them. */
function sameStops({ name, stop }: StopCase, { stops, fault }: Answer): boolean {
  const listed = (ids: readonly (number | null)[]) => ids.join(', ');
  const same =
    stops !== undefined &&
    listed(stops.ended) === listed(stop) &&
    [stops.eos, ...(stops.turn === null ? [] : [stops.turn])].every((id) => stop.includes(id));
  const theirs =
    stops === undefined
      ? fault
      : `${listed(stops.ended)}; eos ${stops.eos}, the turn ends with ${stops.turn ?? 'no mark'}`;
  process.stdout.write(`${same ? 'ok  ' : 'FAIL'} ${name}: here at ${listed(stop)}, there at ${theirs}\n`);
  return same;
}

const logSoftmax = (row: readonly number[]) => {
  const top = Math.max(...row);
  const log = top + Math.log(row.reduce((sum, x) => sum + Math.exp(x - top), 0));
  return row.map((x) => x - log);
};

/** Largest difference from their numbers: of log-probabilities of every token at every position, or of the score. */
async function difference(model: TrainableModel, kind: string, theirs: readonly number[][][]): Promise<number> {
  let largest = 0;
  const note = (ours: number, other: number) => {
    // A number that is none differs from everything.
    largest = Math.max(largest, Math.abs(ours - other) || (ours === other ? 0 : Number.POSITIVE_INFINITY));
  };
  for (const [p, prompt] of PROMPTS.entries()) {
    const tokens = Int32Array.from(prompt);
    const rows = theirs[p]!;
    if (kind === 'reward') {
      const [scores] = await (await model.sampler()).scalars([tokens]);
      note(scores!.at(-1)!, (rows as unknown as number[])[0]!);
      continue;
    }
    const data = rows[0]!.map((_, target) => ({ tokens, targets: tokens.map(() => target) }));
    const { logprobs } = await model.forward(data, 'cross_entropy');
    for (const [at, row] of rows.entries()) {
      for (const [target, want] of logSoftmax(row).entries()) note(logprobs[target]![at]!, want);
    }
  }
  return largest;
}

interface Answer {
  readonly numbers?: number[][][];
  readonly stops?: { readonly ended: readonly number[]; readonly eos: number; readonly turn: number | null };
  readonly fault?: string;
}

async function compare(): Promise<boolean> {
  const checks = [...(await Promise.all(FAMILIES.map(exported))).flat(), ...FAMILIES.flatMap(saved)];
  const asked = checks.map(({ request }) => ({ ...request, prompts: PROMPTS }));
  const ends = stopCases();
  const { answers } = askPython<Answer>(args.python, 'interop.py', [
    ...asked,
    ...ends.map(({ folder }) => ({ kind: 'stops', folder, ordinary: 40 })),
  ]);
  let good = true;
  for (const [i, end] of ends.entries()) good = sameStops(end, answers[checks.length + i]!) && good;
  for (const [i, { name, request, open }] of checks.entries()) {
    const { numbers, fault } = answers[i]!;
    const largest = numbers === undefined ? undefined : await difference(await open(), request.kind, numbers);
    const passes = largest !== undefined && largest < TOLERANCE;
    good &&= passes;
    process.stdout.write(
      `${passes ? 'ok  ' : 'FAIL'} ${name}: ${fault ?? `differs by ${largest!.toExponential(1)}`}\n`,
    );
  }
  return good;
}

try {
  const reason = missing(args.python, ['torch', 'transformers', 'peft']);
  if (reason !== undefined) process.stdout.write(`skipped: ${reason}\n`);
  else if (!(await compare())) process.exitCode = 1;
} finally {
  await engine.dispose();
  rmSync(place, { recursive: true, force: true });
}
