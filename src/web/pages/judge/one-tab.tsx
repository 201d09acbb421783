import { type ReactNode, useEffect, useState } from 'react';

/** A page that was just left gives its place up a moment later than the next one asks for it. */
const TRIES = 4;
const PAUSE_MS = 120;

type Place = 'asking' | 'here' | 'elsewhere';

/** Whether this tab is the one in which somebody judges a project; `take` makes it that one. */
function useOnlyTab(name: string): { readonly place: Place; readonly take: () => void } {
  const [place, setPlace] = useState<Place>('asking');
  const [taken, setTaken] = useState(0);
  useEffect(() => {
    // Without https beyond this machine a browser has no locks: then nobody is kept from anything.
    if (navigator.locks === undefined) {
      setPlace('here');
      return;
    }
    let leave: () => void = () => {};
    let left = false;
    const ask = async (tries: number): Promise<void> => {
      const got = await navigator.locks.request(
        name,
        taken > 0 && tries === TRIES ? { steal: true } : { ifAvailable: true },
        async (lock) => {
          if (lock === null || left) return false;
          setPlace('here');
          await new Promise<void>((resolve) => {
            leave = resolve;
          });
          return true;
        },
      );
      if (got || left) return;
      if (tries > 1) {
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
        return ask(tries - 1);
      }
      setPlace('elsewhere');
    };
    // Another tab took the place over.
    ask(TRIES).catch(() => {
      if (!left) setPlace('elsewhere');
    });
    return () => {
      left = true;
      leave();
    };
  }, [name, taken]);
  return { place, take: () => setTaken(taken + 1) };
}

/** One voice: a project is judged in one tab of a browser at a time. */
export function OneTab({
  project,
  owner,
  children,
}: {
  readonly project: { readonly id: string; readonly name: string };
  readonly owner: string;
  readonly children: ReactNode;
}): ReactNode {
  const { place, take } = useOnlyTab(`goodhart/judging/${owner}/${project.id}`);
  if (place === 'here') return children;
  if (place === 'asking') return null;
  return (
    <main className="narrow">
      <h1>{project.name}</h1>
      <div className="notice" role="status">
        <p>You are judging here in another tab or window. Your answers count once: go on there, or go on here.</p>
        <button type="button" className="primary" onClick={take}>
          Go on in this tab
        </button>
      </div>
    </main>
  );
}
