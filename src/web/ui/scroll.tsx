import type { ReactNode } from 'react';

/** A region that scrolls sideways where its table is wider than the page, by keyboard too. */
export function Scroll({ name, children }: { readonly name: string; readonly children: ReactNode }): ReactNode {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className="scroll" aria-label={name} tabIndex={0}>
      {children}
    </section>
  );
}
