import { z } from 'zod';
import { LAYOUT_IDS } from '../exchange/index.ts';
import { ANSWER_CHOICES } from '../feedback/index.ts';
import { GROUNDS, type GroundId } from '../world/index.ts';

/** What of judged data is kept out of fitting, for evaluation. No prompt stands on both sides. */
const holdoutSchema = z.union([
  /** A share of the prompts, drawn at random. */
  z.strictObject({ share: z.number().gt(0).lt(1) }),
  /** Every value of a stratum in turn: a reward fitted on the others is evaluated on it. */
  z.strictObject({ leaveOut: z.string().min(1) }),
]);

const judged = {
  holdout: holdoutSchema.default({ share: 0.25 }),
  /** What raters said of themselves by which the reward's evaluation is divided; only where they consented. */
  groups: z.string().min(1).default('group'),
  /** Which answers are used: `decided` unless said, the decision where an item was decided and every vote elsewhere. */
  answers: z.enum(ANSWER_CHOICES).exactOptional(),
};

const projectDataSchema = z
  .strictObject({
    layout: z.literal('project'),
    /** Id of a project of the store (`--store`, GOODHART_STORE or DATABASE_URL). */
    project: z.string().min(1).optional(),
    /** Or a saved project: the folder of `goodhart store save`, `goodhart import`, or written by hand. */
    folder: z.string().min(1).optional(),
    ...judged,
  })
  .refine(({ project, folder }) => (project === undefined) !== (folder === undefined), {
    message: 'expected either project (an id in a store) or folder (a saved project)',
  });

/** Where the data of a run come from: a proving ground, a project of the Studio, or a file of any layout. */
export const dataSchema = z.discriminatedUnion('layout', [
  z.strictObject({
    layout: z.literal('ground'),
    ground: z.enum(Object.keys(GROUNDS) as [GroundId, ...GroundId[]]),
  }),
  projectDataSchema,
  z.strictObject({
    layout: z.literal('import'),
    /** A layout of `goodhart import`. */
    format: z.enum(LAYOUT_IDS),
    /** File or folder. */
    path: z.string().min(1),
    /** Columns of a table: name → the name it has in the file. */
    columns: z.record(z.string(), z.string()).default({}),
    ...judged,
  }),
]);
