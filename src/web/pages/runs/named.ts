/** Raters and items that the details of a finding name, whatever else stands in them. */
export interface Named {
  readonly raters: readonly string[];
  readonly items: readonly string[];
}

const RATER = new Set(['rater', 'raterId']);
const ITEM = new Set(['item', 'itemId']);
/** Beyond so many links a list is no help. */
const MOST = 20;

export function namedIn(details: unknown): Named {
  const [raters, items] = [new Set<string>(), new Set<string>()];
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, inner] of Object.entries(value)) {
      if (typeof inner === 'string' && RATER.has(key)) raters.add(inner);
      else if (typeof inner === 'string' && ITEM.has(key)) items.add(inner);
      else visit(inner);
    }
  };
  visit(details);
  return { raters: [...raters].slice(0, MOST), items: [...items].slice(0, MOST) };
}
