import { z } from 'zod';
import { type Answer, type Item, type Judgment, type Purpose, purposeOf } from '../../feedback/index.ts';
import { stepsOf } from '../../text/index.ts';
import {
  hasKeys,
  holding,
  type ItemGroup,
  kindsOf,
  type Layout,
  NOT_RELEASED,
  parseRow,
  type ReadContext,
  RowError,
  unreleased,
  type Written,
} from './layout.ts';
import { joinSteps, type StepLabel, splitSteps } from './steps.ts';
import { contentId } from './values.ts';

/**
 * PRM800K (Lightman et al. 2023, github.com/openai/prm800k): one labelled solution a row. The solution that was followed
 * is one item; a candidate step that was rated beside it is an item of its own, whose prompt is the problem with the
 * steps so far. Items are named by content, so that labelers who saw the same solution judged the same item.
 */
const rating = z.union([z.literal(-1), z.literal(0), z.literal(1), z.null()]);
const completion = z.object({ text: z.string(), rating: rating.nullish(), flagged: z.boolean().nullish() });
const prmSchema = z.object({
  labeler: z.string().min(1),
  timestamp: z.string(),
  is_quality_control_question: z.boolean().nullish(),
  is_initial_screening_question: z.boolean().nullish(),
  question: z.object({
    problem: z.string(),
    ground_truth_solution: z.string().nullish(),
    ground_truth_answer: z.string().nullish(),
    pre_generated_steps: z.array(z.string()).nullish(),
  }),
  label: z.object({
    steps: z.array(
      z.object({
        completions: z.array(completion).nullish(),
        human_completion: z.object({ text: z.string() }).nullish(),
        chosen_completion: z.int().nonnegative().nullish(),
      }),
    ),
    total_time: z.number().nonnegative().nullish(),
    finish_reason: z.string().nullish(),
  }),
});
type PrmRow = z.infer<typeof prmSchema>;
type PrmStep = PrmRow['label']['steps'][number];

const FINISH = ['found_error', 'solution', 'bad_problem', 'give_up'];
const FACTS = { answer: 'ground truth answer: ', solution: 'ground truth solution: ' } as const;

interface Step {
  readonly text: string;
  readonly label: StepLabel;
}

/** The step that was followed, and the candidates beside it. */
function candidates(step: PrmStep, at: number): { followed: Step; beside: Step[] } {
  const all = step.completions ?? [];
  const asStep = ({ text, rating: label }: z.infer<typeof completion>): Step => ({ text, label: label ?? null });
  const chosen = step.chosen_completion ?? null;
  const written = chosen === null ? step.human_completion : null;
  // Labelers wrote a step only where a right one was missing, so it counts as right.
  if (written) return { followed: { text: written.text, label: 1 }, beside: all.map(asStep) };
  const index = chosen ?? 0;
  const followed = all[index];
  if (followed === undefined)
    throw new RowError(`label.steps.${at}`, `no completion ${index}, and none written by the labeler`);
  return { followed: asStep(followed), beside: all.filter((_, i) => i !== index).map(asStep) };
}

function readSolution(row: PrmRow, context: ReadContext) {
  const { projectId } = context;
  const { question, label } = row;
  const raterId = context.rater(row.labeler);
  const facts = [
    ...(question.ground_truth_answer ? [FACTS.answer + question.ground_truth_answer] : []),
    ...(question.ground_truth_solution ? [FACTS.solution + question.ground_truth_solution] : []),
  ];
  const purpose: Purpose | undefined = row.is_initial_screening_question
    ? 'qualification'
    : row.is_quality_control_question
      ? 'gold'
      : undefined;
  const items = new Map<string, Item>();
  const judgments: Judgment[] = [];
  const put = (prompt: string, text: string, given: { answer: Answer; activeMs: number | null }) => {
    const id = contentId('solution', [prompt, text, facts]);
    if (items.has(id)) {
      context.note('a candidate step that occurs twice is kept once');
      return;
    }
    items.set(id, {
      id,
      projectId,
      prompt,
      replies: [{ id: `${id}/0`, text }],
      source: { origin: 'PRM800K', selection: 'not released' },
      ...(facts.length > 0 && { facts }),
    });
    const reason = label.finish_reason === 'bad_problem' || label.finish_reason === 'give_up';
    judgments.push({
      id: `${id}/${raterId}/${row.timestamp}`,
      projectId,
      itemId: id,
      raterId,
      presentation: { order: [0], ...unreleased, ...(purpose !== undefined && { purpose }) },
      ...given,
      submittedAt: row.timestamp,
      source: 'import:prm800k',
      ...(reason && { reason: label.finish_reason! }),
    });
  };
  const steps = label.steps.map(candidates);
  const followed = steps.map((step) => step.followed);
  const solution = joinSteps(
    followed.map((step) => step.text),
    followed.map((step) => step.label),
  );
  // What was generated but not judged, since labelling stopped, is part of the solution that was shown.
  const generated = question.pre_generated_steps ?? [];
  const whole = followed.every((step, i) => generated[i] === step.text) ? generated.slice(followed.length) : [];
  const text = [solution.text, ...whole].join('\n');
  const labels = [...solution.labels, ...whole.flatMap((step) => stepsOf(step).map(() => null))];
  const wrong = labels.indexOf(-1);
  const stops = label.finish_reason === 'found_error' && wrong >= 0 && labels.slice(wrong + 1).every((l) => l === null);
  if (labels.some((l) => l !== null)) {
    const answer: Answer = { kind: 'steps', reply: 0, mode: stops ? 'first-error' : 'per-step', labels };
    put(question.problem, text, { answer, activeMs: label.total_time ?? null });
  }
  for (const [k, { beside }] of steps.entries()) {
    const before = followed.slice(0, k).map((step) => step.text);
    for (const step of beside) {
      if (step.label === null) {
        context.note('a candidate step without a rating is not kept');
        continue;
      }
      const alone = joinSteps([step.text], [step.label]);
      const prompt = before.length === 0 ? question.problem : `${question.problem}\n\n${before.join('\n')}`;
      const answer: Answer = { kind: 'steps', reply: 0, mode: 'per-step', labels: alone.labels };
      put(prompt, alone.text, { answer, activeMs: null });
    }
  }
  return { items: [...items.values()], judgments };
}

