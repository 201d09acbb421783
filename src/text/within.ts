/** What Node has for running something no longer than allowed; nothing in a browser, which runs no stranger's tokenizer. */
interface Vm {
  readonly Script: new (code: string) => { runInThisContext(options: { readonly timeout: number }): unknown };
}
interface Host {
  readonly process?: { readonly getBuiltinModule?: (id: string) => unknown };
}

const SLOT = Symbol.for('goodhart.within');
const slots = globalThis as unknown as Record<symbol, (() => void) | undefined>;
let script: InstanceType<Vm['Script']> | undefined;

/**
 * Does work of a stranger's making, such as a template or a pattern that came with a model, and stops it in the middle when
 * it takes longer than allowed, in milliseconds; `late` makes the error that is then thrown. What it holds in memory is not
 * bounded here.
 */
export function within<T>(ms: number, work: () => T, late: () => Error): T {
  const vm = (globalThis as Host).process?.getBuiltinModule?.('node:vm') as Vm | undefined;
  if (vm === undefined) return work();
  script ??= new vm.Script(`globalThis[Symbol.for('goodhart.within')]()`);
  let result: { readonly value: T } | undefined;
  const before = slots[SLOT];
  slots[SLOT] = () => {
    result = { value: work() };
  };
  try {
    script.runInThisContext({ timeout: ms });
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw late();
    throw error;
  } finally {
    slots[SLOT] = before;
  }
  return result!.value;
}
