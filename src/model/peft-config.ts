import type { LoraSpec } from '../engine/index.ts';
import { DataError, own } from '../run/index.ts';
import { familyOf } from './hub-config.ts';
import { moduleName, targetNames } from './hub-tensors.ts';
import { linearLayers, loraTargets } from './parameters.ts';
import { type Budget, pythonFullMatch } from './python-pattern.ts';
import type { TransformerSpec } from './spec.ts';
import { each, idle, isUnset, only, requireUnderstood, type Settings, shown, taken, unset } from './understood.ts';

/** `adapter_config.json`: which modules PEFT adapts, at which rank and scale, by PEFT's own rules (0.21). */

type Json = Readonly<Record<string, unknown>>;

const isOneOf = (values: readonly unknown[]) => (value: unknown) =>
  isUnset(value) || values.includes(typeof value === 'string' ? value.toLowerCase() : value);

/** Every key that is understood. What changes the base weights or adds to a layer what LoRA does not is refused. */
const SETTINGS: Settings = {
  peft_type: only('LORA'),
  task_type: only('CAUSAL_LM', 'SEQ_CLS', null),
  ...each(['r', 'lora_alpha', 'rank_pattern', 'alpha_pattern', 'use_rslora', 'modules_to_save'], taken),
  ...each(['target_modules', 'exclude_modules', 'layers_to_transform', 'layers_pattern'], taken),
  bias: only('none', null),
  init_lora_weights: {
    fits: isOneOf([true, 'gaussian', 'orthogonal', 'eva']),
    expected: 'true, false, "gaussian", "orthogonal" or "eva", which leave the base weights alone',
  },
  eva_config: idle('of the first values of the adapters'),
  lora_dropout: idle('of training elsewhere'),
  fan_in_fan_out: idle('PEFT itself corrects it by the kind of the layer'),
  ...each(
    ['base_model_name_or_path', 'revision', 'auto_mapping', 'peft_version', 'inference_mode', 'runtime_config'],
    idle('where it came from, and how it is computed'),
  ),
  megatron_core: idle('without megatron_config'),
  qalora_group_size: idle('without use_qalora'),
  ...each(
    [
      'alora_invocation_tokens',
      'arrow_config',
      'corda_config',
      'ensure_weight_tying',
      'kasa_config',
      'layer_replication',
      'loftq_config',
      'lora_bias',
      'lora_ga_config',
      'megatron_config',
      'monteclora_config',
      'target_parameters',
      'trainable_token_indices',
      'use_bdlora',
      'use_dora',
      'use_qalora',
      'velora_config',
    ],
    unset,
  ),
};

/** One adapted module: its rank, and what its product is multiplied by. */
export interface AdaptedModule {
  readonly layer: number;
  /** As `loraTargets` names it. */
  readonly name: string;
  readonly rank: number;
  readonly scale: number;
}

export interface PeftPlan {
  /** One rank and scale and the same layers in every block: what holds all modules. */
  readonly lora: LoraSpec;
  readonly modules: readonly AdaptedModule[];
  /** Whether the scalar head is saved with the adapters. */
  readonly savesHead: boolean;
}

/** Modules that a family's classes publish as linear layers, by their full name. */
function linearModules(spec: TransformerSpec): Map<string, { layer: number; name: string }> {
  const family = familyOf(spec);
  const published = new Set([...targetNames(family).values()].flat());
  const names = linearLayers(spec).flatMap(({ name, parts }) =>
    published.has(name) ? [name] : parts.map((part) => part.name),
  );
  return new Map(
    Array.from({ length: spec.layers }, (_, layer) => layer).flatMap((layer) =>
      names.map((name) => [moduleName(family, layer, name), { layer, name }] as const),
    ),
  );
}

/** Other modules that a target may name: PEFT would adapt or refuse them, and these graphs have no adapter there. */
const otherModules = (spec: TransformerSpec): string[] =>
  familyOf(spec) === 'gpt2'
    ? ['transformer.wte', 'transformer.wpe', 'transformer.ln_f', 'transformer.h', 'lm_head', 'score']
    : ['model.embed_tokens', 'model.norm', 'model.layers', 'lm_head', 'score'];

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');

