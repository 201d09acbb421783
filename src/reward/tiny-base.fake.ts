import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEmbeddedEngine } from '../engine-embedded/index.ts';
import { createCodec, createTokenizer, trainBpe } from '../text/index.ts';
import { rewardBase } from './reward-base.ts';

/** A tiny untrained base model in a folder of its own, with a tokenizer of some texts; `dispose` takes all of it away. */
export async function tinyBase(
  texts: readonly string[],
  { vocabulary, width }: { readonly vocabulary: number; readonly width: number },
) {
  const folder = mkdtempSync(join(tmpdir(), 'goodhart-tiny-base-'));
  const tokenizer = createTokenizer(trainBpe(texts, vocabulary));
  const limits = { maxPrompt: 8, maxReply: 40 };
  const widths = { width, layers: 1, heads: 2, feedForward: 32 };
  const spec = { vocabulary: tokenizer.vocabularySize, ...widths, maxContext: 56, seed: 1 };
  const engine = createEmbeddedEngine();
  const start = await engine.createModel(spec);
  const saved = join(folder, 'base');
  await start.saveState(saved);
  await start.dispose();
  const codec = createCodec(tokenizer, limits);
  const base = rewardBase({ engine, spec: () => spec, folder: saved, codec });
  return {
    folder,
    engine,
    base,
    codec,
    text: { tokenizer: tokenizer.toJSON(), ...limits },
    async dispose() {
      await base.dispose();
      await engine.dispose();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
