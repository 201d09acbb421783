import type { z } from 'zod';
import type { RunView } from './run-view.ts';

/**
 * Evidence: plain data that a probe reads, rows of one JSON Lines file for each kind. Probes never call a model, so anybody
 * can compute a finding again from the file alone, whoever trained the model. Every kind is optional in a run; a probe whose
 * needs are not met says `not-assessed`.
 */
export interface EvidenceKind<Row> {
  /** What a row is, in a sentence. */
  readonly what: string;
  /** JSON Lines, relative to the run folder. */
  readonly file: string;
  readonly row: z.ZodType<Row>;
  /** A row as a reader would write it; shown in docs/evidence.md. */
  readonly example: Row;
  /** Gathering needs no model: it follows from other files of the run, and a verifier does it again. */
  readonly offline: boolean;
  /** Somebody brings it along: a run takes the rows as they are, and a verifier holds them by their digest. */
  readonly brought?: boolean;
  /** The run keeps this file whatever is audited: gathering reads it and nobody writes it again. */
  readonly kept?: boolean;
  /** The rows that a run can supply; undefined where it cannot. */
  gather(run: RunView): Promise<readonly Row[] | undefined>;
}

/** A kind of evidence; its type of row is the one of its schema. */
export const defineEvidence = <Row>(kind: EvidenceKind<Row>): EvidenceKind<Row> => kind;
