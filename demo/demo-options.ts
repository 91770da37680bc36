import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";

import type { MergeMode, PauseMetadata } from "@holdpoint/asya";
import type { JsonObject } from "@holdpoint/core";
import { parsePauseMetadata } from "@holdpoint/asya";

/** What the demo is run with. */
export interface DemoOptions {
  /** What is told: how messages of a mesh pause, or how a program asks and acts. */
  readonly story: "messages" | "holds";
  /** A store's URL; `undefined` for a directory that goes with the demo. */
  readonly store: string | undefined;
  readonly metadata: PauseMetadata;
  readonly payload: JsonObject;
  /** The person's answers as far as they were given by flags or a file. */
  readonly answers: JsonObject;
  readonly mergeMode: MergeMode;
}

const usage = `Usage: pnpm demo [options]

  --holds            the other story, without a mesh: a program asks a person, is killed, and acts once
  --store URL        where everything is kept: file:///dir, s3://, minio://, gs://, redis://, nats://,
                     postgres:// (default: a temporary directory)
  --metadata FILE    your own pause metadata, as in ASYA_PAUSE_METADATA
  --payload FILE     your own payload, a JSON object
  --answers FILE     a person's answers, a JSON object
  --answer NAME=JSON one answer; may be given several times
  --merge MODE       shallow (default) or deep
  --help             this text`;

const guideMetadata: PauseMetadata = {
  prompt: "Review this analysis before proceeding",
  fields: [
    { name: "approved", type: "boolean", prompt: "Approve this analysis?", default: true },
    {
      name: "notes",
      type: "string",
      prompt: "Any reviewer notes?",
      payload_key: "/review/notes",
      required: false,
      default: "Looks right to me.",
    },
  ],
};

/**
 * Reads the command line; `undefined` if it asked for help, which is then printed.
 *
 * @throws {Error} that says which flag or file cannot be used
 */
export async function readDemoOptions(args: readonly string[]): Promise<DemoOptions | undefined> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      holds: { type: "boolean", default: false },
      store: { type: "string" },
      metadata: { type: "string" },
      payload: { type: "string" },
      answers: { type: "string" },
      answer: { type: "string", multiple: true },
      merge: { type: "string", default: "shallow" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    return undefined;
  }
  if (values.merge !== "shallow" && values.merge !== "deep") throw new Error("--merge: expected shallow or deep.");
  const answers = values.answers === undefined ? {} : await readJsonObject("--answers", values.answers);
  const flagged = (values.answer ?? []).map(readAnswer);
  return {
    story: values.holds ? "holds" : "messages",
    store: values.store,
    metadata: values.metadata === undefined ? guideMetadata : await readMetadata(values.metadata),
    payload:
      values.payload === undefined ? { document: "q3-report.pdf" } : await readJsonObject("--payload", values.payload),
    answers: { ...answers, ...Object.fromEntries(flagged) },
    mergeMode: values.merge,
  };
}

async function readMetadata(file: string): Promise<PauseMetadata> {
  try {
    return parsePauseMetadata(await readFile(file, "utf8"));
  } catch (error) {
    throw new Error(`--metadata ${file}: ${(error as Error).message}`, { cause: error });
  }
}

async function readJsonObject(flag: string, file: string): Promise<JsonObject> {
  try {
    const value: unknown = JSON.parse(await readFile(file, "utf8"));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
    throw new Error("expected a JSON object");
  } catch (error) {
    throw new Error(`${flag} ${file}: ${(error as Error).message}`, { cause: error });
  }
}

/** `notes="fine"` and `level=3` hold JSON; what is not JSON is taken as text. */
function readAnswer(text: string): readonly [string, unknown] {
  const at = text.indexOf("=");
  if (at < 1) throw new Error(`--answer ${text}: expected NAME=VALUE.`);
  const value = text.slice(at + 1);
  try {
    return [text.slice(0, at), JSON.parse(value) as unknown];
  } catch {
    return [text.slice(0, at), value];
  }
}
