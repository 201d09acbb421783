import type { Value } from './bounded-interpreter.ts';
import { own } from './own.ts';
import { isNumber } from './python-operators.ts';

/** Values of a template as Python writes them: `str`, `repr`, `json.dumps` and `%`. */

/** A float by the shortest digits that give it back, in Python's layout. */
function floatText(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (Object.is(value, -0)) return '-0.0';
  const [digits, exponent] = value.toExponential().split('e') as [string, string];
  const power = Number(exponent);
  if (value !== 0 && (power < -4 || power >= 16)) {
    return `${digits}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
  }
  const plain =
    Math.abs(value) >= 1e16 || power < -6 ? value.toFixed(Math.max(0, digits.length - 2 - power)) : String(value);
  return Number.isInteger(value) ? `${BigInt(value)}.0` : plain;
}

const PRINTED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\\': '\\\\' };

/** A text in quotes: single ones, or double ones where it holds a single one and no double one. */
function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const inner = text.replace(/[\\\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Zs}']/gu, (character) => {
    if (character === ' ' || (character === "'" && quote === '"')) return character;
    if (character === "'") return "\\'";
    const printed = own(PRINTED, character);
    if (printed !== undefined) return printed;
    const code = character.codePointAt(0)!;
    const [mark, width] = code > 0xffff ? ['U', 8] : code > 0xff ? ['u', 4] : ['x', 2];
    return `\\${mark}${code.toString(16).padStart(Number(width), '0')}`;
  });
  return `${quote}${inner}${quote}`;
}

/** Python's `repr`. */
export function pythonRepr(value: Value): string {
  switch (value.type) {
    case 'NullValue':
      return 'None';
    case 'UndefinedValue':
      return 'Undefined';
    case 'BooleanValue':
      return value.value === true ? 'True' : 'False';
    case 'IntegerValue':
      return String(value.value);
    case 'FloatValue':
      return floatText(value.value as number);
    case 'StringValue':
      return quoted(value.value as string);
    case 'ArrayValue':
      return `[${(value.value as Value[]).map(pythonRepr).join(', ')}]`;
    case 'TupleValue': {
      const items = (value.value as Value[]).map(pythonRepr);
      return items.length === 1 ? `(${items[0]},)` : `(${items.join(', ')})`;
    }
    case 'ObjectValue': {
      const entries = [...(value.value as Map<string, Value>)];
      return `{${entries.map(([key, item]) => `${quoted(key)}: ${pythonRepr(item)}`).join(', ')}}`;
    }
    default:
      throw new Error(`${value.type} cannot be written as text`);
  }
}

/** Python's `str`, as a template writes a value; what is not defined is nothing, and so is the null of a statement. */
export function pythonString(value: Value, ofStatement = false): string {
  if (value.type === 'StringValue') return value.value as string;
  if (ofStatement && value.type === 'NullValue') return '';
  return value.type === 'UndefinedValue' ? '' : pythonRepr(value);
}

export interface JsonStyle {
  readonly indent: number | null;
  readonly ascii: boolean;
  readonly sorted: boolean;
  readonly separators: readonly [string, string] | null;
}

/** Python's `json.dumps`. */
export function toJson(value: Value, style: JsonStyle, depth = 0): string {
  const [between, colon] = style.separators ?? [style.indent === null ? ', ' : ',', ': '];
  const line = (level: number) => (style.indent === null ? '' : `\n${' '.repeat(style.indent * level)}`);
  const text = (string: string) => {
    const json = JSON.stringify(string);
    if (!style.ascii) return json;
    return json.replace(/[\x7f-\uffff]/g, (unit) =>
      unit === '\x7f' ? unit : `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
  };
  const wrapped = (items: readonly string[], [open, close]: readonly [string, string]) =>
    items.length === 0
      ? open + close
      : open + items.map((item) => line(depth + 1) + item).join(between) + line(depth) + close;
  switch (value.type) {
    case 'NullValue':
      return 'null';
    case 'BooleanValue':
    case 'IntegerValue':
      return String(value.value);
    case 'FloatValue':
      return floatText(value.value as number)
        .replace('inf', 'Infinity')
        .replace('nan', 'NaN');
    case 'StringValue':
      return text(value.value as string);
    case 'ArrayValue':
    case 'TupleValue':
      return wrapped(
        (value.value as Value[]).map((item) => toJson(item, style, depth + 1)),
        ['[', ']'],
      );
    case 'ObjectValue': {
      const entries = [...(value.value as Map<string, Value>)];
      if (style.sorted) entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
      return wrapped(
        entries.map(([key, item]) => text(key) + colon + toJson(item, style, depth + 1)),
        ['{', '}'],
      );
    }
    default:
      throw new Error(`tojson: ${value.type} is not JSON serializable`);
  }
}

