import type { MissingServer } from "../start-server.ts";

const rule = "=".repeat(80);

/**
 * One block that says which servers could not be had, why, and what to do.
 *
 * @example
 * ```ts
 * const server = await startServer("nats");
 * if (server.kind === "missing") console.log(describeMissingServers([server]));
 * ```
 */
export function describeMissingServers(missing: readonly MissingServer[], consequence?: string): string {
  return [
    rule,
    `Servers that could not be had: ${missing.map(({ name }) => name).join(", ")}`,
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
