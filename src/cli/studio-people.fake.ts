import type { Person, TestStudio } from '../server/studio.fake.ts';
import { createRng } from '../stats/index.ts';
import { GROUNDS } from '../world/index.ts';

/** People of a Studio who judge a project over its HTTP interface, each by the true utility but for some slips. */
export interface Played {
  /** One more turn: everyone answers what they can be given now, up to `most` each; how many answers that were. */
  turn(most?: number): Promise<number>;
}

/** `slips`: share of answers that are drawn. */
export async function playPeople(
  studio: TestStudio,
  options: { readonly project: string; readonly people: number; readonly slips: number; readonly seed: number },
): Promise<Played> {
  const { project, slips, seed } = options;
  const ground = GROUNDS.harbour();
  const prompts = new Map(ground.prompts('train').map((prompt) => [prompt.text, prompt]));
  const rng = createRng(`people/${seed}`);
  const people: Person[] = [];
  for (let i = 0; i < options.people; i++) people.push(await studio.person('rater', [project]));
  const params = { project };
  let answers = 0;

  const answerOne = async (person: Person): Promise<boolean> => {
    const { tasks } = await person.call('POST /api/judge/{project}/next', { params, body: { count: 1, holding: [] } });
    const task = tasks[0];
    if (task === undefined) return false;
    const [first, second] = task.replies.map((reply) => ground.gold(prompts.get(task.prompt)!, reply)) as [
      number,
      number,
    ];
    const right = first === second ? 'tie' : first > second ? 0 : 1;
    const outcome = rng.uniform() < slips ? rng.integer(2) : right;
    answers += 1;
    await person.call('POST /api/judge/{project}/submit', {
      params,
      body: {
        taskId: task.taskId,
        answers: [{ questionId: 'better', answer: { kind: 'comparison', outcome } }],
        activeMs: 9000,
        idempotencyKey: `played-${answers}`,
      },
    });
    return true;
  };

  for (const person of people) {
    const { consent } = await person.call('GET /api/judge/{project}', { params });
    await person.call('POST /api/judge/{project}/consent', {
      params,
      body: { version: consent!.version, demographics: {} },
    });
  }
  return {
    async turn(most = Number.POSITIVE_INFINITY) {
      let given = 0;
      for (const person of people) for (let n = 0; n < most && (await answerOne(person)); n++) given += 1;
      return given;
    },
  };
}
