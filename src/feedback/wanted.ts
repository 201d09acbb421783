import { wantedJudgments } from './distribution.ts';
import { isCollected, type Judgment } from './judgment.ts';
import { type Project, questionOf } from './project.ts';

/** Questions whose answers decide whether an item needs another rater: the required ones, or all where none is. */
const deciding = ({ questions }: Project) => {
  const required = questions.filter((question) => question.required);
  return required.length === 0 ? questions : required;
};
const asked = (project: Project, judgment: Judgment) => questionOf(project.questions, judgment)?.id;

/** Work judgments wanted of an item, given those it has, by the question that needs most. */
export function wantedOfItem(project: Project, itemId: string, judgments: readonly Judgment[]): number {
  const work = judgments.filter(isCollected);
  return Math.max(
    ...deciding(project).map((question) =>
      wantedJudgments(
        project.distribution,
        itemId,
        work.filter((judgment) => asked(project, judgment) === question.id).map(({ answer }) => answer),
      ),
    ),
  );
}

/** Raters who gave every answer that an item needs, as work. */
export function ratersDone(project: Project, judgments: readonly Judgment[]): number {
  const required = project.questions.filter((question) => question.required);
  const answered = new Map<string, Set<string | undefined>>();
  for (const judgment of judgments) {
    if (!isCollected(judgment)) continue;
    const known = answered.get(judgment.raterId) ?? new Set();
    answered.set(judgment.raterId, known.add(asked(project, judgment)));
  }
  return [...answered.values()].filter((questions) => required.every(({ id }) => questions.has(id))).length;
}
