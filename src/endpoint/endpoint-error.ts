import { GoodhartError } from '../run/index.ts';

/**
 * Why there is no answer. `lost`: asked again it may come; `stopped`: every other question would fail alike (the key, the
 * address, a server that is gone); `refused` and `unreadable`: this question alone.
 */
export type EndpointFault = 'lost' | 'stopped' | 'refused' | 'unreadable';

/** A question that an endpoint did not answer. The message is one line, without the key. */
export class EndpointError extends GoodhartError {
  override readonly exitCode: number = 2;
  readonly fault: EndpointFault;

  constructor(fault: EndpointFault, message: string, options?: { cause?: unknown }) {
    super('endpoint', message, options);
    this.fault = fault;
  }
}
