import type { RaterProfile } from '../feedback/index.ts';
import type { Connection } from './connection.ts';
import { openIn, standingOf } from './derive.ts';
import { prepared } from './prepared.ts';
import { bodyOf, mapRows, parseProfile, profileRows } from './read.ts';
import { unknownRater } from './refusals.ts';
import { PRESENTED, type Totals } from './schema.ts';
import type { FeedbackStore } from './store.ts';
import type { StoreContext } from './store-context.ts';
import { batched, checkProfile } from './values.ts';

type RaterCalls = Pick<FeedbackStore, 'putRaters' | 'getRater' | 'raters' | 'raterStanding' | 'raterView'>;

/** A project as a rater meets it: a row for each reservation, one without for none. */
const viewQueryOf = (db: Connection['db']) =>
  prepared(['project', 'rater'], (places) =>
    db
      .selectFrom('projects as p')
      .innerJoin('project_state as s', 's.project', 'p.project')
      .leftJoin('raters as r', (join) => join.onRef('r.project', '=', 'p.project').on('r.id', '=', places.rater))
      .leftJoin('rater_state as t', (join) =>
        join.onRef('t.project', '=', 'r.project').onRef('t.rater', '=', 'r.rater'),
      )
      .leftJoin('seats as h', (join) =>
        join.onRef('h.project', '=', 'r.project').onRef('h.rater', '=', 'r.rater').on('h.expires', 'is not', null),
      )
      .leftJoin('items as i', (join) => join.onRef('i.project', '=', 'h.project').onRef('i.item', '=', 'h.item'))
      .select(['p.body', 's.totals', 'r.body as profile', 't.rater', 't.qualified'])
      .select(Object.values(PRESENTED).map((column) => `t.${column}` as const))
      .select(['i.id as itemId', 'h.purpose', 'h.expires'])
      .where('p.id', '=', places.project)
      .where('p.status', '=', 'ready'),
  );

/** Raters: who they are, and where they stand. */
export function raterCalls({ connection, parseFor, change, find, unknownProject }: StoreContext): RaterCalls {
  const { db } = connection;
  const viewQuery = viewQueryOf(db);
  const raterView: RaterCalls['raterView'] = async (projectId, raterId) => {
    const { rows } = await db.executeQuery(viewQuery({ project: projectId, rater: raterId }));
    const [row] = rows;
    if (row === undefined) return undefined;
    const held = rows.flatMap(({ itemId, purpose, expires }) =>
      itemId === null ? [] : [{ id: itemId, purpose: purpose!, expires: expires! }],
    );
    return {
      project: parseFor(projectId)(row.body),
      openItems: openIn(JSON.parse(row.totals) as Totals),
      profile: row.profile === null ? undefined : parseProfile({ body: row.profile }),
      standing: row.rater === null ? undefined : standingOf(row as Parameters<typeof standingOf>[0], held),
    };
  };
  return {
    async putRaters(projectId, raters) {
      const counts = { added: 0, changed: 0 };
      for await (const batch of batched<RaterProfile>(raters, 500)) {
        const checked = batch.map(checkProfile);
        const { added, changed } = await change(projectId, async (session) => {
          const here = { added: 0, changed: 0 };
          await session.loadRaters(checked.map(({ profile }) => profile.id));
          for (const { profile, body } of checked) {
            const there = session.rater(profile.id);
            if (there === undefined) {
              session.addRater(profile, body);
              here.added += 1;
            } else if (there.row.body !== body) {
              session.changeRater(there, profile, body);
              here.changed += 1;
            }
          }
          return here;
        });
        counts.added += added;
        counts.changed += changed;
      }
      return counts;
    },
    async getRater(projectId, raterId) {
      const row = await bodyOf(db, 'raters', { projectId, id: raterId });
      if (row === undefined) await find(projectId);
      return row === undefined || row.body === null ? undefined : parseProfile(row);
    },
    async *raters(projectId) {
      yield* mapRows(profileRows(db, (await find(projectId)).project), parseProfile);
    },
    async raterStanding(projectId, raterId) {
      const view = await raterView(projectId, raterId);
      if (view === undefined) throw unknownProject(projectId);
      if (view.standing === undefined) throw unknownRater(projectId, raterId);
      return view.standing;
    },
    raterView,
  };
}
