/** Models in files and from the hub, behind one door. */

export * from './hub.ts';
export * from './pretrained.ts';
export { readPretrainedTokenizer } from './pretrained-text.ts';
