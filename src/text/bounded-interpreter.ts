import { Environment, Interpreter } from '@huggingface/jinja';

/**
 * An interpreter of templates that stops at a number of steps and at a size of values: a template is a program of whoever
 * published the model. What would make a value far larger than those it is made of (`replace`, `join`, `indent`, `tojson`)
 * is looked at before it is done, for nothing stops an allocation half-way.
 */

export const TEMPLATE_BOUNDS = {
  /** Nodes evaluated, elements of lists each time they are, and parts of values each time they are measured. */
  steps: 50_000,
  /** Nodes within nodes, those of macros that call each other included. */
  depth: 400,
  /** Characters and elements of one value, with all that it holds. */
  size: 4_000_000,
  /** Of all values that were made, together. */
  made: 32_000_000,
  /** Characters compared in a search that native code does, which nothing can interrupt. */
  search: 100_000_000,
};

/** A node of a parsed template, and a value, as the library has them; its own declarations do not resolve. */
export interface Node {
  readonly type: string;
}
export interface Value {
  readonly type: string;
  value: unknown;
}
interface Evaluator {
  run(program: unknown): Value;
  evaluate(statement: Node | undefined, environment: Environment): Value;
}
const Plain = Interpreter as unknown as new (environment: Environment) => Evaluator;

/** The parts of nodes that are looked at. */
interface Parts {
  readonly object?: Node;
  readonly property?: Node & { readonly value?: unknown };
  readonly computed?: boolean;
  readonly operand?: Node;
  readonly filter?: Node & {
    readonly value?: unknown;
    readonly callee?: { readonly value?: unknown };
    readonly args?: readonly Node[];
  };
  readonly body?: readonly Node[];
  readonly argument?: Node;
  readonly value?: Node;
  readonly key?: { readonly value: string };
}
type Call = (args: Value[], scope: Environment) => Value;

const SETTLED = 'Settled';
interface Settled extends Node {
  readonly value: Value;
}
/** A node whose value is known already. */
export const settled = (value: Value): Settled => ({ type: SETTLED, value });
export const isText = (value: Value | undefined): value is Value & { value: string } => value?.type === 'StringValue';
const isMap = (value: Value): value is Value & { value: Map<string, Value> } => value.value instanceof Map;
export const isList = (value: Value): value is Value & { value: Value[] } => Array.isArray(value.value);

interface Extent {
  readonly size: number;
  readonly depth: number;
  /** It can still grow, or be part of itself. */
  readonly open: boolean;
}

/** How large values are with all that they hold; what cannot change any more is measured once. `visit` hears of each part. */
function measurer(most: number, visit: () => void): (value: Value) => Extent {
  const known = new WeakMap<object, Extent>();
  const inside = new Set<object>();
  const measure = (value: Value): Extent => {
    visit();
    if (typeof value.value === 'string') return { size: 1 + value.value.length, depth: 0, open: false };
    if (!isMap(value) && !isList(value)) return { size: 1, depth: 0, open: false };
    const before = known.get(value);
    if (before !== undefined) return before;
    if (inside.has(value)) throw new Error('a value is part of itself');
    inside.add(value);
    let [size, depth, open] = [1, 0, value.type === 'NamespaceValue'];
    for (const [key, part] of value.value.entries()) {
      const { size: more, depth: deep, open: grows } = measure(part as Value);
      size += more + (typeof key === 'string' ? key.length : 0);
      depth = Math.max(depth, deep + 1);
      open ||= grows;
      if (size > most) throw new Error(`a value of more than ${most} characters and elements`);
    }
    inside.delete(value);
    const extent = { size, depth, open };
    if (!open) known.set(value, extent);
    return extent;
  };
  return (value) => {
    inside.clear();
    return measure(value);
  };
}

/** Occurrences of a text in another, as far as they matter. */
function occurrences(text: string, part: string): number {
  if (part === '') return text.length + 1;
  let count = 0;
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + part.length)) count += 1;
  return count;
}

export class BoundedInterpreter extends Plain {
  readonly #bounds: typeof TEMPLATE_BOUNDS;
  readonly #measure: (value: Value) => Extent;
  readonly #guarded = new WeakSet<object>();
  #steps = 0;
  #made = 0;
  #depth = 0;

  constructor(environment: Environment, bounds = TEMPLATE_BOUNDS) {
    super(environment);
    this.#bounds = bounds;
    this.#measure = measurer(bounds.size, () => this.step(1));
  }

