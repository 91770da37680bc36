/** A server or program that could not be had. */
export interface Missing<Name extends string = string> {
  readonly kind: "missing";
  readonly name: Name;
  /** Why, source by source. */
  readonly reasons: readonly { readonly source: string; readonly reason: string }[];
  /** Whether a person named this very one, so that going on without it is wrong. */
  readonly wasAskedFor: boolean;
  /** What a person can do about it, in one sentence. */
  readonly remedy: string;
}

const rule = "=".repeat(80);

/**
 * One block that says what could not be had, why, and what to do.
 *
 * @example
 * ```ts
 * const server = await startServer("nats");
 * if (server.kind === "missing") console.log(describeMissing([server]));
 * ```
 */
export function describeMissing(missing: readonly Missing[], consequence?: string): string {
  return [
    rule,
    `Could not be had: ${missing.map(({ name }) => name).join(", ")}`,
    ...(consequence === undefined ? [] : [consequence]),
    ...missing.flatMap(({ name, reasons, remedy }) => [
      "",
      name,
      ...reasons.map(({ source, reason }) => `  ${source}: ${reason}`),
      `  What to do: ${remedy}`,
    ]),
    rule,
  ].join("\n");
}
