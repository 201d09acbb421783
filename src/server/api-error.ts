import type { ContentfulStatusCode } from 'hono/utils/http-status';

/** A refusal with its HTTP status; the message says what to do. */
export class ApiError extends Error {
  readonly status: ContentfulStatusCode;
  readonly code: string;

  constructor(status: ContentfulStatusCode, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}
