import { parseArgs } from "node:util";

import type { LoadSize } from "./run-load.ts";

export const usage = `pnpm load --store <url> [options]

  --store <url>          the store, as in ASYA_CHECKPOINT_STORE; it must be empty there, so give it a prefix of its own
  --documents <n>        how many tasks wait in it at once (100000)
  --in-flight <n>        how many pauses or resumes are under way at any time (1000)
  --payload-bytes <n>    how much text each task carries (1000)
  --json                 the report as JSON, and no progress`;

/** Reads the command's arguments; a string says what is wrong with them. */
export function parseArguments(
  args: readonly string[],
): { readonly store: string; readonly json: boolean; readonly size: LoadSize } | string {
  try {
    const { values } = parseArgs({
      // pnpm hands a separator on.
      args: args.filter((argument) => argument !== "--"),
      options: {
        store: { type: "string" },
        documents: { type: "string", default: "100000" },
        "in-flight": { type: "string", default: "1000" },
        "payload-bytes": { type: "string", default: "1000" },
        json: { type: "boolean", default: false },
      },
    });
    const { store, json } = values;
    if (store === undefined || store === "") return "--store is missing.";
    return {
      store,
      json,
      size: {
        documents: count("documents", values.documents),
        inFlight: count("in-flight", values["in-flight"]),
        payloadBytes: count("payload-bytes", values["payload-bytes"]),
      },
    };
  } catch (error) {
    return (error as Error).message;
  }
}

function count(name: string, text: string): number {
  if (/^[1-9]\d{0,8}$/u.test(text)) return Number(text);
  throw new Error(`--${name} is ${JSON.stringify(text)}; expected a whole number from 1.`);
}
