/** A dimension: a number, or the name of one known only when the graph runs. A product of names reads `a*b`. */
export type Dim = number | string;
export type Shape = readonly Dim[];
export type DType = 'float32' | 'int64' | 'bool';

/** A wrong shape or dtype in a graph under construction: names the operator, what it got and what it needs. */
export class ShapeError extends TypeError {
  constructor(op: string, got: readonly (Shape | string)[], expected: string) {
    super(
      `${op}: got ${got.map((g) => (typeof g === 'string' ? g : formatShape(g))).join(', ')}; expected ${expected}`,
    );
    this.name = 'ShapeError';
  }
}

export const formatShape = (shape: Shape): string => `[${shape.join(', ')}]`;

export const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((dim, i) => dim === b[i]);

/** Shape that two operands broadcast to (numpy's rule; a name broadcasts only with itself or 1). */
export function broadcastShapes(op: string, a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = a[a.length - rank + i] ?? 1;
    const y = b[b.length - rank + i] ?? 1;
    if (x === y || y === 1) return x;
    if (x === 1) return y;
    throw new ShapeError(op, [a, b], 'shapes that broadcast: equal dimensions, or 1');
  });
}

/** Axis counted from the front; negative ones count from the back. */
export function normalAxis(op: string, axis: number, shape: Shape): number {
  const at = axis < 0 ? axis + shape.length : axis;
  if (!Number.isInteger(axis) || at < 0 || at >= shape.length) {
    throw new ShapeError(op, [shape, `axis ${axis}`], `an axis from ${-shape.length} to ${shape.length - 1}`);
  }
  return at;
}

/** Number of elements as a canonical monomial, for example `12*batch*time`; equal strings mean equal counts. */
export function elementCount(shape: Shape): string {
  const names: string[] = [];
  let factor = 1;
  for (const dim of shape) {
    for (const part of String(dim).split('*')) {
      if (/^\d+$/.test(part)) factor *= Number(part);
      else names.push(part);
    }
  }
  return [factor, ...names.sort()].join('*');
}
