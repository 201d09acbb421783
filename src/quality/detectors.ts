import type { Detector, DetectorId } from './detector.ts';
import { answerPattern } from './detectors/answer-pattern.ts';
import { collusion } from './detectors/collusion.ts';
import { contrarian } from './detectors/contrarian.ts';
import { copiedText } from './detectors/copied-text.ts';
import { duplicateAccounts } from './detectors/duplicate-accounts.ts';
import { fatigue } from './detectors/fatigue.ts';
import { goldFailures } from './detectors/gold-failures.ts';
import { implausibleSpeed } from './detectors/implausible-speed.ts';
import { lengthPreference } from './detectors/length-preference.ts';
import { positionPreference } from './detectors/position-preference.ts';
import { randomAnswers } from './detectors/random-answers.ts';

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
