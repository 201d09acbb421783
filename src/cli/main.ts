import { Command, CommanderError } from 'commander';
import { visibleText } from '../report/index.ts';
import { closeObjectPrototype } from '../run/index.ts';
import { addAuditCommands } from './audit-commands.ts';
import { addEngineCommands } from './engine-commands.ts';
import { VERSION } from './environment.ts';
import { addExchangeCommands } from './exchange-commands.ts';
import { addFeedbackCommands } from './feedback-commands.ts';
import { addKeyCommands } from './key-commands.ts';
import { addLabCommands } from './lab-commands.ts';
import { addLoopCommands } from './loop-commands.ts';
import { addModelCommands } from './model-commands.ts';
import { addPolicyCommands } from './policy-commands.ts';
import { addRewardCommands } from './reward-commands.ts';
import { addStoreCommands } from './store-commands.ts';
import { addStudioCommands } from './studio-commands.ts';
import { createTerminal, describeError, type Terminal, type TerminalStreams } from './terminal.ts';

/** The command line as a whole; `streams` are where it writes. */
export function createProgram(streams: TerminalStreams): { program: Command; terminal: () => Terminal } {
  const program = new Command('goodhart');
  let made: Terminal | undefined;
  const terminal = () => {
    made ??= createTerminal(
      { json: false, quiet: false, ...program.opts<{ json?: boolean; quiet?: boolean }>() },
      streams,
    );
    return made;
  };
  program
    .description('Reinforcement learning from human feedback, end to end, that measures where it goes wrong.')
    .version(VERSION)
    .option('--json', 'results and progress as JSON lines')
    .option('--quiet', 'no progress')
    // What stands behind the name of a command is that command's: `disclose open --out` is not `disclose --out`.
    .enablePositionalOptions()
    .showHelpAfterError('(--help shows usage and examples)')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => streams.out.write(visibleText(text)),
      writeErr: (text) => streams.err.write(visibleText(text)),
    })
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 a check failed, 2 something for you to mend, 3 a defect, 130 interrupted.\n\nExamples:\n  goodhart quickstart\n  goodhart run recipes/harmless-dialogues/run.yaml --set data.path=pairs.jsonl.gz --out runs/harmless\n  goodhart verify runs/harmless',
    );
  addLoopCommands(program, terminal);
  addStudioCommands(program, terminal);
  addExchangeCommands(program, terminal);
  addFeedbackCommands(program, terminal);
  addModelCommands(program, terminal);
  addEngineCommands(program, terminal);
  addPolicyCommands(program, terminal);
  addRewardCommands(program, terminal);
  addAuditCommands(program, terminal);
  addKeyCommands(program, terminal);
  addLabCommands(program, terminal);
  addStoreCommands(program, terminal);
  for (const group of program.commands.filter((c) => c.commands.length > 0)) {
    const each = group.commands.map((c) => `  goodhart ${group.name()} ${c.name()} --help`);
    group.addHelpText('after', ['', 'Each has its own examples:', ...each].join('\n'));
  }
  for (const command of [...program.commands, ...program.commands.flatMap((c) => c.commands)]) {
    command.option('--json', 'results and progress as JSON lines').option('--quiet', 'no progress');
    command.hook('preAction', (_, action) => {
      const { json, quiet } = action.opts<{ json?: boolean; quiet?: boolean }>();
      if (json === true) program.setOptionValue('json', true);
      if (quiet === true) program.setOptionValue('quiet', true);
    });
    command.exitOverride();
  }
  return { program, terminal };
}

/** Runs a command; returns its exit code. */
export async function runCommand(argv: readonly string[], streams: TerminalStreams): Promise<number> {
  const { program, terminal } = createProgram(streams);
  try {
    await program.parseAsync([...argv]);
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    terminal().close();
    const { text, exitCode } = describeError(error);
    streams.err.write(`${visibleText(text)}\n`);
    return exitCode;
  }
}

/** Entry of the executable. */
export async function main(argv: readonly string[]): Promise<void> {
  closeObjectPrototype();
  // What people judged, stores and runs are theirs who run this: readable by nobody else unless they say so.
  process.umask(0o077);
  let tidy = () => '';
  const streams: TerminalStreams = {
    out: process.stdout,
    err: process.stderr,
    now: () => performance.now(),
    onInterrupt: (given) => {
      tidy = given;
    },
  };
  process.once('SIGINT', () => {
    const hint = tidy();
    process.stderr.write(`\ngoodhart: interrupted${hint === '' ? '' : `; ${visibleText(hint)}`}\n`);
    // Dying of the signal (130 in a shell) rather than by exit(): that would tear a computing engine down under its feet.
    process.removeAllListeners('SIGINT');
    process.kill(process.pid, 'SIGINT');
  });
  // A reader that has seen enough (`goodhart … | head`) is no fault.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(0);
  });
  const code = await runCommand(argv, streams);
  if (code !== 0) process.exit(code);
}
