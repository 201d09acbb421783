/** Sends a request that somebody named; redirects are not followed. Whoever sends may fence where it leads. */
export type Send = (
  url: string,
  init: {
    readonly method: 'POST';
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
    readonly signal: AbortSignal;
  },
) => Promise<Response>;

/** To any address: for a terminal, and for a Studio that only this machine reaches. */
export const sendAnywhere: Send = (url, init) => fetch(url, { ...init, redirect: 'error' });
