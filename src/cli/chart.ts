import { clearScreenDown, cursorTo, moveCursor } from 'node:readline';
import { plot } from 'simple-ascii-chart';

const [WIDTH, HEIGHT] = [64, 10];

/** A curve over steps as lines of text; of many steps, means of neighbours. */
export function chartOf(title: string, points: readonly (readonly [step: number, value: number])[]): string {
  const size = Math.ceil(points.length / WIDTH);
  const drawn = Array.from({ length: Math.ceil(points.length / size) }, (_, i): [number, number] => {
    const part = points.slice(i * size, (i + 1) * size);
    return [part.at(-1)![0], part.reduce((sum, [, value]) => sum + value, 0) / part.length];
  });
  const format = (value: number, { axis }: { readonly axis: 'x' | 'y' }) =>
    axis === 'x' ? String(Math.round(value)) : value.toPrecision(3);
  if (drawn.length < 2) return '';
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((share) => drawn[Math.round(share * (drawn.length - 1))]![0]);
  const text = plot(drawn, { title, width: WIDTH, height: HEIGHT, formatter: format, customXAxisTicks: ticks });
  return text
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
    .join('\n');
}

/** Lines of a terminal that are drawn over when they change. */
export interface Patch {
  draw(text: string): void;
  /** What was drawn stays, and what comes next stands below it. */
  leave(): void;
}

export function createPatch(stream: NodeJS.WriteStream): Patch {
  let lines = 0;
  return {
    draw(text) {
      if (lines > 0) moveCursor(stream, 0, -lines);
      cursorTo(stream, 0);
      clearScreenDown(stream);
      stream.write(`${text}\n`);
      lines = text.split('\n').length;
    },
    leave() {
      lines = 0;
    },
  };
}
