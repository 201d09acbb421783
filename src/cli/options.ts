import { InvalidArgumentError, Option } from 'commander';
import { ANSWER_CHOICES } from '../feedback/index.ts';
import { hintFor, UsageError } from '../run/index.ts';

/** A whole number from `least` to `most`, as an option; anything else is refused by name. */
export const whole =
  (least: number, most = Number.MAX_SAFE_INTEGER) =>
  (text: string): number => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isInteger(value) || value < least || value > most) {
      const range = most === Number.MAX_SAFE_INTEGER ? `from ${least}` : `from ${least} to ${most}`;
      throw new InvalidArgumentError(`expected a whole number ${range}.`);
    }
    return value;
  };

/** An option that may be given several times: its values in order. */
export const collect = (value: string, before: readonly string[]): string[] => [...before, value];

/** Names out of a comma-separated text, all of them known. */
export function names<T extends string>(option: string, text: string, known: readonly T[]): T[] {
  return text.split(',').map((name) => {
    const found = known.find((one) => one === name.trim());
    if (found !== undefined) return found;
    throw new UsageError(option, `--${option}: unknown ${name.trim()}; ${hintFor(name.trim(), known)}`);
  });
}

/** Which answers of a project are meant; what none means, its command says. */
export const answersOption = (): Option =>
  new Option(
    '--answers <which>',
    'decided: the decision where an item was decided, else every vote (default); all: every vote; majority or dawid-skene: one answer a question and item, decisions first',
  ).choices(ANSWER_CHOICES);
