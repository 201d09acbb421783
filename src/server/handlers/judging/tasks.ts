import { z } from 'zod';
import {
  type FeedbackRecord,
  foldRecords,
  type Presentation,
  type Project,
  presentationSchema,
} from '../../../feedback/index.ts';
import type { FeedbackStore, Reservation } from '../../../store/index.ts';
import { ApiError } from '../../api.ts';
import type { Services } from '../../services.ts';

/** What a sealed task holds: which item, shown how. Only the server can read it. */
const sealedTask = z.object({ item: z.string(), presentation: presentationSchema });
const OPEN_PURPOSES = ['work', 'training', 'qualification'] as const;
const contextOf = (projectId: string, raterId: string) => `${projectId}/${raterId}`;

/** Where known answers and repeats fall for a rater. Their own pseudonym would do for all but them: they know it. */
export const rhythmOf = ({ sealer }: Pick<Services, 'sealer'>, projectId: string, raterId: string): string =>
  sealer.derive(`rhythm/${contextOf(projectId, raterId)}`);

/** A rater at a project. */
export interface Visit {
  readonly project: Project;
  readonly raterId: string;
}

/** An item as a rater may see it: sealed, by places, and with no more than the view shows. */
export const taskOf = (
  { sealer }: Pick<Services, 'sealer'>,
  { project, raterId }: Visit,
  { item, presentation, purpose, expiresAt, draft = null }: Reservation,
) => ({
  taskId: sealer.seal({ item: item.id, presentation }, contextOf(project.id, raterId)),
  prompt: item.prompt,
  replies: presentation.order.map((reply) => item.replies[reply]!.text),
  facts: presentation.view === 'full' ? (item.facts ?? null) : null,
  expiresAt,
  instructionsVersion: presentation.instructionsVersion,
  // Gold items and repeats look like work.
  purpose: OPEN_PURPOSES.find((open) => open === purpose) ?? ('work' as const),
  draft,
});

/** The task as it was shown before, reserved again whatever it is for: after a reload it must come back like any other. */
export async function taskAgain(
  services: Services,
  visit: Visit,
  { itemId, presentation }: { itemId: string; presentation: Presentation },
) {
  const { store, now } = services;
  const { project, raterId } = visit;
  const purpose = presentation.purpose ?? 'work';
  const { reserved } = await store.raterStanding(project.id, raterId);
  const besides = reserved.map((seat) => seat.itemId).filter((id) => id !== itemId);
  const as = purpose === 'work' ? { order: presentation.order } : { again: presentation };
  const again = await store.reserve(project.id, raterId, { now: now(), itemId, besides, ...as });
  if (!('none' in again)) return taskOf(services, visit, again);
  const item = (await store.getItem(project.id, itemId))!;
  const expiresAt = new Date(Date.parse(now()) + project.distribution.reservationMinutes * 60_000).toISOString();
  const { drafts } = foldRecords(await historyOf(store, project.id, { rater: raterId, item: itemId }));
  return taskOf(services, visit, { item, presentation, purpose, expiresAt, draft: drafts.at(-1)?.content });
}

/** What a task that was handed to this rater of this project holds. */
export function openTask(
  { sealer }: Pick<Services, 'sealer'>,
  taskId: string,
  { projectId, raterId }: { readonly projectId: string; readonly raterId: string },
) {
  const opened = sealedTask.safeParse(sealer.open(taskId, contextOf(projectId, raterId)));
  if (!opened.success)
    throw new ApiError(404, 'task', 'this task is not yours, or not from here; ask for the next one');
  return opened.data;
}

/** Records of one rater, or of one on one item. */
export async function historyOf(
  store: FeedbackStore,
  projectId: string,
  range: { readonly rater: string; readonly item?: string },
): Promise<FeedbackRecord[]> {
  const records: FeedbackRecord[] = [];
  for await (const { record } of store.history(projectId, range)) records.push(record);
  return records;
}
