import { useEffect } from 'react';

/** Names the page in the browser's title bar while it is open. */
export function useTitle(title: string): void {
  useEffect(() => {
    const before = document.title;
    document.title = `${title} · Goodhart Studio`;
    return () => {
      document.title = before;
    };
  }, [title]);
}
