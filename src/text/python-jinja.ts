import { Environment } from '@huggingface/jinja';
import {
  BoundedInterpreter,
  isList,
  isText,
  type Node,
  settled,
  TEMPLATE_BOUNDS,
  type Value,
} from './bounded-interpreter.ts';
import { own } from './own.ts';
import { contains, isEqual, isMapping, isNumber, modulo, ordered, TESTS } from './python-operators.ts';
import { compareTexts, lengthOf, SIDES, strip, TEXT_METHODS } from './python-texts.ts';
import { formatPercent, pythonString, toJson } from './python-values.ts';
import type { Places, Template } from './template-places.ts';

/** Runs a parsed template as Python's jinja2 does where the library runs it as JavaScript does, within the same bounds. */

/** A node with its parts. */
interface Parts extends Node {
  readonly [key: string]: unknown;
}

/** The body of a loop, a scope in every iteration; `loop` says whether a `break` ended it. */
const SCOPE = 'Scope';
interface Loop {
  isOver: boolean;
  /** Whether some iteration came to its end: without one, jinja2 goes on with `else`. */
  wasWhole: boolean;
}
/** Statements in the scope that they stand in. */
const BLOCK = 'Program';

/** `break` and `continue`, with the text that was written before. */
class LoopControl extends Error {
  readonly ends: boolean;
  written = '';

  constructor(ends: boolean) {
    super(`${ends ? 'break' : 'continue'} stands in no loop`);
    this.ends = ends;
  }
}

const NOTHING: Value = { type: 'UndefinedValue', value: undefined };
const OWN_FILTERS = new Set(['format', 'trim', 'join', 'tojson']);
const MOST_REPEATED = 1_000_000;
const MOST_INDENT = 100;

class PythonInterpreter extends BoundedInterpreter {
  readonly #places: Places;

  constructor(environment: Environment, places: Places, bounds: typeof TEMPLATE_BOUNDS) {
    super(environment, bounds);
    this.#places = places;
  }

  override evaluate(node: Node | undefined, environment: Environment): Value {
    const value = super.evaluate(node, environment);
    if (this.#places.written.has(node) && !isText(value)) return this.measured(this.#make(pythonString(value)), true);
    return this.#places.looped.has(node) ? this.measured(this.#iterable(value), false) : value;
  }

  /** The library makes values of its own classes from plain ones. */
  #make(value: unknown): Value {
    return new Environment().set('value', value) as unknown as Value;
  }

