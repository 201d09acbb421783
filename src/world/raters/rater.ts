import { type Answer, type Question, questionSchema, type Rater } from '../../feedback/index.ts';
import type { Ground } from '../ground.ts';
import { SIMULATED_ANSWERS } from './answers/index.ts';
import { type Impression, impressionOf } from './impression.ts';
import type { RaterParams } from './params.ts';

/** What raters are asked unless something else is said. */
const WHICH_IS_BETTER = questionSchema.parse({ id: 'better', title: 'Which reply is better?', kind: 'comparison' });

export interface SimulatedRaterOptions {
  readonly id: string;
  readonly params: RaterParams;
  /** What is asked about every item: which reply is better, when left out. */
  readonly question?: Question;
}

/**
 * A simulated person of a ground. It judges the shown text under the presentation's view only, never an item's gold. Throws a
 * `RangeError` when asked about a prompt of other data.
 */
export function simulatedRater(ground: Ground, options: SimulatedRaterOptions): Rater {
  const { id, params, question = WHICH_IS_BETTER } = options;
  const answer = SIMULATED_ANSWERS[question.kind] as (impression: Impression, asked: Question) => Answer;
  let judged = 0;
  return {
    id,
    kind: 'simulated',
    ...(params.group !== null && { group: params.group }),
    ...(params.view !== null && { view: params.view }),
    judge(item, presentation, uniform) {
      const prompt = ground.promptOf(item.prompt);
      if (prompt === undefined) throw new RangeError(`${item.id}: its prompt is none of ${ground.id}`);
      const tired = Math.min(0.5, params.fatigue * judged++);
      const [draw, flip, pace, guess] = [uniform(), uniform(), uniform(), uniform()];
      const careless = draw < Math.max(params.careless, tired);
      const replies = item.replies.map(({ text }) => text);
      // Who always checks draws nothing, so that the same seed gives the same answers as before there were others.
      const trusts = params.checks < 1 && uniform() >= params.checks && presentation.view === 'full';
      const shown = trusts ? { ...presentation, view: 'partial' } : presentation;
      const seen = impressionOf({ ground, prompt, params, replies, careless, flip, guess, uniform }, shown);
      const activeMs = Math.round(careless ? 1500 + 1500 * pace : 8000 + 12_000 * pace);
      return { answer: answer(seen, question), activeMs };
    },
  };
}
