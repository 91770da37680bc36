/** Thrown for an answer that no S3 server gives. */
export class BadAnswerError extends Error {
  override readonly name = "BadAnswerError";
}
