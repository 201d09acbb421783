export * from './evaluate.ts';
export * from './finite.ts';
export * from './gradients.ts';
export * from './onnx.ts';
export * from './ops.ts';
export { type Dim, type DType, elementCount, formatShape, type Shape, ShapeError } from './shape.ts';
export { type OpName, type Tensor, topologicalOrder } from './tensor.ts';
