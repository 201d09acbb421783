import { isList, isText, type Value } from './bounded-interpreter.ts';

/** Comparison and arithmetic of template values as Python has them. */

export const isNumber = (value: Value): boolean => ['IntegerValue', 'FloatValue', 'BooleanValue'].includes(value.type);
export const isMapping = (value: Value): boolean => value.type === 'ObjectValue';

/** Equality as Python has it: by content, numbers and truth values together, none equal to nothing else. */
export function isEqual(a: Value, b: Value): boolean {
  if (isNumber(a) && isNumber(b)) return Number(a.value) === Number(b.value);
  if (a.type !== b.type) return false;
  if (isList(a) && isList(b)) {
    return a.value.length === b.value.length && a.value.every((item, i) => isEqual(item, b.value[i]!));
  }
  if (isMapping(a)) {
    const [x, y] = [a.value, b.value] as [Map<string, Value>, Map<string, Value>];
    return x.size === y.size && [...x].every(([key, item]) => y.has(key) && isEqual(item, y.get(key)!));
  }
  return a.value === b.value;
}

/** Python's `in`. `search` hears of a text that is looked for in another. */
export function contains(container: Value, item: Value, search: (text: string, part: string) => void): boolean {
  if (container.type === 'UndefinedValue') return false;
  if (isList(container)) return container.value.some((one) => isEqual(one, item));
  if (isMapping(container)) return isText(item) && (container.value as Map<string, Value>).has(item.value);
  if (isText(container) && isText(item)) {
    search(container.value, item.value);
    return container.value.includes(item.value);
  }
  throw new Error(`in: expected a list, a mapping or texts, got ${item.type} in ${container.type}`);
}

export const modulo = (a: number, b: number): number => {
  if (b === 0) throw new Error('%: modulo by zero');
  return a - b * Math.floor(a / b);
};

export const ordered = (operator: string, difference: number): boolean =>
  operator === '<'
    ? difference < 0
    : operator === '>'
      ? difference > 0
      : operator === '<='
        ? difference <= 0
        : difference >= 0;

/** Tests (`is …`) that the library has otherwise or not at all. */
export const TESTS: ReadonlyMap<string, (value: Value) => boolean> = new Map<string, (value: Value) => boolean>([
  ['number', isNumber],
  ['float', (value) => value.type === 'FloatValue'],
  ['iterable', (value) => isText(value) || isList(value) || isMapping(value) || value.type === 'UndefinedValue'],
  ['sequence', (value) => isText(value) || isList(value) || isMapping(value)],
]);
