import { assess, type Lesson, sceneOf, type Taught, teach } from '../../../lab/index.ts';
import type { Answer, Asked } from './messages.ts';

/** Computes beside the page, the newest question only: what was asked before it is dropped at the next breath. */
let newest: Asked | null = null;
let working = false;
let lesson: { readonly of: string; readonly made: Lesson } | null = null;

const answer = (said: Answer): void => postMessage(said);
/** Lets questions in that came meanwhile. */
const breath = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

/** The reward of some raters; turning the last knob alone needs no new one. */
async function taughtBy(taught: Taught): Promise<Lesson> {
  const of = JSON.stringify(taught);
  if (lesson?.of !== of) lesson = { of, made: await teach(taught) };
  return lesson.made;
}

async function compute({ id, taught, strength }: Asked): Promise<void> {
  const stale = () => newest?.id !== id;
  const made = await taughtBy(taught);
  await breath();
  if (stale()) return;
  answer({ id, scene: sceneOf(made, strength) });
  await breath();
  if (stale()) return;
  answer({ id, verdicts: await assess(made, strength) });
}

async function work(): Promise<void> {
  if (working) return;
  working = true;
  for (let done = -1; newest !== null && newest.id !== done; ) {
    const asked: Asked = newest;
    done = asked.id;
    try {
      await compute(asked);
    } catch (error) {
      answer({ id: asked.id, fault: error instanceof Error ? error.message : String(error) });
    }
  }
  working = false;
}

addEventListener('message', ({ data }: MessageEvent<Asked>) => {
  newest = data;
  void work();
});