  #characters(text: string): string[] {
    this.step(text.length);
    return [...text];
  }

  #iterable(value: Value): Value {
    if (value.type === 'UndefinedValue') return this.#make([]);
    return isText(value) ? this.#make(this.#characters(value.value)) : value;
  }

  protected override compute(node: Node | undefined, environment: Environment): Value {
    const parts = node as Parts | undefined;
    switch (parts?.type) {
      case BLOCK:
        return this.#make(this.#block(parts.body as Node[], environment));
      case SCOPE:
        return this.#iteration(parts, new Environment(environment));
      case 'If':
        return super.compute(this.#within(parts, ['body', 'alternate']), environment);
      case 'For': {
        const loop: Loop = { isOver: false, wasWhole: false };
        const body = [{ type: SCOPE, body: parts.body, loop }];
        const text = super.compute({ ...parts, body, defaultBlock: [] } as Node, environment);
        if (loop.wasWhole) return text;
        return this.#make(pythonString(text) + this.#block(parts.defaultBlock as Node[], new Environment(environment)));
      }
      case 'Set': {
        if (!Array.isArray(parts.body) || parts.body.length === 0) break;
        const body = [{ type: SCOPE, body: parts.body as Node[] }];
        return super.compute({ ...parts, body } as Node, environment);
      }
      case 'Break':
      case 'Continue':
        throw new LoopControl(parts.type === 'Break');
      case 'BinaryExpression':
        return this.#binary(parts, environment);
      case 'FilterExpression':
        return this.#filter(parts, environment);
      case 'TestExpression': {
        const test = TESTS.get(String((parts.test as Parts).value));
        if (test === undefined) break;
        return this.#make(test(this.#of(parts.operand, environment)) !== (parts.negate === true));
      }
      case 'CallExpression':
        return this.#call(parts, environment);
      case 'MemberExpression':
        return this.#member(parts, environment);
    }
    return super.compute(node, environment);
  }

  #of(node: unknown, environment: Environment): Value {
    return this.evaluate(node as Node, environment);
  }

  #within(node: Parts, keys: readonly string[]): Node {
    const blocks = keys.map((key) => [key, [{ type: BLOCK, body: own(node, key) }]]);
    return { ...node, ...Object.fromEntries(blocks) } as Node;
  }

  /** The text that statements write; what stands before a `break` or `continue` is written too. */
  #block(statements: readonly Node[], environment: Environment): string {
    let text = '';
    for (const statement of statements) {
      try {
        text += pythonString(this.#of(statement, environment), true);
      } catch (error) {
        if (error instanceof LoopControl) error.written = text + error.written;
        throw error;
      }
    }
    return text;
  }

  /** The body of a loop or of a block, once, in a scope of its own. */
  #iteration(node: Parts, scope: Environment): Value {
    const loop = node.loop as Loop | undefined;
    if (loop?.isOver === true) return this.#make('');
    try {
      const text = this.#block(node.body as Node[], scope);
      if (loop !== undefined) loop.wasWhole = true;
      return this.#make(text);
    } catch (error) {
      if (!(error instanceof LoopControl) || loop === undefined) throw error;
      loop.isOver = error.ends;
      return this.#make(error.written);
    }
  }

  #member(node: Parts, environment: Environment): Value {
    const object = this.#of(node.object, environment);
    const property = node.property as Node;
    if (!isText(object) || node.computed !== true || property.type === 'SliceExpression')
      return super.compute(node, environment);
    const at = this.#of(property, environment);
    if (at.type !== 'IntegerValue') return super.compute({ ...node, property: settled(at) } as Node, environment);
    // Units are characters where there are as many of both.
    const { value: text } = object;
    return this.#make((lengthOf(text) === text.length ? text : Array.from(text)).at(at.value as number));
  }

  #binary(node: Parts, environment: Environment): Value {
    const operator = String((node.operator as Parts).value);
    if (operator === 'and' || operator === 'or') return super.compute(node, environment);
    const [a, b] = [this.#of(node.left, environment), this.#of(node.right, environment)];
    switch (operator) {
      case '==':
        return this.#make(isEqual(a, b));
      case '!=':
        return this.#make(!isEqual(a, b));
      case '~':
        return this.#make(pythonString(a) + pythonString(b));
      case 'in':
      case 'not in':
        return this.#make(contains(b, a, (text, part) => this.search(text, part)) === (operator === 'in'));
      case '%':
        if (isText(a)) return this.#make(formatPercent(a.value, b, this.most));
        if (isNumber(a) && isNumber(b)) return this.#number(modulo(Number(a.value), Number(b.value)), a, b);
        break;
      case '+':
        if (isText(a) !== isText(b)) throw new Error(`+: can only join a text to a text, got ${a.type} and ${b.type}`);
        if (isNumber(a) && isNumber(b)) return this.#number(Number(a.value) + Number(b.value), a, b);
        break;
      case '*':
        if (isText(a) && b.type === 'IntegerValue') {
          const times = Math.max(0, b.value as number);
          if (a.value.length * times > MOST_REPEATED) throw new Error('*: the text becomes too long');
          return this.#make(a.value.repeat(times));
        }
        break;
      case '<':
      case '>':
      case '<=':
      case '>=':
        if (isText(a) && isText(b)) return this.#make(ordered(operator, compareTexts(a.value, b.value)));
        if (isNumber(a) && isNumber(b)) return this.#make(ordered(operator, Number(a.value) - Number(b.value)));
        break;
    }
    // The operands are evaluated once: what is left is the library's, on their values.
    return super.compute({ ...node, left: settled(a), right: settled(b) } as Node, environment);
  }

  #number(value: number, a: Value, b: Value): Value {
    const made = this.#make(a.type !== 'FloatValue' && b.type !== 'FloatValue' ? value : 0.5);
    made.value = value;
    return made;
  }

  /** Arguments of a filter or a method by position, and by name. */
  #arguments(node: Parts, environment: Environment): { at: Value[]; named: Map<string, Value> } {
    const named = new Map<string, Value>();
    const at: Value[] = [];
    for (const argument of (node.args ?? []) as Parts[]) {
      if (argument.type === 'KeywordArgumentExpression') {
        named.set(String((argument.key as Parts).value), this.#of(argument.value, environment));
      } else if (argument.type.endsWith('SpreadExpression')) throw new Error('* and ** are not supported here');
      else at.push(this.#of(argument, environment));
    }
    return { at, named };
  }

  #filter(node: Parts, environment: Environment): Value {
    const filter = node.filter as Parts;
    const name = String(filter.type === 'CallExpression' ? (filter.callee as Parts).value : filter.value);
    const value = this.#of(node.operand, environment);
    const { at, named } = OWN_FILTERS.has(name) ? this.#arguments(filter, environment) : { at: [], named: new Map() };
    const option = (place: number, key: string): Value | undefined => at[place] ?? named.get(key);
    switch (name) {
      case 'string':
        return this.#make(pythonString(value));
      case 'format':
        return this.#make(formatPercent(String(value.value), { type: 'TupleValue', value: at }, this.most));
      case 'length':
      case 'count':
        if (value.type === 'UndefinedValue') return this.#make(0);
        if (isText(value)) return this.#make(lengthOf(value.value));
        break;
      case 'trim':
        if (isText(value))
          return this.#make(strip(value.value, 'both', option(0, 'chars')?.value as string | undefined));
        return this.#make(strip(pythonString(value), 'both'));
      case 'first':
      case 'last':
        if (isText(value) && value.value !== '') {
          const { value: text } = value;
          const all = Array.from(name === 'first' ? text.slice(0, 2) : text.slice(-2));
          return this.#make(name === 'first' ? all[0] : all.at(-1));
        }
        if ((isText(value) || isList(value)) && value.value.length === 0) return this.#make(undefined);
        break;
      case 'list':
        if (isText(value)) return this.#make(this.#characters(value.value));
        if (isMapping(value)) return this.#make([...(value.value as Map<string, Value>).keys()]);
        if (value.type === 'UndefinedValue') return this.#make([]);
        break;
      case 'int':
        if (isNumber(value)) return this.#make(Math.trunc(Number(value.value)));
        break;
      case 'join':
        return this.#join(value, option(0, 'd') ?? NOTHING, option(1, 'attribute')?.value);
      case 'tojson': {
        const separators = option(2, 'separators')?.value as Value[] | undefined | null;
        const indent = option(1, 'indent')?.value as number | null | undefined;
        if (typeof indent === 'number' && indent > MOST_INDENT)
          throw new Error(`tojson: expected an indent of at most ${MOST_INDENT}`);
        const style = {
          ascii: option(0, 'ensure_ascii')?.value === true,
          indent: indent ?? null,
          separators: separators ? (separators.map((part) => String(part.value)) as [string, string]) : null,
          sorted: option(3, 'sort_keys')?.value === true,
        };
        return this.#make(toJson(value, style));
      }
    }
    return super.compute({ ...node, operand: settled(value) } as Node, environment);
  }

  #join(value: Value, between: Value, attribute: unknown): Value {
    const items = this.#iterable(value);
    if (!isList(items)) throw new Error(`join: expected a list, got ${value.type}`);
    const parts = items.value.map((item) => {
      if (attribute === undefined || attribute === null) return pythonString(item);
      if (!isMapping(item)) throw new Error(`join: expected mappings with ${String(attribute)}, got ${item.type}`);
      return pythonString((item.value as Map<unknown, Value>).get(attribute) ?? NOTHING);
    });
    return this.#make(parts.join(pythonString(between)));
  }

  /** Methods of texts whose arguments the library passes over. */
  #call(node: Parts, environment: Environment): Value {
    const callee = node.callee as Parts;
    const name =
      callee.type === 'MemberExpression' && callee.computed !== true ? String((callee.property as Parts).value) : '';
    const side = SIDES.get(name);
    const method = TEXT_METHODS.get(name);
    if (side === undefined && method === undefined) return super.compute(node, environment);
    const object = this.#of(callee.object, environment);
    if (!isText(object))
      return super.compute({ ...node, callee: { ...callee, object: settled(object) } } as Node, environment);
    const { at, named } = this.#arguments(node, environment);
    if (named.size > 0) throw new Error(`${name}() takes no keyword arguments`);
    const texts = at.filter(({ type }) => type !== 'NullValue').map((given) => String(given.value));
    if (side !== undefined) return this.#make(strip(object.value, side, texts[0]));
    for (const part of texts) this.search(object.value, part);
    return this.#make(method!(object.value, texts));
  }
}

/** Renders a template with these names set. */
export function runTemplate(
  { program, places }: Template,
  names: Readonly<Record<string, unknown>>,
  bounds: typeof TEMPLATE_BOUNDS = TEMPLATE_BOUNDS,
): string {
  const environment = new Environment();
  for (const [name, value] of Object.entries(names)) environment.set(name, value);
  return pythonString(new PythonInterpreter(environment, places, bounds).run(program));
}
