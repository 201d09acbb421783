import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { type ReactNode, useEffect, useState } from 'react';
import { CopyButton } from '../../ui/controls.tsx';
import { useTitle } from '../../ui/title.ts';
import { Knobs } from './knobs.tsx';
import { Changes, Curves, Exchanges, Probes } from './results.tsx';
import { type ExploreState, PRESETS, sameState, searchOf, stateOf } from './state.ts';
import { type Explored, useExplorer } from './use-explorer.ts';

/** How long a knob rests before the address follows it: browsers refuse an address that changes at every breath. */
const REST_MS = 250;

/** The state in the address, at hand without waiting for the address; who follows a link or goes back gets what it says. */
function useAddressed(): [ExploreState, (state: ExploreState) => void] {
  const search = useSearch({ from: '/explore' });
  const navigate = useNavigate();
  const [state, setState] = useState(() => stateOf(search));
  const [told, setTold] = useState(search);
  if (told !== search) {
    setTold(search);
    const asked = stateOf(search);
    if (!sameState(asked, state)) setState(asked);
  }
  useEffect(() => {
    if (sameState(stateOf(search), state)) return;
    const timer = setTimeout(
      () => void navigate({ to: '/explore', search: searchOf(state), replace: true, resetScroll: false }),
      REST_MS,
    );
    return () => clearTimeout(timer);
  }, [state, search, navigate]);
  return [state, setState];
}

const Presets = ({ state }: { readonly state: ExploreState }): ReactNode => (
  <nav className="presets" aria-label="Stories">
    {PRESETS.map(({ title, story, state: own }) => (
      <Link
        key={title}
        to="/explore"
        search={searchOf(own)}
        resetScroll={false}
        className="preset"
        activeProps={{}}
        {...(sameState(own, state) ? { 'aria-current': 'true' as const } : { 'aria-current': undefined })}
      >
        <strong>{title}</strong>
        <span className="small">{story}</span>
      </Link>
    ))}
  </nav>
);

function Results({ explored: { scene, verdicts, fault } }: { readonly explored: Explored }): ReactNode {
  if (fault !== null)
    return (
      <div className="notice fault" role="alert">
        <p>It could not be computed: {fault}</p>
      </div>
    );
  if (scene === null) return null;
  return (
    <>
      <h2>Score and truth</h2>
      <Curves scene={scene} />
      <h2>What people would notice</h2>
      <Changes changes={scene.changes} />
      <h2>Likeliest answers</h2>
      <Exchanges scene={scene} />
      <h2>What an audit says</h2>
      <Probes verdicts={verdicts} />
    </>
  );
}

/** Over-optimisation to turn the knobs of: computed in the browser, with a link for every state. */
export function Explore(): ReactNode {
  useTitle('Explore over-optimisation');
  const [state, setState] = useAddressed();
  const explored = useExplorer(state);
  return (
    <main>
      <h1>Explore over-optimisation</h1>
      <p>
        In a small town eight people compare replies of a language model. A <strong>reward</strong> is fitted to what
        they prefer, and a policy is optimised for it. The <strong>proxy</strong> is what the reward says;{' '}
        <strong>gold</strong> is what the replies are truly worth, which in this town is known. When a measure becomes a
        target, the two part: choose a story, then turn the knobs.
      </p>
      <Presets state={state} />
      <p className="notice" role="status">
        {explored.scene?.sentence ?? 'Loading… the harbour is computed in this browser.'}
      </p>
      <div className="explore">
        <Knobs state={state} onChange={setState} />
        <div>
          <Results explored={explored} />
          <p className="small">
            <CopyButton text={window.location.origin + hrefOf(state)} label="Copy a link to this state" />
          </p>
        </div>
      </div>
      <p className="soft small">
        Policies are exact: π ∝ π₀·exp(r/β) over all replies to 54 prompts, or the exact best of n; only judgments, and
        the replies that probes read, are drawn. Replies are simulated and so are the raters.
      </p>
    </main>
  );
}

/** The address of a state, as the router writes it. */
function hrefOf(state: ExploreState): string {
  const entries = Object.entries(searchOf(state)).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, String(value)]],
  );
  return `/explore?${new URLSearchParams(entries)}`;
}
