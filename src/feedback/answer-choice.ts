import { dawidSkene, mostProbable } from '../stats/index.ts';
import { type Answer, type AnswerKind, replyOf } from './answer.ts';
import { canonicalAnswer } from './answer-kinds.ts';
import { type Judgment, purposeOf } from './judgment.ts';
import { type Question, questionOf } from './project.ts';
import type { RecordOf } from './records.ts';

/**
 * Which answers leave a project: the decision where an item was decided and every vote elsewhere (`decided`), every vote
 * whatever was decided (`all`), or one answer to each question about each item, by most votes (`majority`) or by
 * Dawid and Skene's estimate of the truth (`dawid-skene`), where a decision stands before both.
 */
export const ANSWER_CHOICES = ['decided', 'all', 'majority', 'dawid-skene'] as const;
export type AnswerChoice = (typeof ANSWER_CHOICES)[number];

/** What a choice means, as a card says it. */
export const ANSWER_CHOICE_TEXT: { readonly [C in AnswerChoice]: string } = {
  decided:
    'Where somebody decided an item, the decision stands for the votes; elsewhere every vote is an answer of its own.',
  all: 'Every vote is an answer of its own, whatever was decided.',
  majority:
    'One answer to each question about each item: the decision, or else what most raters said. Kinds of answers that have no majority go out vote by vote.',
  'dawid-skene':
    'One answer to each question about each item: the decision, or else the most probable one by Dawid and Skene (1979) with one pseudo-count a cell. Kinds of answers that have no classes go out vote by vote.',
};

type Decision = RecordOf<'adjudication'>;

/** Answers of one item, and what became of the votes that are not among them, one reason each. */
export interface ChosenAnswers {
  readonly judgments: readonly Judgment[];
  readonly left: readonly string[];
}

/** Chooses answers item by item. */
export interface AnswerChooser {
  /** Whether `hear` must be told of every vote before the first item is asked for. */
  readonly hears: boolean;
  hear(judgment: Judgment): void;
  /** Of the judgments and decisions on one item that stand. */
  of(judgments: readonly Judgment[], decisions: readonly Decision[]): ChosenAnswers;
}

/** Kinds whose answers are one value of several, so that votes can be counted. */
const COUNTED: ReadonlySet<AnswerKind> = new Set(['comparison', 'label']);

/** What was said, whatever its strength: answers of one class are one value. Null for what says nothing. */
function classOf(answer: Answer): string | null {
  if (answer.kind === 'comparison') return answer.outcome === 'cant-judge' ? null : JSON.stringify(answer.outcome);
  const canonical = canonicalAnswer(answer);
  return canonical.kind === 'label' ? JSON.stringify(canonical.labels) : null;
}

/** An answer of a class, with nothing else that a vote may say. */
function plainAnswer(answer: Answer): Answer {
  if (answer.kind === 'comparison') return { kind: 'comparison', outcome: answer.outcome };
  return canonicalAnswer(answer);
}

const votesOf = ({ answer }: Judgment): number => (answer.kind === 'comparison' ? (answer.votes ?? 1) : 1);

/** The decision as an answer of whoever decided. */
const decisionAnswer = ({ id, projectId, itemId, raterId, questionId, answer, at, note }: Decision): Judgment => ({
  id,
  projectId,
  itemId,
  raterId,
  presentation: { order: [], view: 'full', instructionsVersion: 'decision', shownAt: at },
  answer,
  activeMs: null,
  submittedAt: at,
  source: 'decision',
  ...(questionId !== undefined && { questionId }),
  ...(note !== undefined && { reason: note }),
});

/** One answer in the place of several votes. */
function joint(
  votes: readonly Judgment[],
  chosen: Judgment,
  { method, metadata }: { readonly method: 'majority' | 'dawid-skene'; readonly metadata: Record<string, string> },
): Judgment {
  const { id, projectId, itemId, questionId, presentation } = votes[0]!;
  const last = votes.reduce((latest, vote) => (vote.submittedAt > latest ? vote.submittedAt : latest), '');
  return {
    id: `${id}/${method}`,
    projectId,
    itemId,
    raterId: method,
    presentation: { ...presentation, order: [] },
    answer: plainAnswer(chosen.answer),
    activeMs: null,
    submittedAt: last,
    source: method,
    metadata,
    ...(questionId !== undefined && { questionId }),
  };
}

