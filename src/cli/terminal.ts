import { Presets, SingleBar } from 'cli-progress';
import { visibleJson, visibleLine, visibleText } from '../report/index.ts';
import { GoodhartError, type Progress, type ProgressEvent } from '../run/index.ts';
import { TemplateError } from '../text/index.ts';
import { createPatch } from './chart.ts';

/**
 * Where a command writes: the one door to the terminal, through which nothing passes that a terminal would obey. Results go to stdout; progress and messages to stderr, so that output can be piped.
 */
export interface Terminal {
  readonly json: boolean;
  readonly quiet: boolean;
  /** A row of what goes on, as one JSON line with `--json`; people see it otherwise. */
  row(value: unknown): void;
  /** Lines that stand on a terminal above the bar and are drawn over by the next ones; nothing where there is no terminal. */
  draw(text: () => string): void;
  /** A result: text for people, or the value as one JSON line with `--json`. */
  result(value: unknown, text: string): void;
  /** A message about what is going on; silent with `--quiet`. */
  note(text: string): void;
  /** A defect that went by: always said. */
  warn(text: string): void;
  readonly progress: Progress;
  /** What to tell the user when the process is interrupted from now on; empty for nothing. */
  afterInterrupt(text: string): void;
  /** Ends any open progress line. */
  close(): void;
}

export interface TerminalStreams {
  readonly out: { write(text: string): unknown };
  readonly err: NodeJS.WriteStream | { write(text: string): unknown; isTTY?: boolean };
  readonly now: () => number;
  /** Receives what to do at an interruption: tidies the terminal and returns what to tell the user. */
  readonly onInterrupt?: (tidy: () => string) => void;
}

const DRAW_EVERY_MS = 250;
const seconds = (value: number) =>
  value >= 90
    ? `${Math.floor(value / 60)}m${String(Math.round(value % 60)).padStart(2, '0')}s`
    : `${Math.round(value)}s`;

/** Where a stage stood when it was first heard of: rates count from there. */
export interface ProgressStart {
  readonly done: number;
  readonly atMs: number;
}

const figuresOf = ({ metrics = {} }: ProgressEvent) =>
  Object.entries(metrics).map(([name, value]) => `${visibleLine(name)} ${formatFigure(value)}`);

/** Units per second since the start; undefined until something was done in a measurable time. */
function rateSince(event: ProgressEvent, start: ProgressStart, nowMs: number): number | undefined {
  const [done, elapsed] = [event.done - start.done, (nowMs - start.atMs) / 1000];
  return done > 0 && elapsed >= 0.05 ? done / elapsed : undefined;
}

/** `base-model  120/400 steps  8.1/s  ETA 35s  loss 1.23`: the plain form of a progress event. */
export function progressLine(event: ProgressEvent, start: ProgressStart, nowMs: number): string {
  const rate = rateSince(event, start, nowMs);
  const pace =
    rate === undefined
      ? []
      : [
          `${formatRate(rate)}/s`,
          ...(event.done < event.total ? [`ETA ${seconds((event.total - event.done) / rate)}`] : []),
        ];
  return [event.stage.padEnd(10), `${event.done}/${event.total} ${event.unit}`, ...pace, ...figuresOf(event)].join(
    '  ',
  );
}

const formatRate = (rate: number) =>
  rate >= 10 ? rate.toFixed(0) : rate >= 0.1 ? rate.toFixed(1) : rate.toPrecision(1);
function formatFigure(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toPrecision(3);
}

/** Renders progress as a bar on a terminal, a line every few seconds elsewhere, or JSON lines. */
export function createTerminal(options: { json: boolean; quiet: boolean }, streams: TerminalStreams): Terminal {
  const { out, err, now } = streams;
  const print = (text: string) => out.write(`${visibleText(text)}\n`);
  const printJson = (value: unknown) => out.write(`${visibleJson(JSON.stringify(value))}\n`);
  const tell = (text: string) => err.write(`${visibleText(text)}\n`);
  const everyMs = 5000;
  const isTerminal = 'isTTY' in err && err.isTTY === true;
  const patch = isTerminal ? createPatch(err as NodeJS.WriteStream) : undefined;
  let drawn = Number.NEGATIVE_INFINITY;
  let stage = '';
  let start: ProgressStart = { done: 0, atMs: 0 };
  let last = 0;
  let bar: SingleBar | undefined;
  const stopBar = () => {
    bar?.stop();
    bar = undefined;
  };
  /** Takes the bar and what is drawn above it away, for something that stays. */
  const settle = () => {
    stopBar();
    patch?.leave();
  };
  const startStage = (event: ProgressEvent) => {
    stopBar();
    stage = event.stage;
    start = { done: event.done, atMs: now() };
    last = 0;
    if (isTerminal) {
      const format = '{stage} {bar} {value}/{total} {unit}  {rate}/s  ETA {eta_formatted}  {figures}';
      bar = new SingleBar({ format, stream: err as NodeJS.WriteStream, hideCursor: true, barsize: 24 }, Presets.rect);
      bar.start(event.total, 0, { stage: stage.padEnd(10), unit: event.unit, rate: '-', figures: '' });
    }
  };
  const progress: Progress = (given) => {
    if (options.json) return void printJson({ type: 'progress', ...given });
    if (options.quiet) return;
    const event = { ...given, stage: visibleLine(given.stage), unit: visibleLine(given.unit) };
    if (event.stage !== stage) startStage(event);
    if (bar !== undefined) {
      const rate = rateSince(event, start, now());
      bar.update(event.done, {
        rate: rate === undefined ? '-' : formatRate(rate),
        figures: figuresOf(event).join('  '),
      });
    } else if (event.done === event.total || now() - last >= everyMs) {
      last = now();
      tell(progressLine(event, start, now()));
    }
    if (event.done === event.total) {
      stopBar();
      stage = '';
    }
  };
  return {
    ...options,
    progress,
    row(value) {
      if (options.json) printJson(value);
    },
    draw(text) {
      if (patch === undefined || options.json || options.quiet || now() - drawn < DRAW_EVERY_MS) return;
      drawn = now();
      patch.draw(visibleText(text()));
    },
    result(value, text) {
      settle();
      if (options.json) printJson(value);
      else print(text);
    },
    warn(text) {
      settle();
      tell(text);
    },
    note(text) {
      settle();
      if (!options.quiet && !options.json) tell(text);
    },
    afterInterrupt: (text) =>
      streams.onInterrupt?.(() => {
        settle();
        return text;
      }),
    close: settle,
  };
}

/** What is printed for an error, and the exit code: one line for what the user can mend, a stack for a defect. */
export function describeError(error: unknown): { text: string; exitCode: number } {
  if (error instanceof TemplateError || (error instanceof GoodhartError && error.exitCode !== 3)) {
    const exitCode = error instanceof GoodhartError ? error.exitCode : 2;
    return { text: `goodhart: ${error.message.split('\n').join(' ')}`, exitCode };
  }
  if (error instanceof GoodhartError) {
    return { text: `goodhart: ${error.name} (${error.code}): ${error.message}\n${error.stack ?? ''}`, exitCode: 3 };
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { text: `goodhart: a defect; please report it with this text\n${text}`, exitCode: 3 };
}
