import type { Detector, DetectorId } from '../detector.ts';
import { answerPattern } from './answer-pattern.ts';
import { collusion } from './collusion.ts';
import { contrarian } from './contrarian.ts';
import { copiedText } from './copied-text.ts';
import { duplicateAccounts } from './duplicate-accounts.ts';
import { fatigue } from './fatigue.ts';
import { goldFailures } from './gold-failures.ts';
import { implausibleSpeed } from './implausible-speed.ts';
import { lengthPreference } from './length-preference.ts';
import { positionPreference } from './position-preference.ts';
import { randomAnswers } from './random-answers.ts';

/** Every detector by its id; one without a detector is a type error. */
export const DETECTORS: { readonly [K in DetectorId]: Detector & { readonly id: DetectorId } } = {
  'position-preference': positionPreference,
  'length-preference': lengthPreference,
  fatigue,
  'implausible-speed': implausibleSpeed,
  'random-answers': randomAnswers,
  contrarian,
  'duplicate-accounts': duplicateAccounts,
  collusion,
  'answer-pattern': answerPattern,
  'copied-text': copiedText,
  'gold-failures': goldFailures,
};
