import { Environment, Interpreter, type parse } from '@huggingface/jinja';
import { formatPercent, pythonString, type Runtime, toJson } from './python-values.ts';

/** Runs a parsed template as Python's jinja2 does where the library renders as JavaScript does. */

type Program = ReturnType<typeof parse>;

interface Node {
  readonly type: string;
  readonly [key: string]: unknown;
}

/** Statements that write nothing themselves, or whose text is written already. */
const STATEMENTS = new Set([
  'Set',
  'If',
  'For',
  'Macro',
  'CallStatement',
  'FilterStatement',
  'Break',
  'Continue',
  'Comment',
]);
const BODIES = ['body', 'alternate', 'defaultBlock'];

/** Every node of a template, with what it is for: an expression that is written out, or what a loop goes through. */
function places(program: Program): { written: Set<unknown>; looped: Set<unknown>; names: Set<string> } {
  const found = { written: new Set<unknown>(), looped: new Set<unknown>(), names: new Set<string>() };
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(visit);
    else if (value instanceof Map) for (const pair of value) visit(pair);
    else if (typeof value === 'object' && value !== null && 'type' in value) {
      const node = value as Node;
      for (const key of BODIES) {
        const body = node[key];
        if (Array.isArray(body))
          for (const item of body as Node[]) if (!STATEMENTS.has(item.type)) found.written.add(item);
      }
      if (node.type === 'For') {
        const over = node.iterable as Node;
        found.looped.add(over.type === 'SelectExpression' ? over.lhs : over);
      }
      if (node.type === 'Identifier') found.names.add(String(node.value));
      Object.values(node).forEach(visit);
    }
  };
  visit(program);
  return found;
}

/** Names that a template reads or sets. */
export const namesOf = (program: Program): ReadonlySet<string> => places(program).names;

const isText = (value: Runtime): boolean => value.type === 'StringValue';
const isList = (value: Runtime): boolean => value.type === 'ArrayValue' || value.type === 'TupleValue';
const isNumber = (value: Runtime): boolean => ['IntegerValue', 'FloatValue', 'BooleanValue'].includes(value.type);
const isMapping = (value: Runtime): boolean => value.type === 'ObjectValue';

/** Equality as Python has it: by content, numbers and truth values together, none equal to nothing else. */
function isEqual(a: Runtime, b: Runtime): boolean {
  if (isNumber(a) && isNumber(b)) return Number(a.value) === Number(b.value);
  if (a.type !== b.type) return false;
  if (isList(a)) {
    const [x, y] = [a.value, b.value] as [Runtime[], Runtime[]];
    return x.length === y.length && x.every((item, i) => isEqual(item, y[i]!));
  }
  if (isMapping(a)) {
    const [x, y] = [a.value, b.value] as [Map<string, Runtime>, Map<string, Runtime>];
    return x.size === y.size && [...x].every(([key, item]) => y.has(key) && isEqual(item, y.get(key)!));
  }
  return a.value === b.value;
}

function contains(container: Runtime, item: Runtime): boolean {
  if (container.type === 'UndefinedValue') return false;
  if (isList(container)) return (container.value as Runtime[]).some((one) => isEqual(one, item));
  if (isMapping(container)) return isText(item) && (container.value as Map<string, Runtime>).has(item.value as string);
  if (isText(container) && isText(item)) return (container.value as string).includes(item.value as string);
  throw new Error(`in: expected a list, a mapping or texts, got ${item.type} in ${container.type}`);
}

/** What Python's `str.strip` takes for white space, which differs from JavaScript's. */
const WHITE = '[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
const MOST_REPEATED = 1_000_000;

const modulo = (a: number, b: number): number => {
  if (b === 0) throw new Error('%: modulo by zero');
  return a - b * Math.floor(a / b);
};

const ordered = (operator: string, difference: number): boolean =>
  operator === '<'
    ? difference < 0
    : operator === '>'
      ? difference > 0
      : operator === '<='
        ? difference <= 0
        : difference >= 0;

