import { ASPECT_NAMES, type AspectId } from './aspects.ts';
import type { Asking } from './details.ts';
import type { DisclosedRun } from './disclosed-run.ts';
import type { Form } from './form.ts';

/** A file that an export writes, below the place that it is given. */
export interface ExportedFile {
  readonly path: string;
  readonly content: string | Uint8Array;
}

/** What a format writes: one text, several files in a folder, or a filled form, which is rendered as its file asks. */
export type Written =
  | { readonly as: 'text'; readonly text: string }
  | { readonly as: 'folder'; readonly files: readonly ExportedFile[] }
  | { readonly as: 'form'; readonly form: Form };

/** What becomes of a part of what a run says: it has a field of its own, stands as text that no tool reads, or is lost; and why. */
export type Holding = 'field' | { readonly asText: string } | { readonly lost: string };

/**
 * A form in which others read a disclosure. It is a projection: what it cannot hold is listed, and nothing is made up for a field
 * that it requires.
 */
export interface ExportFormat {
  readonly title: string;
  /** Version of the specification that is written. */
  readonly version: string;
  /** What checks such a file. */
  readonly validator: string;
  readonly as: Written['as'];
  readonly holds: Readonly<Record<AspectId, Holding>>;
  readonly write: (run: DisclosedRun, asking: Asking) => Written;
}

/** What becomes of each part: of most the one thing, of some another. */
export const holding = (
  most: Holding,
  but: Readonly<Partial<Record<AspectId, Holding>>>,
): Readonly<Record<AspectId, Holding>> => ({
  ...(Object.fromEntries(ASPECT_NAMES.map((id) => [id, most])) as Record<AspectId, Holding>),
  ...but,
});