/** Of matching patterns, all of a file together: seconds. */
const MOST_STEPS = 100_000_000;

/** The number of a module's block, in the first place where there is one. */
const BLOCK = /\.(\d{1,9})\./;

class Plan {
  readonly json: Json;
  readonly source: string;
  readonly #budget: Budget = { left: MOST_STEPS };
  readonly #patterns = new Map<string, (name: string) => boolean>();

  constructor(json: Json, source: string) {
    this.json = json;
    this.source = source;
  }

  fault(text: string): DataError {
    return new DataError('adapter', `${this.source}: ${text}`);
  }

  /** Whether a pattern of this file fits a whole name. */
  pattern(source: string, key: string): (name: string) => boolean {
    const known = this.#patterns.get(source) ?? pythonFullMatch(source, this.#budget);
    if (known === undefined)
      throw this.fault(`${key}: the pattern ${shown(source)} is not supported; expected a list of module names`);
    this.#patterns.set(source, known);
    return (name) => {
      const fits = known(name);
      if (this.#budget.left >= 0) return fits;
      throw this.fault(`${key}: the pattern ${shown(source)} takes too long; expected a list of module names`);
    };
  }

  /** Names match whole, or as the end of a module's name after a dot; a text is a regular expression for the whole name. */
  matcher(key: string): (module: string) => boolean {
    const value = own(this.json, key);
    if (typeof value === 'string') {
      return this.pattern(value, key);
    }
    if (isUnset(value)) return () => false;
    if (!isTexts(value))
      throw this.fault(`${key} is ${shown(value)}; expected names of modules, or a regular expression`);
    return (module) => value.some((name) => module === name || module.endsWith(`.${name}`));
  }

  /** Whether a module's block is among `layers_to_transform`; a full name in `target_modules` is not asked. */
  inLayers(): (module: string) => boolean {
    const { layers_to_transform: layers, layers_pattern: pattern, target_modules: targets } = this.json;
    if (layers === undefined || layers === null || (Array.isArray(layers) && layers.length === 0)) {
      if (!isUnset(pattern)) throw this.fault('layers_pattern: expected layers_to_transform beside it');
      return () => true;
    }
    if (typeof targets === 'string')
      throw this.fault('layers_to_transform: expected target_modules as a list beside it');
    const indices: unknown[] = Array.isArray(layers) ? layers : [layers];
    if (!indices.every(Number.isInteger)) throw this.fault(`layers_to_transform is ${shown(layers)}; expected numbers`);
    const names = isUnset(pattern) || pattern === '' ? [] : Array.isArray(pattern) ? pattern : [pattern];
    // The modules of these families have one number in their names.
    const patterns = names.map((name) => this.pattern(`(?:.*\\.)?${String(name)}`, 'layers_pattern'));
    return (module) => {
      if ((targets as string[]).includes(module)) return true;
      const block = BLOCK.exec(module);
      if (block === null || !indices.includes(Number(block[1]))) return false;
      return patterns.length === 0 || patterns.some((fits) => fits(module.slice(0, block.index)));
    };
  }

  /** A number by the first pattern that is the module's name or the end of it after a dot. */
  numberFor(key: 'rank_pattern' | 'alpha_pattern', module: string, otherwise: number): number {
    const value = own(this.json, key);
    if (isUnset(value)) return otherwise;
    if (typeof value !== 'object' || Array.isArray(value)) throw this.fault(`${key}: expected an object`);
    for (const [name, number] of Object.entries(value as Json)) {
      if (!this.pattern(`(?:.*\\.)?(?:${name})`, key)(module)) continue;
      return (key === 'rank_pattern' ? rankOf : scaleOf)(this, `${key}: ${shown(name)}`, number);
    }
    return otherwise;
  }

  /** Whether the scalar head is saved. Other saved modules would replace weights of the base. */
  savesHead(): boolean {
    const { modules_to_save: saved } = this.json;
    if (isUnset(saved)) return false;
    const others = isTexts(saved) ? saved.filter((name) => name !== 'score' && name !== 'classifier') : [saved];
    if (others.length === 0) return (saved as string[]).includes('score');
    throw this.fault(
      `modules_to_save is ${shown(saved)}, which is not supported; expected "score" of a reward model alone`,
    );
  }
}

const MOST_RANK = 65_536;

function rankOf(plan: Plan, place: string, value: unknown): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MOST_RANK) return value;
  throw plan.fault(`${place}: expected a whole number from 1 to ${MOST_RANK}, got ${shown(value)}`);
}