/** Each part stops where the next `%` begins, so that none is gone over twice. */
const DIRECTIVE = /%(?:(?:\((\w*)\))?([-+ 0#]*)([1-9]\d*)?(?:\.(\d*))?([a-zA-Z%]))?/g;
/** A field wider than this says nothing and fills the memory. */
const WIDEST = 10_000;

function numberIn(value: Value, directive: string): number {
  if (isNumber(value)) return Number(value.value);
  throw new Error(`%${directive}: expected a number, got ${value.type}`);
}

function converted(value: Value, directive: string, precision: number | undefined): string {
  switch (directive) {
    case 's':
      return pythonString(value).slice(0, precision);
    case 'r':
      return pythonRepr(value).slice(0, precision);
    case 'd':
    case 'i':
    case 'u':
      return String(Math.trunc(numberIn(value, directive)));
    case 'f':
    case 'F':
      return numberIn(value, directive).toFixed(Math.min(100, precision ?? 6));
    case 'x':
      return Math.trunc(numberIn(value, directive)).toString(16);
    default:
      throw new Error(`%${directive} is not supported; expected s, r, d, f or x`);
  }
}

/** Python's `text % values`, of at most so many characters. */
export function formatPercent(text: string, values: Value, most: number): string {
  const items = values.type === 'TupleValue' ? (values.value as Value[]) : [values];
  let used = 0;
  let named = false;
  let made = text.length;
  const sized = (field: string): string => {
    made += field.length;
    if (made > most) throw new Error(`a value of more than ${most} characters and elements`);
    return field;
  };
  const out = text.replace(DIRECTIVE, (...found) => {
    const [, name, flags, width, precision, directive] = found as unknown as [string, ...(string | undefined)[]];
    if (directive === '%') return '%';
    if (directive === undefined) throw new Error(`%: ${JSON.stringify(text.slice(0, 60))} is no format`);
    if (Number(width) > WIDEST || Number(precision ?? 0) > WIDEST) throw new Error('%: a field is too wide');
    named ||= name !== undefined;
    const value = name === undefined ? items[used++] : (values.value as Map<string, Value>).get(name);
    if (value === undefined) throw new Error(`%: not enough values for ${JSON.stringify(text)}`);
    const body = converted(value, directive!, precision === undefined ? undefined : Number(precision));
    const isNumeric = !'sr'.includes(directive!);
    const sign =
      isNumeric && !body.startsWith('-') ? (flags!.includes('+') ? '+' : flags!.includes(' ') ? ' ' : '') : '';
    const filled = sign + body;
    if (flags!.includes('-')) return sized(filled.padEnd(Number(width)));
    if (isNumeric && flags!.includes('0')) {
      const minus = filled.match(/^[-+ ]?/)![0];
      return sized(minus + filled.slice(minus.length).padStart(Number(width) - minus.length, '0'));
    }
    return sized(filled.padStart(Number(width)));
  });
  if (!named && used < items.length && values.type !== 'ObjectValue') throw new Error('%: not all values were used');
  return out;
}
