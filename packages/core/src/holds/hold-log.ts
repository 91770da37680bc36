import { canonicalJson } from "../json/lossless-json.ts";
import type { HoldDocument, LogEntry } from "./hold-document.ts";
import type { HoldEnvironment } from "./machine/hold-environment.ts";

/** How many entries a log keeps; older ones are counted only. */
const maxEntries = 100;

/** The longest input that an entry repeats, in characters of JSON. */
const maxInputCharacters = 1_024;

/** A document's log with one more entry, stamped with this machine's clock. */
export function logged(
  { log, logCut }: Pick<HoldDocument<unknown, unknown>, "log" | "logCut">,
  environment: HoldEnvironment,
  entry: Omit<LogEntry, "at" | "clock">,
): Pick<HoldDocument<unknown, unknown>, "log" | "logCut"> {
  const at = environment.now().toISOString();
  const { input, ...rest } = entry;
  const shown = input === undefined ? {} : { input: shortened(input) };
  const all = [...log, { at, clock: environment.worker, ...rest, ...shown }];
  return { log: all.slice(-maxEntries), logCut: logCut + Math.max(0, all.length - maxEntries) };
}

function shortened(input: unknown): unknown {
  const text = canonicalJson(input);
  return text.length <= maxInputCharacters ? input : { bytes: Buffer.byteLength(text) };
}
