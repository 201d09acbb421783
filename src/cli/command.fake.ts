import { runCommand } from './main.ts';

/** Runs the command line in this process with its output kept, and its clock standing still. */
export async function runForTest(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const sink = (add: (text: string) => void) => ({
    write: (text: string) => {
      add(text);
      return true;
    },
  });
  const streams = {
    out: sink((text) => {
      out += text;
    }),
    err: sink((text) => {
      err += text;
    }),
    now: () => 0,
  };
  const code = await runCommand(['node', 'goodhart', ...args], streams);
  return { code, out, err };
}
