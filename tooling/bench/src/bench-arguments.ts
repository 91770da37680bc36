import { parseArgs } from "node:util";

import { benchBackends } from "./bench-backends.ts";

/** What the command is asked for. */
export interface BenchArguments {
  /** Names of backends, or of the parts `own`, `state-proxy`, `ls`, `memory`, `growth` and `start`. */
  readonly only: readonly string[];
  readonly quick: boolean;
  readonly json: string | undefined;
  readonly page: boolean;
  /** A file of an earlier run, to write the page again without measuring. */
  readonly from: string | undefined;
}

/** The parts besides the backends. */
const otherParts = ["own", "state-proxy", "ls", "memory", "growth", "start"] as const;

export const usage = `pnpm bench [options]

  --only <names>   these parts alone, separated by commas: ${[...Object.keys(benchBackends), ...otherParts].join(", ")}
  --quick          fewer rounds and fewer settings: what is far off shows, what is close does not
  --json <file>    writes every figure to a file
  --page           writes docs/performance.md and its plots
  --from <file>    takes the figures from a file that --json has written, and measures nothing`;

/** Reads the command's arguments; a string says what is wrong with them. */
export function parseArguments(args: readonly string[]): BenchArguments | string {
  const names = [...Object.keys(benchBackends), ...otherParts];
  try {
    const { values } = parseArgs({
      // pnpm hands a separator on.
      args: args.filter((argument) => argument !== "--"),
      options: {
        only: { type: "string", default: names.join(",") },
        quick: { type: "boolean", default: false },
        json: { type: "string" },
        page: { type: "boolean", default: false },
        from: { type: "string" },
      },
    });
    const only = values.only.split(",").map((name) => name.trim());
    const unknown = only.find((name) => !names.includes(name));
    if (unknown !== undefined) return `--only names ${JSON.stringify(unknown)}, which is none of ${names.join(", ")}.`;
    const { quick, json, page, from } = values;
    return { only, quick, json, page, from };
  } catch (error) {
    return (error as Error).message;
  }
}