  override evaluate(statement: Node | undefined, environment: Environment): Value {
    if (statement?.type === SETTLED) return (statement as unknown as Settled).value;
    this.#depth += 1;
    if (this.#depth > this.#bounds.depth) throw new Error(`it nests more than ${this.#bounds.depth} deep`);
    try {
      const node = statement === undefined ? undefined : this.#prepare(statement, environment);
      const value = this.compute(node, environment);
      const { type } = statement ?? {};
      this.measured(value, type !== 'Identifier' && type !== 'StringLiteral');
      return node?.type === 'MemberExpression' ? this.#guard(node, value) : value;
    } finally {
      this.#depth -= 1;
    }
  }

  /** The value of a node, before it is measured: here the library's. */
  protected compute(node: Node | undefined, environment: Environment): Value {
    return super.evaluate(node, environment);
  }

  /** The same value, if it is within the bounds. */
  protected measured(value: Value, made: boolean): Value {
    // A loop goes over all of it, whatever it holds.
    if (isList(value)) this.step(value.value.length);
    const { size } = this.#measure(value);
    if (size > this.#bounds.size) this.tooLarge();
    if (made) this.#make(size);
    return value;
  }

  /** Characters that one value may have. */
  protected get most(): number {
    return this.#bounds.size;
  }
  protected step(count: number): void {
    this.#steps += count;
    if (this.#steps > this.#bounds.steps) throw new Error(`it takes more than ${this.#bounds.steps} steps`);
  }
  #make(size: number): void {
    this.#made += size;
    if (this.#made > this.#bounds.made) throw new Error(`it makes more than ${this.#bounds.made} characters`);
  }
  protected tooLarge(): never {
    throw new Error(`a value of more than ${this.#bounds.size} characters and elements`);
  }
  /** Refuses a search that nothing could interrupt. */
  protected search(text: string, part: string): void {
    if (text.length * part.length > this.#bounds.search)
      throw new Error(`it looks for ${part.length} characters in ${text.length}`);
  }

  /** The same node with those of its parts evaluated whose values decide how large or slow it gets. */
  #prepare(node: Node, environment: Environment): Node {
    const parts = node as unknown as Parts;
    const known = (part: Node) => settled(this.evaluate(part, environment));
    switch (node.type) {
      case 'MemberExpression':
        return { ...node, object: known(parts.object!) } as Node;
      case 'FilterStatement': {
        const inner = new Environment(environment);
        const operand = this.evaluate({ type: 'Program', body: parts.body } as unknown as Node, inner);
        return this.#filter({ ...node, type: 'FilterExpression' }, operand, environment);
      }
      case 'FilterExpression':
        return this.#filter(node, this.evaluate(parts.operand, environment), environment);
      default:
        return node;
    }
  }

  #filter(node: Node, operand: Value, environment: Environment): Node {
    const { filter } = node as unknown as Required<Pick<Parts, 'filter'>>;
    if (filter.type !== 'CallExpression') return { ...node, operand: settled(operand) } as Node;
    const given: Value[] = [];
    const args = filter.args!.map((arg) => {
      const { argument, value, key } = arg as unknown as Parts;
      const inner = argument ?? (key === undefined ? arg : value!);
      const result = this.evaluate(inner, environment);
      given.push(result);
      if (argument !== undefined) return { ...arg, argument: settled(result) };
      return key === undefined ? settled(result) : { ...arg, value: settled(result) };
    });
    this.#checkGrowth(String(filter.callee?.value), operand, given);
    return { ...node, operand: settled(operand), filter: { ...filter, args } } as unknown as Node;
  }

  /** Refuses what would make more of its parts than a value may have. */
  #checkGrowth(name: string, operand: Value, given: readonly Value[]): void {
    const texts = given.filter(isText).map(({ value }) => value);
    const widest = Math.max(0, ...given.map(({ value }) => (typeof value === 'number' ? Math.abs(value) : 0)));
    const { size, depth } = this.#measure(operand);
    let [times, added] = [0, 0];
    if (name === 'replace' && isText(operand)) {
      const [old = '', replacement = ''] = texts;
      this.search(operand.value, old);
      [times, added] = [occurrences(operand.value, old), replacement.length];
    } else if (name === 'join') [times, added] = [size, texts.reduce((most, { length }) => Math.max(most, length), 0)];
    else if (name === 'indent') [times, added] = [size, widest];
    else if (name === 'tojson') {
      const separators = given.flatMap((value) => (isList(value) ? value.value.filter(isText) : []));
      const separator = separators.reduce((sum, { value }) => sum + value.length, 0);
      [times, added] = [size, (depth + 1) * widest + separator];
    }
    if (size + times * added > this.#bounds.size) this.tooLarge();
  }

  /** A method of a text that makes more of it, as one that looks first. Others of a text are bounded by it. */
  #guard(node: Node, method: Value): Value {
    const { object, property, computed } = node as unknown as Parts;
    const owner = (object as unknown as Settled).value;
    if (method.type !== 'FunctionValue' || !isText(owner) || this.#guarded.has(method)) return method;
    this.#guarded.add(method);
    const name = computed === true ? undefined : String(property?.value);
    const whole = method.value as Call;
    const guarded: Call = (args, scope) => {
      if (name === undefined || name === 'replace') this.#checkGrowth('replace', owner, args);
      const [first] = args;
      if (isText(first)) this.search(owner.value, first.value);
      return whole(args, scope);
    };
    method.value = guarded;
    return method;
  }
}
