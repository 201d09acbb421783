/**
 * Errors of the whole project. A message says what was expected, what was got, and what to do.
 * `exitCode` is what a command ends with: 1 a check failed, 2 the user can fix it, 3 a defect.
 */
export class GoodhartError extends Error {
  readonly code: string;
  readonly exitCode: number = 3;

  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** A wrong option, configuration key, path or state that the user can fix; printed as one line, no stack. */
export class UsageError extends GoodhartError {
  override readonly exitCode: number = 2;
}

/** Input data that cannot be read. The message starts with `file:line:` where a place is known. */
export class DataError extends GoodhartError {
  override readonly exitCode: number = 2;
}

/** A check said no: an audit threshold was crossed, or a verification failed. */
export class CheckError extends GoodhartError {
  override readonly exitCode: number = 1;
}

/** A training engine refused or failed. `retryable` says whether the same call may succeed later. */
export class EngineError extends GoodhartError {
  readonly retryable: boolean;

  constructor(code: string, message: string, options?: { cause?: unknown; retryable?: boolean }) {
    super(code, message, options);
    this.retryable = options?.retryable ?? false;
  }
}

/** Where numbers stopped being finite, as far as it is known. */
export interface NumericsPlace {
  /** Optimiser steps taken before. */
  readonly step?: number | undefined;
  /** Operator of the graph whose result was the first that is not finite. */
  readonly operator?: string | undefined;
}

/** NaN or infinity where a finite number is needed: names the tensor, the operator and the step. Nearly always a learning rate too high. */
export class NumericsError extends GoodhartError {
  override readonly exitCode: number = 2;
  readonly tensor: string;
  readonly detail: string;
  readonly step: number | undefined;
  readonly operator: string | undefined;

  constructor(tensor: string, detail: string, { step, operator }: NumericsPlace = {}) {
    super('numerics', `${tensor}${step === undefined ? '' : ` at step ${step}`}: ${detail}`);
    this.tensor = tensor;
    this.detail = detail;
    this.step = step;
    this.operator = operator;
  }
}
