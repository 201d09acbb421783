export * from './exact.ts';
export * from './facts.ts';
export {
  createHarbour,
  type GoldPart,
  type GoldParts,
  type Group,
  goldParts,
  type Harbour,
  type HarbourReply,
  INCOHERENT,
} from './harbour.ts';
export * from './items.ts';
export * from './raters.ts';
export * from './replies.ts';
