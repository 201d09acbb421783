import { distributionSchema, type Item, type Project, projectSchema } from '../feedback/index.ts';
import { UsageError } from '../run/index.ts';
import type { FeedbackRecords } from './feedback-records.ts';
import type { RunContext } from './run-context.ts';
import { usableFeedback } from './sources/index.ts';
import { nameInRound } from './stage.ts';

/** The project in which people are asked. */
function projectOf({ config, now }: Pick<RunContext, 'config' | 'now'>): Project {
  const { people, overlap, distribution } = config.feedback!;
  const { project, title, instructions, consent } = people!;
  const at = now();
  return projectSchema.parse({
    id: project,
    name: config.name,
    createdAt: at,
    questions: [{ id: 'better', title, kind: 'comparison' }],
    instructions: [{ version: '1', text: instructions, at }],
    consent: { version: '1', text: consent },
    distribution: distributionSchema.parse({ overlap, ...distribution }),
  });
}

/**
 * Asks people about items, and waits until they have answered as often as the rules of the project want. Asked again after a kill,
 * it asks nothing twice. What comes back is what may be used of their answers to everything that the run has asked so far: what was
 * withdrawn since an earlier round is not in it.
 */
export async function askPeople(
  context: RunContext,
  before: FeedbackRecords,
  items: readonly Item[],
): Promise<FeedbackRecords> {
  const { access, progress, warn } = context;
  const { people } = access;
  if (people === undefined)
    throw new UsageError(
      'store',
      'feedback.people: expected a store in which people judge, got none; name it by --store',
    );
  const project = projectOf(context);
  await people.ask(project, [...before.items, ...items]);
  const stage = nameInRound(context, 'people');
  let told = false;
  for (;;) {
    const { done, wanted } = await people.answered(project.id);
    progress({ stage, done: Math.min(done, wanted), total: wanted, unit: 'answers' });
    if (done >= wanted) break;
    if (!told) warn(`${items.length} pairs wait for people in project ${project.id}: ${people.where}`);
    told = true;
    await people.pause();
  }
  const all = [...before.items, ...items];
  const asked = new Set(all.map(({ id }) => id));
  const { judgments, raters } = usableFeedback(await access.openProject(project.id));
  return { items: all, judgments: judgments.filter(({ itemId }) => asked.has(itemId)), raters };
}