function writeSolution({ item, judgments }: ItemGroup): Written {
  const omitted: string[] = [];
  const altered: string[] = [];
  const rows: object[] = [];
  const fact = (prefix: string) => item.facts?.find((text) => text.startsWith(prefix))?.slice(prefix.length) ?? null;
  for (const judgment of judgments) {
    const { answer } = judgment;
    const purpose = purposeOf(judgment);
    if (answer.kind !== 'steps' || !['work', 'gold', 'qualification'].includes(purpose)) {
      omitted.push(answer.kind === 'steps' ? `purpose-${purpose}` : `kind-${answer.kind}`);
      continue;
    }
    const { steps, rest } = splitSteps(item.replies[answer.reply]!.text, answer.labels);
    if (steps.length === 0) {
      omitted.push('no step is judged');
      continue;
    }
    const stopped = answer.mode === 'first-error' && steps.at(-1)!.label === -1;
    if (answer.mode === 'first-error' && !stopped) altered.push('that judging stops at the first error is left off');
    if (item.facts?.some((text) => !Object.values(FACTS).some((p) => text.startsWith(p))))
      altered.push('facts that are no ground truth are left off');
    const finish = stopped ? 'found_error' : 'solution';
    rows.push({
      labeler: judgment.raterId,
      timestamp: judgment.submittedAt,
      generation: null,
      is_quality_control_question: purpose === 'gold',
      is_initial_screening_question: purpose === 'qualification',
      question: {
        problem: item.prompt,
        ground_truth_solution: fact(FACTS.solution),
        ground_truth_answer: fact(FACTS.answer),
        pre_generated_steps: [...steps.map((step) => step.text), ...(rest === '' ? [] : [rest])],
      },
      label: {
        steps: steps.map((step, i) => ({
          completions: [{ text: step.text, rating: step.label, flagged: null }],
          human_completion: null,
          chosen_completion: stopped && i === steps.length - 1 ? null : 0,
        })),
        total_time: judgment.activeMs,
        finish_reason: judgment.reason !== undefined && FINISH.includes(judgment.reason) ? judgment.reason : finish,
      },
    });
  }
  return { rows, omitted, altered };
}

const WHY = 'a row holds a solution, its step ratings, labeler, time and purpose, nothing else';

export const prm800k: Layout = {
  id: 'prm800k',
  aliases: [],
  title: 'PRM800K',
  description:
    'JSON Lines of question (problem, pre_generated_steps), label.steps (rated completions), labeler, timestamp and total_time (Lightman et al. 2023). The followed solution is one item; candidate steps beside it are items of their own. Screening and quality-control rows keep that purpose; generation, flags and verifier scores are left behind.',
  source: 'file',
  kinds: kindsOf({ steps: 'held' }, 'a row holds ratings of steps, nothing else'),
  aspects: holding(['rater', 'order', 'time', 'when'], WHY),
  detect: (row) => hasKeys(row, 'question', 'label') && hasKeys(row.label, 'steps'),
  reads: { schema: prmSchema },
  read({ value }, context) {
    const row = parseRow(prmSchema, value);
    const { items, judgments } = readSolution(row, context);
    if (judgments.length === 0)
      throw new RowError('label.steps', `no step is rated (finish_reason ${row.label.finish_reason ?? NOT_RELEASED})`);
    return { items, judgments, shared: true };
  },
  write: {
    container: 'jsonl',
    columns: { not: 'questions and labels are nested, which are not flat columns' },
    weights: { not: 'rankings have no steps' },
    rows: writeSolution,
  },
};
