import { anyOf } from './literals.ts';
import { isWhiteSpace, type Normalizer } from './normalizers.ts';
import { lastCharacter } from './python-texts.ts';

/** Added tokens of `tokenizer.json`, cut out of a text before it is encoded, as the `tokenizers` library does it. */

export interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly special: boolean;
  /** Only as a whole word. */
  readonly single_word?: boolean;
  /** Takes the white space before it. */
  readonly lstrip?: boolean;
  readonly rstrip?: boolean;
  /** Looked for in the normalized text. */
  readonly normalized?: boolean;
}

/** A piece of a text: an added token, or text to encode and the place at which it begins. */
export type Section = { readonly token: AddedToken } | { readonly text: string; readonly at: number };

const WORD = /^[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]$/u;

type Finder = (text: string) => Section[];

/** Finds tokens by their spelling: of those that begin at one place the longest. */
function finderOf(tokens: ReadonlyMap<string, AddedToken>): Finder {
  if (tokens.size === 0) return (text) => (text === '' ? [] : [{ text, at: 0 }]);
  const pattern = new RegExp(anyOf(tokens.keys()), 'gu');
  return (text) => {
    const sections: Section[] = [];
    let done = 0;
    for (const found of text.matchAll(pattern)) {
      const token = tokens.get(found[0])!;
      let [start, stop] = [found.index, found.index + found[0].length];
      const before = start === 0 ? '' : lastCharacter(text, start);
      const after = stop === text.length ? '' : String.fromCodePoint(text.codePointAt(stop)!);
      if (token.single_word === true && (WORD.test(before) || WORD.test(after))) continue;
      while (token.lstrip === true && start > done && isWhiteSpace(text[start - 1]!)) start -= 1;
      while (token.rstrip === true && stop < text.length && isWhiteSpace(text[stop]!)) stop += 1;
      if (start > done) sections.push({ text: text.slice(done, start), at: done });
      sections.push({ token });
      done = stop;
    }
    if (done < text.length) sections.push({ text: text.slice(done), at: done });
    return sections;
  };
}

/** Cuts a text at added tokens, those of the raw text first, and normalizes what lies between them. */
export function addedTokenSplitter(tokens: readonly AddedToken[], normalize: Normalizer) {
  const named = (kept: readonly AddedToken[], spelling: (token: AddedToken) => string) =>
    finderOf(new Map(kept.map((token) => [spelling(token), token])));
  const normalized = tokens.filter((token) => token.normalized ?? !token.special);
  const raw = named(
    tokens.filter((token) => !normalized.includes(token)),
    ({ content }) => content,
  );
  const later = named(normalized, ({ content }) => normalize(content));
  /** `normalizing` stands in for the normalizer where a piece does not begin anew. */
  return (text: string, normalizing: (piece: string, at: number) => string): Section[] =>
    raw(text).flatMap((section) => {
      if ('token' in section) return [section];
      return later(normalizing(section.text, section.at)).map((inner) =>
        'token' in inner ? inner : { text: inner.text, at: section.at + inner.at },
      );
    });
}
