/** What can be told of any English text by rule: how long it is, and how sure of itself it sounds. */

export const wordsIn = (text: string): number => text.split(/\s+/).filter((word) => word !== '').length;

const SURE =
  /\b(?:(?:i am|i'm|we are|quite|very|absolutely) (?:sure|certain|confident)|certainly|definitely|undoubtedly|without (?:a |any )?doubt|beyond doubt|obviously|unquestionably)\b/i;
const UNSURE =
  /\b(?:i think|i believe|i guess|maybe|perhaps|probably|possibly|not (?:quite |entirely |so )?(?:sure|certain)|unsure|uncertain|it seems|as far as i know)\b/i;

/** 1 for a text that claims to be sure, −1 for one that hedges, 0 for one that does neither or both. */
export const assuranceOf = (text: string): -1 | 0 | 1 => {
  const unsure = UNSURE.test(text);
  // "not certain" holds "certain": who hedges is not sure, whatever else is said.
  return unsure ? -1 : SURE.test(text) ? 1 : 0;
};
