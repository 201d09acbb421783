import type { ReactNode } from 'react';

/** What is wider than the page scrolls sideways in itself, by keyboard too, and its edge says that there is more. A group, not a landmark: there are many. */
export function Scroll({ name, children }: { readonly name: string; readonly children: ReactNode }): ReactNode {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for controls, and a section for landmarks
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <div className="scroll" role="group" aria-label={name} tabIndex={0}>
      {children}
    </div>
  );
}
