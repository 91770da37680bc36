/** Why something could not be sent, as part of a sentence. */
export function whyOf(error: unknown): string {
  return error instanceof Error ? error.message.replace(/\.$/u, "") : "it threw no error";
}

/** Something that could not be sent, in words that hold no credential. */
export class SendFailure extends Error {
  /** When the receiver wants to be asked again, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** Whether the receiver has refused it, so that it would refuse it again. */
  readonly isRefusal: boolean;

  constructor(
    message: string,
    {
      retryAfterMs,
      isRefusal = false,
    }: { readonly retryAfterMs?: number | undefined; readonly isRefusal?: boolean } = {},
  ) {
    super(message);
    this.retryAfterMs = retryAfterMs;
    this.isRefusal = isRefusal;
  }
}
