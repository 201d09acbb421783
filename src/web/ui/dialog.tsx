import { Dialog as RadixDialog } from 'radix-ui';
import { type ReactNode, useRef } from 'react';

/** A modal dialog: focus stays inside, Escape closes, focus returns to where it was. */
export function Dialog({
  title,
  open,
  onClose,
  focusFirst,
  children,
}: {
  readonly title: string;
  readonly open: boolean;
  readonly onClose: () => void;
  /** Selector of what gets the focus; the first control otherwise, which is the one that closes. */
  readonly focusFirst?: string;
  readonly children: ReactNode;
}): ReactNode {
  // Radix returns the focus to a trigger only, and these dialogs have none.
  const before = useRef<Element | null>(null);
  const opened = (event: Event) => {
    before.current = document.activeElement;
    const first =
      focusFirst === undefined ? null : (event.currentTarget as Element).querySelector<HTMLElement>(focusFirst);
    if (first === null) return;
    event.preventDefault();
    first.focus();
  };
  const closed = (event: Event) => {
    event.preventDefault();
    if (before.current instanceof HTMLElement && before.current.isConnected) before.current.focus();
  };
  return (
    <RadixDialog.Root open={open} onOpenChange={(now) => (now ? undefined : onClose())}>
      <RadixDialog.Portal>
        {/* Not Radix's: it stops the page from scrolling with an inline style, which our policy forbids; theme.css does. */}
        <div className="overlay" />
        <RadixDialog.Content
          className="dialog"
          aria-describedby={undefined}
          onOpenAutoFocus={opened}
          onCloseAutoFocus={closed}
        >
          <div className="row spread">
            <RadixDialog.Title asChild>
              <h2 style={{ margin: 0 }}>{title}</h2>
            </RadixDialog.Title>
            <RadixDialog.Close asChild>
              <button type="button">Close</button>
            </RadixDialog.Close>
          </div>
          {children}
        </RadixDialog.Content>
      </RadixDialog.Portal>
    </RadixDialog.Root>
  );
}
