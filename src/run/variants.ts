import { z } from 'zod';

type Shapes = Readonly<Record<string, z.ZodObject>>;

/** A configuration of one of several variants, told apart by `key`, with the keys that all of them have. */
export type Variant<K extends string, S extends Shapes, C extends z.ZodObject> = {
  [V in keyof S & string]: Readonly<Record<K, V>> & z.infer<C> & z.infer<S[V]>;
}[keyof S & string];

/**
 * Schema of a union made from a table of variants: `key` chooses, `standard` when it is left out, and a key that only other
 * variants read is refused with their names. Unknown keys are refused as everywhere.
 */
export function variantSchema<const K extends string, S extends Shapes, C extends z.ZodObject>(
  key: K,
  { variants, common, standard }: { variants: S; common: C; standard: keyof S & string },
): z.ZodType<Variant<K, S, C>, Record<string, unknown>> {
  const rows = Object.entries(variants).map(([id, own]) =>
    z.strictObject({ [key]: z.literal(id), ...common.shape, ...own.shape }),
  );
  const readers = (name: string) =>
    Object.entries(variants).flatMap(([id, { shape }]) => (Object.hasOwn(shape, name) ? [id] : []));
  const union = z.discriminatedUnion(key, rows as unknown as [z.ZodObject, ...z.ZodObject[]]);
  const checked = z.preprocess((raw, context) => {
    if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return raw;
    const given: Record<string, unknown> = { [key]: standard, ...raw };
    const chosen = String(given[key]);
    if (!Object.hasOwn(variants, chosen)) return given;
    for (const name of Object.keys(given)) {
      const others = readers(name);
      if (others.length === 0 || others.includes(chosen) || Object.hasOwn(common.shape, name)) continue;
      context.addIssue({ code: 'custom', path: [name], message: `${others.join(', ')} only; ${key} is ${chosen}` });
    }
    return given;
  }, union);
  return checked as unknown as z.ZodType<Variant<K, S, C>, Record<string, unknown>>;
}
