import { type Item, type Project, projectSchema } from '../../src/feedback/index.ts';
import type { FeedbackStore } from '../../src/store/index.ts';

/** Two replies of two lines each. */
export const REPLIES = [
  'The fare is two crowns.\nBring four for both ways.',
  'It costs ten crowns, you are right.\nHave a lovely trip.',
];
const CREATED = '2026-01-01T00:00:00.000Z';

/** Questions of every kind, as a form holds them. */
export const QUESTIONS: Project['questions'] = projectSchema.shape.questions.parse([
  { id: 'comparison', title: 'Which is better?', kind: 'comparison', strength: true },
  { id: 'ranking', title: 'Rank the replies', kind: 'ranking' },
  {
    id: 'rating',
    title: 'Rate the replies',
    kind: 'rating',
    criteria: [{ id: 'truth', title: 'True' }],
    scale: { min: 1, max: 5, step: 1 },
  },
  {
    id: 'label',
    title: 'What applies?',
    kind: 'label',
    options: [
      { id: 'polite', title: 'Polite' },
      { id: 'vague', title: 'Vague' },
    ],
  },
  { id: 'correction', title: 'Correct a reply', kind: 'correction' },
  { id: 'spans', title: 'Mark mistakes', kind: 'spans', labels: [{ id: 'wrong', title: 'Wrong' }] },
  { id: 'steps', title: 'Judge each step', kind: 'steps' },
  { id: 'critique', title: 'What could be better?', kind: 'critique' },
  { id: 'demonstration', title: 'Write the ideal reply', kind: 'demonstration' },
]);

/** A project with so many items of the two replies. */
export async function addProject(
  store: FeedbackStore,
  id: string,
  { items = 3, ...change }: Partial<Project> & { readonly items?: number },
): Promise<void> {
  await store.putProject(
    projectSchema.parse({
      id,
      name: `Project ${id}`,
      createdAt: CREATED,
      questions: QUESTIONS.slice(0, 1),
      distribution: { overlap: 1 },
      ...change,
    }),
  );
  await store.addItems(
    id,
    Array.from(
      { length: items },
      (_, i): Item => ({
        id: `${id}-${i}`,
        projectId: id,
        prompt: `I think the ferry costs ten crowns. What do I bring for trip ${i}?`,
        replies: REPLIES.map((text, k) => ({ id: `${i}/${k}`, text })),
        source: { origin: 'written by hand', selection: 'all' },
      }),
    ),
  );
}
