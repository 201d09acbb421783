import type { Project, RecordOf } from '../feedback/index.ts';
import { GENESIS } from '../run/index.ts';
import { chainHash, commitmentOf } from './chain.ts';
import type { Connection, Trx } from './connection.ts';
import { derivedFaults } from './derived-faults.ts';
import { recordRows } from './read.ts';
import type { StoreCheck } from './store.ts';

/** Checks a store in one snapshot: nothing is held up, and nothing changes meanwhile. */
export async function checkStore(
  connection: Connection,
  { parse, only }: { readonly parse: (id: string, body: string) => Project; readonly only: string | undefined },
): Promise<readonly StoreCheck[]> {
  const faults = await connection.faults();
  const checks: StoreCheck[] = [
    { name: 'database', ok: faults.length === 0, detail: faults.length === 0 ? 'sound' : faults.join('; ') },
  ];
  await connection.snapshot(async (trx) => {
    const rows = await trx
      .selectFrom('projects as p')
      .innerJoin('project_state as s', 's.project', 'p.project')
      .selectAll('s')
      .select(['p.id', 'p.body', 'p.status'])
      .$if(only !== undefined, (query) => query.where('p.id', '=', only!))
      .orderBy('p.id')
      .execute();
    for (const row of rows) {
      if (row.status !== 'ready') {
        const detail = 'a load was interrupted or is running; loading it again replaces what is there';
        checks.push({ name: `${row.id}: loaded`, ok: true, detail });
        continue;
      }
      const fault = await chainFaultOf(trx, row);
      checks.push({
        name: `${row.id}: history`,
        ok: fault === undefined,
        detail: fault ?? `${row.seq} records, chained`,
      });
      const derived = await derivedFaults(trx, { number: row.project, project: parse(row.id, row.body) });
      checks.push({
        name: `${row.id}: state`,
        ok: derived.length === 0,
        detail:
          derived.length === 0 ? 'follows from the records' : `${derived.join('; ')}; goodhart store rebuild mends it`,
      });
    }
  });
  return checks;
}

/** Why the history of a project is not the one that was acknowledged; undefined when it is. */
async function chainFaultOf(
  trx: Trx,
  { project, seq, head }: { readonly project: number; readonly seq: number; readonly head: string },
): Promise<string | undefined> {
  let hash = GENESIS;
  let at = 0;
  // Places of records that are gone, until a later record says that an owner erased them. Drafts go by themselves.
  const gone = new Set<number>();
  for await (const row of recordRows(trx, project)) {
    at += 1;
    if (row.seq !== at) return `record ${at} is missing`;
    const commitment = commitmentOf(row);
    hash = commitment === undefined ? '' : chainHash(hash, commitment);
    if (hash !== row.hash) return `record ${at} (${row.id}) was altered`;
    if (row.type === 'erased' && (JSON.parse(row.body) as RecordOf<'erased'>).was !== 'draft') gone.add(at);
    if (row.type === 'erasure')
      for (const seq of (JSON.parse(row.body) as RecordOf<'erasure'>).records) gone.delete(seq);
  }
  if (at !== seq) return `${seq} records were acknowledged, ${at} are there`;
  const [untold] = gone;
  if (untold !== undefined) return `record ${untold} was erased, and no record says by whom`;
  return hash === head ? undefined : 'the last hash is not the acknowledged one';
}