/** Order by code points. */
function compareTexts(a: string, b: string): number {
  const [x, y] = [[...a], [...b]];
  const at = x.findIndex((character, i) => character !== y[i]);
  if (at === -1) return x.length - y.length;
  return at >= y.length ? 1 : x[at]!.codePointAt(0)! - y[at]!.codePointAt(0)!;
}

/** Cuts characters off the ends: white space, or those of a set. */
function strip(text: string, sides: 'both' | 'left' | 'right', characters: string | undefined): string {
  const of = characters === undefined ? WHITE : `[${characters.replace(/[\]\\^-]/g, '\\$&')}]`;
  if (characters === '') return text;
  const left = sides === 'right' ? text : text.replace(new RegExp(`^${of}+`, 'u'), '');
  return sides === 'left' ? left : left.replace(new RegExp(`${of}+$`, 'u'), '');
}

class PythonInterpreter extends Interpreter {
  readonly #places: ReturnType<typeof places>;
  readonly #make: (value: unknown) => Runtime;

  constructor(environment: Environment, program: Program) {
    super(environment);
    this.#places = places(program);
    // The library makes values of its own classes from plain ones.
    this.#make = (value) => new Environment().set('value', value) as unknown as Runtime;
  }

  evaluate(node: never, environment: Environment): never {
    const value = this.#evaluate(node as unknown as Node | undefined, environment);
    if (this.#places.written.has(node)) return this.#make(pythonString(value)) as never;
    return (this.#places.looped.has(node) ? this.#iterable(value) : value) as never;
  }

  #of(node: unknown, environment: Environment): Runtime {
    return this.evaluate(node as never, environment) as unknown as Runtime;
  }

  #iterable(value: Runtime): Runtime {
    if (value.type === 'UndefinedValue') return this.#make([]);
    if (isText(value)) return this.#make([...(value.value as string)]);
    return value;
  }

