import { type ReactNode, useId } from 'react';
import { HARDEST, RATERS, SIGHT_IDS, type Sight } from '../../../lab/index.ts';
import { figure } from '../../ui/figures.ts';
import { type ExploreState, LIMITS, withRaters, withSight } from './state.ts';

const SIGHT_NAMES: { readonly [S in Sight]: string } = {
  truth: 'whether a reply is true',
  agreement: 'agreement with the user',
  length: 'length',
  confidence: 'confidence',
  evidence: 'evidence',
  flattery: 'flattery',
  insult: 'insults',
};

/** A slider with its value beside it. Positions are whole; `of` and `to` say what a position means. */
function Knob({
  label,
  hint,
  text,
  range,
  position,
  onMove,
}: {
  readonly label: string;
  readonly hint: string;
  /** The value in words. */
  readonly text: string;
  readonly range: readonly [least: number, most: number];
  readonly position: number;
  readonly onMove: (position: number) => void;
}): ReactNode {
  const id = useId();
  return (
    <div className="knob">
      <div className="row spread">
        <label htmlFor={id}>{label}</label>
        <output htmlFor={id}>{text}</output>
      </div>
      <input
        id={id}
        type="range"
        min={range[0]}
        max={range[1]}
        step={1}
        value={position}
        aria-valuetext={text}
        aria-describedby={`${id}-hint`}
        onChange={(event) => onMove(Number(event.target.value))}
      />
      <span className="hint" id={`${id}-hint`}>
        {hint}
      </span>
    </div>
  );
}

/** Pairs are felt by their order of size: eight positions a factor of ten. */
const PER_TEN = 8;
const pairsAt = (position: number): number =>
  Math.min(LIMITS.pairs.most, Math.round(LIMITS.pairs.least * 10 ** (position / PER_TEN)));
const positionOfPairs = (pairs: number): number => Math.round(PER_TEN * Math.log10(pairs / LIMITS.pairs.least));
const MOST_PAIRS = Math.ceil(PER_TEN * Math.log10(LIMITS.pairs.most / LIMITS.pairs.least));

/** A tenth of a nat a position. */
const PER_NAT = 10;

/** Every knob of the harbour. */
export function Knobs({
  state,
  onChange,
}: {
  readonly state: ExploreState;
  readonly onChange: (state: ExploreState) => void;
}): ReactNode {
  const { sycophantic, lengthBiased, pairs, blind, by, kl, n, seed } = state;
  return (
    <form className="knobs" aria-label="Knobs" onSubmit={(event) => event.preventDefault()}>
      <fieldset>
        <legend>How hard it is optimised</legend>
        <div className="row">
          <label>
            <input type="radio" name="by" checked={by === 'kl'} onChange={() => onChange({ ...state, by: 'kl' })} />{' '}
            reinforcement learning
          </label>
          <label>
            <input type="radio" name="by" checked={by === 'n'} onChange={() => onChange({ ...state, by: 'n' })} /> best
            of n
          </label>
        </div>
        {by === 'kl' ? (
          <Knob
            label="Distance from the base model"
            hint="KL divergence in nats a reply: how far the policy may move for the reward."
            text={`${figure(kl)} nats`}
            range={[0, PER_NAT * HARDEST.kl]}
            position={Math.round(PER_NAT * kl)}
            onMove={(position) => onChange({ ...state, kl: position / PER_NAT })}
          />
        ) : (
          <Knob
            label="Replies to choose from"
            hint="The policy draws n replies and says the one that scores best."
            text={`best of ${figure(n)}`}
            range={[0, Math.log2(HARDEST.n)]}
            position={Math.log2(n)}
            onMove={(position) => onChange({ ...state, n: 2 ** position })}
          />
        )}
      </fieldset>
      <fieldset>
        <legend>Who judges: {RATERS} raters</legend>
        <Knob
          label="Like to be agreed with"
          hint="To these raters agreement with the user is worth more than the truth."
          text={`${sycophantic} of ${RATERS}`}
          range={[0, RATERS]}
          position={sycophantic}
          onMove={(value) => onChange(withRaters(state, { sycophantic: value }))}
        />
        <Knob
          label="Like long replies"
          hint="These raters prefer the longer reply. The rest are honest and make mistakes."
          text={`${lengthBiased} of ${RATERS}`}
          range={[0, RATERS]}
          position={lengthBiased}
          onMove={(value) => onChange(withRaters(state, { lengthBiased: value }))}
        />
        <Knob
          label="Comparisons"
          hint="Pairs of replies, each judged by two raters: what the reward is fitted to."
          text={`${figure(pairs)} pairs`}
          range={[0, MOST_PAIRS]}
          position={positionOfPairs(pairs)}
          onMove={(position) => onChange({ ...state, pairs: pairsAt(position) })}
        />
      </fieldset>
      <fieldset>
        <legend>Blind spot: what the reward cannot see</legend>
        <div className="sights">
          {SIGHT_IDS.map((sight) => (
            <label key={sight}>
              <input
                type="checkbox"
                checked={blind.includes(sight)}
                onChange={(event) => onChange(withSight(state, sight, event.target.checked))}
              />{' '}
              {SIGHT_NAMES[sight]}
            </label>
          ))}
        </div>
      </fieldset>
      <p className="small">
        <button
          type="button"
          onClick={() => onChange({ ...state, seed: seed >= LIMITS.seed.most ? LIMITS.seed.least : seed + 1 })}
        >
          Ask other pairs
        </button>{' '}
        <span className="soft">Draw {seed}: the same knobs, another chance.</span>
      </p>
    </form>
  );
}
