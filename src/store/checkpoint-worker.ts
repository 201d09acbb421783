/**
 * The thread that moves what was committed from SQLite's log into the file. A writer that does it itself makes everybody
 * wait for two more writes to the disk.
 */
import { parentPort, workerData } from 'node:worker_threads';
import Database from 'libsql';
import { closeObjectPrototype, own } from '../run/index.ts';

const EVERY_MS = 1000;
/** Pages (4 kB) in the log from which on a writer is held up for the rest, so that the log can begin anew. */
const LONG_LOG = 8192;

closeObjectPrototype();
const db = new Database((workerData as { path: string }).path);
db.pragma('synchronous = FULL');
db.pragma('busy_timeout = 20');
const numberOf = (pragma: string, field: string): number =>
  Number(own((db.pragma(pragma) as Record<string, unknown>[])[0], field));

let seen = -1;
const timer = setInterval(() => {
  // Changes with every commit of another connection.
  const version = numberOf('data_version', 'data_version');
  if (version === seen) return;
  seen = version;
  try {
    if (numberOf('wal_checkpoint(PASSIVE)', 'log') > LONG_LOG) db.pragma('wal_checkpoint(FULL)');
  } catch {
    // The next time, or the writer itself once the log is longer still.
  }
}, EVERY_MS);
parentPort!.once('message', () => {
  clearInterval(timer);
  db.close();
});
