import { EngineError } from '../run/index.ts';

/** A server could not be asked, or refused; whoever runs it or the run can mend that. */
export class RemoteError extends EngineError {
  override readonly exitCode: number = 2;
}
