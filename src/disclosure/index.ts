export * from './build.ts';
export { disclosedSection, disclosureSection } from './document.ts';
export * from './items.ts';
export * from './seal.ts';
