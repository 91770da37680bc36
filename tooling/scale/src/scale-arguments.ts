import { parseArgs } from "node:util";

import type { MeasuredBackend } from "./measured-server.ts";
import { measuredBackends } from "./measured-server.ts";

/** What the command is asked for. */
export interface ScaleArguments {
  /** Backends whose storage is measured first. */
  readonly storage: readonly MeasuredBackend[];
  /** Backends of whose listings the memory is measured first. */
  readonly listing: readonly MeasuredBackend[];
  /** With how many tasks storage is measured. */
  readonly tasks: number;
  /** Whether docs/scale.md is written; if not, it is printed. */
  readonly page: boolean;
}

export const usage = `pnpm scale [options]

  --storage <names>   measures first what tasks take there, on a server of its own, and keeps the figures
  --tasks <n>         with how many tasks (100000)
  --listing <names>   measures first what a listing holds in memory there
  --page              writes docs/scale.md, instead of printing it

The names are ${measuredBackends.join(", ")}, with commas between them.`;

/** Reads the command's arguments; a string says what is wrong with them. */
export function parseArguments(args: readonly string[]): ScaleArguments | string {
  try {
    const { values } = parseArgs({
      // pnpm hands a separator on.
      args: args.filter((argument) => argument !== "--"),
      options: {
        storage: { type: "string", default: "" },
        listing: { type: "string", default: "" },
        tasks: { type: "string", default: "100000" },
        page: { type: "boolean", default: false },
      },
    });
    if (!/^[1-9]\d{0,8}$/u.test(values.tasks)) return "--tasks is no whole number from 1.";
    return {
      storage: backendNames(values.storage),
      listing: backendNames(values.listing),
      tasks: Number(values.tasks),
      page: values.page,
    };
  } catch (error) {
    return (error as Error).message;
  }
}

function backendNames(text: string): readonly MeasuredBackend[] {
  return text
    .split(",")
    .filter((name) => name !== "")
    .map((name) => {
      const known = measuredBackends.find((each) => each === name);
      if (known === undefined) throw new Error(`${JSON.stringify(name)} is none of ${measuredBackends.join(", ")}.`);
      return known;
    });
}
