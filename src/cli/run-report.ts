import { z } from 'zod';
import { type ReportDocument, sidesOf } from '../report/index.ts';

const rateSchema = z.object({
  hits: z.number(),
  n: z.number(),
  interval: z.object({ low: z.number(), high: z.number(), level: z.number() }),
});
/** Detection rates as a run folder holds them, by probe. */
export const ratesSchema = z.record(z.string(), z.object({ planted: rateSchema, clean: rateSchema }));

/** Replies before and after, a row for each optimised policy. */
export const samplesOf = (document: ReportDocument) =>
  sidesOf(document, 'samples').flatMap(({ title, note, sides: [before, ...after] }) =>
    after.map(({ name, text }) => ({
      prompt: title,
      before: before!.text,
      after: text,
      note: after.length === 1 ? note : `${name}; ${note}`,
    })),
  );