function scaleOf(plan: Plan, place: string, value: unknown): number {
  if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value;
  throw plan.fault(`${place}: expected a positive number, got ${shown(value)}`);
}

/** What an `adapter_config.json` adapts in a model. A setting that is not understood is refused by its name. */
export function peftPlan(json: Json, spec: TransformerSpec, source: string): PeftPlan {
  const plan = new Plan(json, source);
  if (json.peft_type !== 'LORA') {
    throw plan.fault(`peft_type is ${shown(json.peft_type)}; expected "LORA"`);
  }
  requireUnderstood(json, SETTINGS, (text) => plan.fault(text));
  const { target_modules: targets } = json;
  const [rank, alpha] = [rankOf(plan, 'r', json.r), scaleOf(plan, 'lora_alpha', json.lora_alpha)];
  const everything = typeof targets === 'string' && targets.toLowerCase() === 'all-linear';
  if (isUnset(targets)) {
    throw plan.fault('target_modules: expected a list of module names, a regular expression, or "all-linear"');
  }
  const isTarget = everything ? () => true : plan.matcher('target_modules');
  const [isExcluded, inLayers] = [plan.matcher('exclude_modules'), plan.inLayers()];
  const isAdapted = (module: string) => isTarget(module) && !isExcluded(module) && inLayers(module);
  const other = everything ? undefined : otherModules(spec).find(isAdapted);
  if (other !== undefined) {
    throw plan.fault(
      `target_modules: ${other} would be adapted, which is not supported; expected linear layers of the blocks`,
    );
  }
  const linears = linearModules(spec);
  requireSomeName(plan, targets, [...linears.keys()], spec);
  const modules = [...linears].flatMap(([module, { layer, name }]) => {
    if (!isAdapted(module)) return [];
    const own = plan.numberFor('rank_pattern', module, rank);
    const scaled = plan.numberFor('alpha_pattern', module, alpha);
    return [{ layer, name, rank: own, scale: scaled / (json.use_rslora === true ? Math.sqrt(own) : own) }];
  });
  if (modules.length === 0) throw plan.fault(`target_modules is ${shown(targets)}, which no linear layer matches`);
  return { lora: holding(modules, spec, { rank, alpha, all: everything }), modules, savesHead: plan.savesHead() };
}

/** A list of names of which no module bears one is a mistake, of the file or of the base it is put on. */
function requireSomeName(plan: Plan, targets: unknown, modules: readonly string[], spec: TransformerSpec): void {
  if (!isTexts(targets)) return;
  if (targets.some((name) => modules.some((module) => module === name || module.endsWith(`.${name}`)))) return;
  const known = [...loraTargets(spec).allowed, ...targetNames(familyOf(spec)).keys()].join(', ');
  throw plan.fault(`${shown(targets[0]).slice(1, -1)} is no linear layer; expected some of ${known}`);
}

/** Settings with one rank and one scale that hold every module: the largest rank, filled up with zeros, and the scale of most. */
function holding(
  modules: readonly AdaptedModule[],
  spec: TransformerSpec,
  given: { readonly rank: number; readonly alpha: number; readonly all: boolean },
): LoraSpec {
  const rank = Math.max(...modules.map((module) => module.rank));
  const scales = modules.map(({ scale }) => scale);
  const plain = given.alpha / given.rank;
  const scale = scales.includes(plain) ? plain : scales[0]!;
  const alpha = rank === given.rank && scale === plain ? given.alpha : scale * rank;
  const names = [...new Set(modules.map(({ name }) => name))];
  const all = given.all && names.length === loraTargets(spec).defaults.length;
  return all ? { rank, alpha } : { rank, alpha, targets: names };
}