/** Votes that are compared with each other: of one question, about one item or one reply of it. */
function groupsOf(judgments: readonly Judgment[], keyOf: (judgment: Judgment) => string): Map<string, Judgment[]> {
  const groups = new Map<string, Judgment[]>();
  for (const judgment of judgments) {
    const key = keyOf(judgment);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [judgment]);
    else group.push(judgment);
  }
  return groups;
}

/** Class with the most votes; null where several have as many. */
function majorityOf(votes: readonly Judgment[]): { chosen: Judgment; n: number; of: number } | null {
  const counts = new Map<string, { n: number; chosen: Judgment }>();
  let of = 0;
  for (const vote of votes) {
    const said = classOf(vote.answer)!;
    const n = votesOf(vote);
    of += n;
    const known = counts.get(said);
    if (known === undefined) counts.set(said, { n, chosen: vote });
    else known.n += n;
  }
  const [first, second] = [...counts.values()].sort((a, b) => b.n - a.n);
  return first === undefined || first.n === second?.n ? null : { ...first, of };
}

/** Most probable class of each unit; null where several are equally probable. */
type Fitted = ReadonlyMap<string, { readonly said: string; readonly posterior: number } | null>;

/** Votes of a question by Dawid and Skene, fitted when first asked for. */
class QuestionVotes {
  readonly #votes = new Map<string, { readonly unit: string; readonly rater: string; readonly said: string }>();
  #fitted: Fitted | undefined;

  add({ id, supersedes, raterId, answer }: Judgment, unit: string): void {
    if (supersedes !== undefined) this.#votes.delete(supersedes);
    const said = classOf(answer);
    if (said !== null) this.#votes.set(id, { unit, rater: raterId, said });
  }
  of(unit: string): { readonly said: string; readonly posterior: number } | null {
    this.#fitted ??= this.#fit();
    return this.#fitted.get(unit) ?? null;
  }
  #fit(): Fitted {
    const numbers = () => {
      const known = new Map<string, number>();
      return { known, of: (name: string) => known.get(name) ?? known.set(name, known.size).get(name)! };
    };
    const [units, raters, classes] = [numbers(), numbers(), numbers()];
    const labels = [...this.#votes.values()].map(({ unit, rater, said }) => ({
      item: units.of(unit),
      rater: raters.of(rater),
      label: classes.of(said),
    }));
    const sizes = { items: units.known.size, raters: raters.known.size, classes: classes.known.size };
    const { posteriors } = dawidSkene(labels, sizes, { smoothing: 1, tolerance: 1e-7, iterations: 100 });
    const best = mostProbable(posteriors);
    const names = [...classes.known.keys()];
    return new Map(
      [...units.known].map(([unit, i]) => {
        const k = best[i];
        return [unit, k === null || k === undefined ? null : { said: names[k]!, posterior: posteriors[i]![k]! }];
      }),
    );
  }
}

