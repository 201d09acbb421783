export * from './chains.ts';
export { chainsSection, entryText } from './document.ts';
