import { type MouseEvent, type ReactNode, useState } from 'react';
import { Fault } from './state.tsx';

/** What the server says of a refusal; undefined for anything else. */
async function refusalIn(answer: Response): Promise<string | undefined> {
  const said = (await answer.json().catch(() => undefined)) as { error?: { message?: unknown } } | undefined;
  const message = said?.error?.message;
  return typeof message === 'string' ? message : undefined;
}

/** The name that the server gives a file. */
const nameIn = (answer: Response, otherwise: string): string => {
  const given = /filename="([^"]+)"/.exec(answer.headers.get('content-disposition') ?? '')?.[1];
  return given === undefined ? otherwise : decodeURIComponent(given);
};

/** Fetches a file and hands it to the browser to be saved; an error in the server's own words where there is none. */
async function save(href: string, name: string): Promise<Response> {
  const answer = await fetch(href).catch(() => {
    throw new Error('the server cannot be reached; check the connection');
  });
  if (!answer.ok) {
    throw new Error((await refusalIn(answer)) ?? `the server answered ${answer.status}`);
  }
  const link = document.createElement('a');
  link.href = URL.createObjectURL(await answer.blob());
  link.download = nameIn(answer, name);
  link.click();
  // The browser has taken it over by the next turn.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  return answer;
}

/** A link to a file that is made when it is asked for; where it cannot be made, the page says why. */
export function Download({
  href,
  name,
  onSaved,
}: {
  readonly href: string;
  readonly name: string;
  /** Called with the answer whose file was saved. */
  readonly onSaved?: (answer: Response) => void;
}): ReactNode {
  const [state, setState] = useState<{ readonly href: string; readonly busy: boolean; readonly error?: unknown }>({
    href,
    busy: false,
  });
  const fetchIt = (event: MouseEvent) => {
    // With a key held the browser does what it does with links.
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    setState({ href, busy: true });
    save(href, name).then(
      (answer) => {
        setState({ href, busy: false });
        onSaved?.(answer);
      },
      (error: unknown) => setState({ href, busy: false, error }),
    );
  };
  const shown = state.href === href ? state : { busy: false };
  return (
    <>
      <a href={href} download onClick={fetchIt}>
        {name}
      </a>
      <span role="status" className="soft">
        {shown.busy && ' is being made…'}
      </span>
      {'error' in shown && shown.error !== undefined && <Fault error={shown.error} />}
    </>
  );
}