/** Chooses answers of a project by one of `ANSWER_CHOICES`; `questions` of its form, where it has one. */
export function answerChooser(questions: readonly Question[], choice: AnswerChoice): AnswerChooser {
  const questionKey = (answered: { readonly questionId?: string | undefined; readonly answer: Answer }) =>
    questionOf(questions, answered)?.id ?? answered.questionId ?? `kind ${answered.answer.kind}`;
  const keyOf = (answered: { readonly questionId?: string | undefined; readonly answer: Answer }) =>
    JSON.stringify([questionKey(answered), replyOf(answered.answer)]);
  const byQuestion = new Map<string, QuestionVotes>();
  const unitOf = (judgment: Judgment) => JSON.stringify([judgment.itemId, keyOf(judgment)]);
  const hears = choice === 'dawid-skene';

  /** The answer of a group, or why there is none; undefined where every vote goes out. */
  function chosenOf(votes: readonly Judgment[]): Judgment | string | undefined {
    if (choice !== 'majority' && choice !== 'dawid-skene') return undefined;
    const [first] = votes;
    if (!COUNTED.has(first!.answer.kind)) return undefined;
    const saying = votes.filter(({ answer }) => classOf(answer) !== null);
    if (saying.length === 0) return 'cannot judge: nothing was said';
    if (choice === 'majority') {
      const most = majorityOf(saying);
      if (most === null) return 'no majority: as many votes for one answer as for another';
      return joint(votes, most.chosen, { method: 'majority', metadata: { votes: `${most.n} of ${most.of}` } });
    }
    const best = byQuestion.get(questionKey(first!))?.of(unitOf(first!)) ?? null;
    const chosen = best === null ? undefined : saying.find(({ answer }) => classOf(answer) === best.said);
    if (best === null || chosen === undefined) return 'no most probable answer among those that were given';
    const posterior = best.posterior.toFixed(4);
    return joint(votes, chosen, { method: 'dawid-skene', metadata: { posterior } });
  }

  return {
    hears,
    hear(judgment) {
      if (!hears || purposeOf(judgment) !== 'work' || !COUNTED.has(judgment.answer.kind)) return;
      const key = questionKey(judgment);
      const votes = byQuestion.get(key) ?? new QuestionVotes();
      byQuestion.set(key, votes);
      votes.add(judgment, unitOf(judgment));
    },
    of(judgments, decisions) {
      if (choice === 'all') return { judgments, left: [] };
      const decided = new Map(decisions.map((decision) => [keyOf(decision), decision]));
      const groups = groupsOf(
        judgments.filter((judgment) => purposeOf(judgment) === 'work'),
        keyOf,
      );
      const left: string[] = [];
      /** First vote of a group → the answer in its place; other votes of it → nothing. */
      const instead = new Map<string, Judgment | null>();
      for (const [key, votes] of groups) {
        const decision = decided.get(key);
        decided.delete(key);
        const chosen = decision === undefined ? chosenOf(votes) : decisionAnswer(decision);
        if (chosen === undefined) continue;
        const reason =
          typeof chosen === 'string'
            ? chosen
            : decision === undefined
              ? `a vote, for which the ${choice === 'majority' ? 'majority' : 'most probable answer'} stands`
              : 'a vote, for which the decision stands';
        for (const [i, { id }] of votes.entries()) {
          instead.set(id, i === 0 && typeof chosen !== 'string' ? chosen : null);
          left.push(reason);
        }
      }
      const chosen = judgments.flatMap((judgment) => {
        const other = instead.get(judgment.id);
        return other === undefined ? [judgment] : other === null ? [] : [other];
      });
      return { judgments: [...chosen, ...[...decided.values()].map(decisionAnswer)], left };
    },
  };
}

/** Chooses answers of a whole project in memory; left votes are counted by reason. */
export function chooseAnswers(
  questions: readonly Question[],
  {
    judgments,
    adjudications,
  }: { readonly judgments: readonly Judgment[]; readonly adjudications: readonly Decision[] },
  choice: AnswerChoice,
): { readonly judgments: readonly Judgment[]; readonly left: Readonly<Record<string, number>> } {
  if (choice === 'all' || (choice === 'decided' && adjudications.length === 0)) return { judgments, left: {} };
  const chooser = answerChooser(questions, choice);
  if (chooser.hears) for (const judgment of judgments) chooser.hear(judgment);
  const byItem = new Map<string, { judgments: Judgment[]; decisions: Decision[] }>();
  const of = (itemId: string) => {
    const known = byItem.get(itemId) ?? { judgments: [], decisions: [] };
    byItem.set(itemId, known);
    return known;
  };
  for (const judgment of judgments) of(judgment.itemId).judgments.push(judgment);
  for (const decision of adjudications) of(decision.itemId).decisions.push(decision);
  const left = new Map<string, number>();
  const chosen = [...byItem.values()].flatMap((one) => {
    const answers = chooser.of(one.judgments, one.decisions);
    for (const reason of answers.left) left.set(reason, (left.get(reason) ?? 0) + 1);
    return answers.judgments;
  });
  return { judgments: chosen, left: Object.fromEntries(left) };
}