  #evaluate(node: Node | undefined, environment: Environment): Runtime {
    const given = node === undefined ? undefined : this.#values.get(node);
    if (given !== undefined) return given;
    if (node?.type === 'BinaryExpression') {
      const done = this.#binary(node, environment);
      if (done !== undefined) return done;
    }
    if (node?.type === 'FilterExpression') {
      const done = this.#filter(node, environment);
      if (done !== undefined) return done;
    }
    if (node?.type === 'TestExpression') {
      const done = this.#test(node, environment);
      if (done !== undefined) return done;
    }
    if (node?.type === 'CallExpression') {
      const done = this.#method(node, environment);
      if (done !== undefined) return done;
    }
    return super.evaluate(node as never, environment) as unknown as Runtime;
  }

  #binary(node: Node, environment: Environment): Runtime | undefined {
    const operator = String((node.operator as Node).value);
    if (operator === 'and' || operator === 'or') return undefined;
    const [a, b] = [this.#of(node.left, environment), this.#of(node.right, environment)];
    switch (operator) {
      case '==':
        return this.#make(isEqual(a, b));
      case '!=':
        return this.#make(!isEqual(a, b));
      case '~':
        return this.#make(pythonString(a) + pythonString(b));
      case 'in':
        return this.#make(contains(b, a));
      case 'not in':
        return this.#make(!contains(b, a));
      case '%':
        if (isText(a)) return this.#make(formatPercent(a.value as string, b));
        if (isNumber(a) && isNumber(b)) return this.#number(modulo(Number(a.value), Number(b.value)), a, b);
        break;
      case '+':
        if (isText(a) !== isText(b)) throw new Error(`+: can only join a text to a text, got ${a.type} and ${b.type}`);
        if (isNumber(a) && isNumber(b)) return this.#number(Number(a.value) + Number(b.value), a, b);
        break;
      case '*':
        if (isText(a) && b.type === 'IntegerValue') {
          const times = Math.max(0, b.value as number);
          if ((a.value as string).length * times > MOST_REPEATED) throw new Error('*: the text becomes too long');
          return this.#make((a.value as string).repeat(times));
        }
        break;
      case '<':
      case '>':
      case '<=':
      case '>=':
        if (isText(a) && isText(b))
          return this.#make(ordered(operator, compareTexts(a.value as string, b.value as string)));
        if (isNumber(a) && isNumber(b)) return this.#make(ordered(operator, Number(a.value) - Number(b.value)));
        break;
    }
    // The operands are evaluated once: what is left is the library's, on their values.
    return super.evaluate(
      { ...node, left: this.#given(a), right: this.#given(b) } as never,
      environment,
    ) as unknown as Runtime;
  }

  /** A node that stands for a value. */
  #given(value: Runtime): Node {
    const node = { type: 'Identifier', value: '' } as Node;
    this.#values.set(node, value);
    return node;
  }

  readonly #values = new WeakMap<Node, Runtime>();

  #number(value: number, a: Runtime, b: Runtime): Runtime {
    const made = this.#make(0.5) as { value: unknown; type: string };
    const whole = a.type !== 'FloatValue' && b.type !== 'FloatValue';
    if (whole) return this.#make(value);
    made.value = value;
    return made as Runtime;
  }

  /** Arguments of a filter or a method by position, and by name. */
  #arguments(node: Node, environment: Environment): { at: Runtime[]; named: Map<string, Runtime> } {
    const args = (node.args ?? []) as Node[];
    const named = new Map<string, Runtime>();
    const at: Runtime[] = [];
    for (const argument of args) {
      if (argument.type === 'KeywordArgumentExpression') {
        named.set(String((argument.key as Node).value), this.#of(argument.value, environment));
      } else if (argument.type.endsWith('SpreadExpression')) throw new Error('* and ** are not supported here');
      else at.push(this.#of(argument, environment));
    }
    return { at, named };
  }

  #filter(node: Node, environment: Environment): Runtime | undefined {
    const filter = node.filter as Node;
    const name = String(filter.type === 'CallExpression' ? (filter.callee as Node).value : filter.value);
    const value = this.#of(node.operand, environment);
    const { at, named } = OWN_FILTERS.has(name) ? this.#arguments(filter, environment) : { at: [], named: new Map() };
    const option = (place: number, key: string): Runtime | undefined => at[place] ?? named.get(key);
    const texts = () => (isText(value) ? [...(value.value as string)] : undefined);
    switch (name) {
      case 'string':
        return this.#make(pythonString(value));
      case 'format':
        return this.#make(formatPercent(String(value.value), { type: 'TupleValue', value: at }));
      case 'length':
      case 'count':
        if (value.type === 'UndefinedValue') return this.#make(0);
        if (isText(value)) return this.#make(texts()!.length);
        break;
      case 'trim':
        if (isText(value))
          return this.#make(strip(value.value as string, 'both', option(0, 'chars')?.value as string | undefined));
        return this.#make(strip(pythonString(value), 'both', undefined));
      case 'first':
      case 'last':
        if (isText(value)) return this.#make(texts()!.at(name === 'first' ? 0 : -1));
        if (isList(value) && (value.value as unknown[]).length === 0) return this.#make(undefined);
        break;
      case 'list':
        if (isText(value)) return this.#make(texts());
        if (isMapping(value)) return this.#make([...(value.value as Map<string, Runtime>).keys()]);
        if (value.type === 'UndefinedValue') return this.#make([]);
        break;
      case 'int':
        if (isNumber(value)) return this.#make(Math.trunc(Number(value.value)));
        break;
      case 'join': {
        const attribute = option(1, 'attribute')?.value;
        const items = value.type === 'UndefinedValue' ? [] : (this.#iterable(value).value as Runtime[]);
        if (!Array.isArray(items)) throw new Error(`join: expected a list, got ${value.type}`);
        const parts = items.map((item) =>
          pythonString(
            attribute === undefined ? item : ((item.value as Map<unknown, Runtime>).get(attribute) ?? NOTHING),
          ),
        );
        return this.#make(parts.join(pythonString(option(0, 'd') ?? NOTHING)));
      }
      case 'tojson': {
        const separators = option(2, 'separators')?.value as Runtime[] | undefined | null;
        const indent = option(1, 'indent')?.value as number | null | undefined;
        if (typeof indent === 'number' && indent > 100) throw new Error('tojson: expected an indent of at most 100');
        const style = {
          ascii: option(0, 'ensure_ascii')?.value === true,
          indent: indent ?? null,
          separators: separators ? (separators.map((part) => String(part.value)) as [string, string]) : null,
          sorted: option(3, 'sort_keys')?.value === true,
        };
        return this.#make(toJson(value, style));
      }
    }
    return super.evaluate({ ...node, operand: this.#given(value) } as never, environment) as unknown as Runtime;
  }

  #test(node: Node, environment: Environment): Runtime | undefined {
    const name = String((node.test as Node).value);
    const test = TESTS.get(name);
    if (test === undefined) return undefined;
    return this.#make(test(this.#of(node.operand, environment)) !== (node.negate === true));
  }

  /** Methods of texts whose arguments the library passes over. */
  #method(node: Node, environment: Environment): Runtime | undefined {
    const callee = node.callee as Node;
    const name =
      callee.type === 'MemberExpression' && callee.computed !== true ? String((callee.property as Node).value) : '';
    const side = SIDES.get(name);
    if (side === undefined && !TEXT_METHODS.has(name)) return undefined;
    const object = this.#of(callee.object, environment);
    const { at } = this.#arguments(node, environment);
    if (!isText(object)) {
      const rest = {
        ...node,
        callee: { ...callee, object: this.#given(object) },
        args: at.map((value) => this.#given(value)),
      };
      return super.evaluate(rest as never, environment) as unknown as Runtime;
    }
    const text = object.value as string;
    if (side !== undefined) {
      const characters = at[0] === undefined || at[0].value === null ? undefined : String(at[0].value);
      return this.#make(strip(text, side, characters));
    }
    return this.#make(
      TEXT_METHODS.get(name)!(
        text,
        at.map((value) => String(value.value)),
      ),
    );
  }
}

const NOTHING: Runtime = { type: 'UndefinedValue', value: undefined };
const OWN_FILTERS = new Set(['format', 'trim', 'join', 'tojson']);
const SIDES = new Map([
  ['strip', 'both'],
  ['lstrip', 'left'],
  ['rstrip', 'right'],
] as const) as ReadonlyMap<string, 'both' | 'left' | 'right'>;
const TEXT_METHODS: ReadonlyMap<string, (text: string, args: readonly string[]) => unknown> = new Map<
  string,
  (text: string, args: readonly string[]) => unknown
>([
  ['capitalize', (text) => [...text].map((c, i) => (i === 0 ? c.toUpperCase() : c.toLowerCase())).join('')],
  ['removeprefix', (text, [prefix = '']) => (text.startsWith(prefix) ? text.slice(prefix.length) : text)],
  [
    'removesuffix',
    (text, [suffix = '']) => (suffix !== '' && text.endsWith(suffix) ? text.slice(0, -suffix.length) : text),
  ],
  ['find', (text, [part = '']) => (text.includes(part) ? [...text.slice(0, text.indexOf(part))].length : -1)],
  ['count', (text, [part = '']) => (part === '' ? [...text].length + 1 : text.split(part).length - 1)],
]);
const TESTS: ReadonlyMap<string, (value: Runtime) => boolean> = new Map<string, (value: Runtime) => boolean>([
  ['number', isNumber],
  ['float', (value) => value.type === 'FloatValue'],
  ['iterable', (value) => isText(value) || isList(value) || isMapping(value) || value.type === 'UndefinedValue'],
  ['sequence', (value) => isText(value) || isList(value) || isMapping(value)],
]);

/** Renders a parsed template with these names set. */
export function runTemplate(program: Program, names: Readonly<Record<string, unknown>>): string {
  const environment = new Environment();
  for (const [name, value] of Object.entries(names)) environment.set(name, value);
  const interpreter = new PythonInterpreter(environment, program) as unknown as { run(of: Program): Runtime };
  const result = interpreter.run(program);
  return pythonString(result);
}
