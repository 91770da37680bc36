/** A target that could not be told, in words that hold no credential. */
export class NoticeFailure extends Error {
  /** When the target wants to be asked again, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, retryAfterMs?: number) {
    super(message);
    this.retryAfterMs = retryAfterMs;
  }
}
