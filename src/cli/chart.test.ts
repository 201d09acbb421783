import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { chartOf, createPatch } from './chart.ts';
import { createTerminal } from './terminal.ts';

const curve = (n: number) => Array.from({ length: n }, (_, i) => [i + 1, i < n / 2 ? 0 : 1] as const);

/** A terminal that only remembers. */
function stream(isTTY: boolean) {
  let text = '';
  const own = new Writable({
    write(chunk, _, done) {
      text += String(chunk);
      done();
    },
  });
  return { stream: Object.assign(own, { isTTY }) as unknown as NodeJS.WriteStream, text: () => text };
}

describe('charts of a training', () => {
  it('show a curve with its name, its ends and its range, whatever its length', () => {
    for (const n of [2, 40, 1000]) {
      const chart = chartOf('objective/scores', curve(n));
      const lines = chart.split('\n');
      expect(lines[0]).toBe('objective/scores');
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(80);
      expect(lines.length).toBeLessThan(16);
      expect(lines.at(-1)!.trim()).toMatch(new RegExp(`(^|\\D)${n}$`));
      expect(chart).toMatch(/1\.00┤[\s\S]*0\.00┤/);
    }
  });
  it('are nothing before there are two points', () => {
    expect([chartOf('loss', []), chartOf('loss', [[1, 2]])]).toEqual(['', '']);
  });
  it('are drawn over what was drawn before, until that is to stay', () => {
    const { stream: out, text } = stream(true);
    const patch = createPatch(out);
    patch.draw('a\nb');
    patch.draw('c');
    patch.leave();
    patch.draw('d');
    const esc = String.fromCharCode(27);
    const plain = text().replaceAll(`${esc}[1G`, '').replaceAll(`${esc}[0J`, '<clear>');
    expect(plain).toBe(`<clear>a\nb\n${esc}[2A<clear>c\n<clear>d\n`);
  });
  it('stand on a terminal, and not where there is none or where lines are read by programs', () => {
    const drawn = (isTTY: boolean, given: { json?: boolean; quiet?: boolean } = {}) => {
      const { stream: err, text } = stream(isTTY);
      const options = { json: false, quiet: false, ...given };
      createTerminal(options, { out: err, err, now: () => 0 }).draw(() => 'chart');
      return text().includes('chart');
    };
    expect([drawn(true), drawn(false), drawn(true, { json: true }), drawn(true, { quiet: true })]).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });
});
