import { openTestStudio, type Person, testItems, testProject } from '../../src/server/studio.fake.ts';
import { type HostileRequest, hostileRequests } from './hostile-cases.ts';

export interface HostileOutcome {
  /** Answers by status. */
  readonly statuses: ReadonlyMap<number, number>;
  /** Cases that are defects: an error that nobody foresaw, or an answer that says too much. */
  readonly faults: readonly { readonly case: number; readonly request: HostileRequest; readonly fault: string }[];
}

const TOO_MUCH = /SECRET|goodhart-(studio|exchange)-|\/tmp\/|node_modules|scrypt\$/;
const ROLES = ['owner', 'lead', 'rater', 'auditor', null] as const;

/**
 * Sends hostile requests to a Studio as people of every role and as nobody. None may be a defect, none may be answered with
 * what its sender may not know, and afterwards the Studio still serves and its store is whole.
 */
export async function runHostile(count: number, seed: number, url?: string): Promise<HostileOutcome> {
  const defects: unknown[] = [];
  const studio = await openTestStudio({ report: (_, error) => defects.push(error) }, url);
  const statuses = new Map<number, number>();
  const faults: HostileOutcome['faults'][number][] = [];
  try {
    await studio.store.putProject(testProject());
    await studio.store.addItems('p', testItems(5));
    const people: (Person | undefined)[] = [];
    for (const role of ROLES) people.push(await studio.person(role, ['p']));
    const requests = hostileRequests(count, seed);
    for (const [n, request] of requests.entries()) {
      const role = ROLES[n % ROLES.length]!;
      const person = people[n % ROLES.length]!;
      const before = defects.length;
      const note = (fault: string) => faults.push({ case: n, request, fault });
      try {
        const response = await person.send(request.route, request);
        statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
        const said = await response.text();
        if (
          role === 'rater' || role === null
            ? TOO_MUCH.test(said)
            : TOO_MUCH.test(response.ok ? '' : said.replaceAll(/SECRET/g, ''))
        )
          note(`says too much: ${said.slice(0, 300)}`);
        if (response.status >= 500 && response.status !== 503) note(`answered ${response.status}`);
      } catch (error) {
        note(String(error));
      }
      for (const defect of defects.slice(before))
        note(defect instanceof Error ? (defect.stack ?? defect.message) : String(defect));
    }
    const bad = (await studio.store.check()).filter(({ ok }) => !ok);
    if (bad.length > 0) throw new Error(`the store is damaged: ${bad[0]!.name}: ${bad[0]!.detail}`);
  } finally {
    await studio.close();
  }
  return { statuses, faults };
}
