/** Symmetric matrix (d × d, row after row) times vector, at the cost of the vector's entries that are not zero. */
export function times(matrix: Float64Array, vector: Float64Array): Float64Array {
  const d = vector.length;
  const product = new Float64Array(d);
  for (let j = 0; j < d; j++) {
    const v = vector[j]!;
    if (v !== 0) for (let i = 0; i < d; i++) product[i]! += v * matrix[j * d + i]!;
  }
  return product;
}

/** Features of a comparison between two contestants that share none: plus one for the first, minus one for the second. */
export function contestFeatures(first: number, second: number, contestants: number): Float64Array {
  const features = new Float64Array(contestants);
  features[first] = 1;
  features[second] = -1;
  return features;
}
