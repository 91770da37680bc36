/** Thrown for an answer that no S3 server gives. */
export class BadAnswerError extends Error {
  override readonly name = "BadAnswerError";
}

/** Whether an answer in XML ends before its last tag, as it may unnoticed where a server announces no length. */
export function isCutOff(text: string): boolean {
  if (!/^\s*<(?:\?xml|[A-Z])/u.test(text)) return false;
  const root = /<([A-Z]\w*)[\s>]/u.exec(text)?.[1];
  return root === undefined || !text.includes(`</${root}>`);
}
