import type { ContentfulStatusCode } from 'hono/utils/http-status';

/**
 * A refusal in one line, with its HTTP status. Clients of this protocol ask again after 408, 409, 429 and 5xx, some for minutes:
 * what stays refused is 400, 404 or 422.
 */
export class ProtocolError extends Error {
  readonly status: ContentfulStatusCode;

  constructor(status: ContentfulStatusCode, message: string) {
    super(message);
    this.status = status;
  }
}
