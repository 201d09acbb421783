import { existsSync } from 'node:fs';
import { EVIDENCE_SCHEMAS, type Evidence, type EvidenceKind } from '../audit/index.ts';
import { itemSchema, judgmentSchema } from '../feedback/index.ts';
import { readJsonLines, readJsonOf } from '../run/node.ts';

/** Evidence kinds kept as one JSON file each under `evidence/`; judgments live in `feedback/` as JSON Lines. */
export const EVIDENCE_FILES: { readonly [K in Exclude<EvidenceKind, 'judgments'>]: string } = {
  'belief-replies': 'evidence/belief-replies.json',
  'counterfactual-edits': 'evidence/counterfactual-edits.json',
  'scored-replies': 'evidence/scored-replies.json',
  'optimisation-path': 'evidence/optimisation-path.json',
  'reply-samples': 'evidence/reply-samples.json',
};
export const JUDGMENT_FILES = { items: 'feedback/items.jsonl', judgments: 'feedback/judgments.jsonl' } as const;

/** All evidence that a run folder holds. */
export async function loadEvidence(folder: string): Promise<Evidence> {
  const evidence: Record<string, unknown> = {};
  for (const kind of Object.keys(EVIDENCE_FILES) as (keyof typeof EVIDENCE_FILES)[]) {
    const path = `${folder}/${EVIDENCE_FILES[kind]}`;
    if (existsSync(path)) evidence[kind] = readJsonOf<unknown>(path, EVIDENCE_SCHEMAS[kind]);
  }
  if (existsSync(`${folder}/${JUDGMENT_FILES.judgments}`)) {
    const items = [];
    for await (const item of readJsonLines(`${folder}/${JUDGMENT_FILES.items}`, itemSchema)) items.push(item);
    const judgments = [];
    for await (const j of readJsonLines(`${folder}/${JUDGMENT_FILES.judgments}`, judgmentSchema)) judgments.push(j);
    evidence.judgments = { items, judgments };
  }
  return evidence as Evidence;
}
