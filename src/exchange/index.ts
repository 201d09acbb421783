export * from './card.ts';
export { dialoguePairSchema, fromDialoguePair, NO_SHARED_START, splitDialogues } from './layouts/hh-rlhf.ts';
export * from './layouts/layout.ts';
export { PROJECT_PARTS, type ProjectPart } from './layouts/project-folder.ts';
export * from './layouts/pseudonym.ts';
export { type ArgumentPair, argumentPairSchema, argumentSchema, fromArgumentPair } from './layouts/published.ts';
export * from './layouts/registry.ts';
export { checkShape, checkTexts, MAX_DEPTH } from './layouts/values.ts';
