import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";

import { redactCredentials } from "@holdpoint/core";
import { storeValuesOf } from "@holdpoint/actors";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { mistypedPassword, mistypedStoreValues } from "../../core/test/mistyped-store-values.ts";
import type { CommandContext } from "../src/frame/command-context.ts";
import { exitCodes } from "../src/frame/exit-code.ts";
import { Output } from "../src/frame/output.ts";
import { runParameters } from "../src/run-holdpoint.ts";

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "hp-mistyped-"));
});
afterAll(async () => await rm(directory, { recursive: true }));

/** Runs a command in this process, and resolves to all that it wrote. */
async function outputOf(parameters: readonly string[], variables: Record<string, string> = {}): Promise<string> {
  const environment = { PATH: process.env["PATH"], ...variables };
  let written = "";
  const stream = new PassThrough().on("data", (chunk: Buffer) => (written += chunk.toString()));
  const output = new Output(stream as unknown as NodeJS.WriteStream);
  const context: CommandContext = {
    environment,
    output,
    messages: output,
    usage: [],
    interactive: false,
    signal: AbortSignal.timeout(60_000),
    interruption: undefined,
    exitCode: exitCodes.ok,
    redact: async (text) => redactCredentials(text, [...parameters, ...storeValuesOf(environment)]),
    finish: async (work) => await work(),
  };
  const exitCode = await runParameters(context, parameters);
  return `${written}exit code ${exitCode}`;
}

/** Every place of the command line and the environment that a value may be put into. */
function placesOf(
  value: string,
): readonly (readonly [parameters: readonly string[], variables?: Record<string, string>])[] {
  const onStore = [
    ["ls"],
    ["show", "t"],
    ["resume", "t"],
    ["cancel", "t"],
    ["prune", "--older-than", "1d"],
    ["doctor"],
  ];
  return [
    ...onStore.flatMap((command) => [
      [[...command, "--store", value]] as const,
      [
        [...command, "--store", value, "--json"].filter((word) => command[0] !== "resume" || word !== "--json"),
      ] as const,
      [command, { ASYA_CHECKPOINT_STORE: value }] as const,
      [command, { ASYA_PERSISTENCE_MOUNT: value }] as const,
    ]),
    [["copy", value, directory]],
    [["copy", "--json", "--", directory, value]],
    // Where no store belongs.
    [[value]],
    [["ls", value]],
    [[`--stor=${value}`]],
    [["ls", `--stor=${value}`]],
    [["ls", "--older-than", value, "--store", directory]],
    [["ls", "--state", value, "--store", directory]],
    [["show", value, "--store", directory]],
    [["show", value, "--store", directory, "--json"]],
    [["resume", "t", "--input", value, "--store", directory]],
    [["resume", "t", value, "--store", directory]],
    [["resume", "t", "--field", value, "--store", directory]],
    [["cancel", value, "--store", directory]],
    [["prune", "--older-than", value]],
    [["completion", value]],
    [["resume", "t", "--store", directory], { ASYA_RESUME_MERGE_MODE: value }],
    [["doctor", "--store", directory], { ASYA_PAUSE_METADATA: value, ASYA_SOCKET_DIR: value }],
    // What a URL without a host, or a bucket, takes from the environment.
    [["ls", "--store", "redis:"], { REDIS_URL: value }],
    [["ls", "--store", "nats:///bucket"], { NATS_URL: value }],
    [["ls", "--store", "minio:///bucket?timeoutMs=300"], { AWS_ENDPOINT_URL: value }],
    [["ls", "--store", "s3://bucket?region=x&timeoutMs=300"], { AWS_ENDPOINT_URL: value }],
    [["ls", "--store", "gs://bucket?timeoutMs=300"], { STORAGE_EMULATOR_HOST: value }],
  ];
}

describe("a store's value that is mistyped", () => {
  it("is one of many kinds", () => {
    expect(mistypedStoreValues.length).toBeGreaterThanOrEqual(60);
    expect(new Set(mistypedStoreValues).size).toBe(mistypedStoreValues.length);
    for (const value of mistypedStoreValues) expect(value).toContain(mistypedPassword);
  });

  it.each(mistypedStoreValues)(
    "shows no password, wherever it is typed into: %j",
    { timeout: 120_000 },
    async (value) => {
      const places = await Promise.all(
        placesOf(value).map(async ([parameters, variables]) => {
          const output = await outputOf(parameters, variables);
          return { parameters, variables, output };
        }),
      );
      expect(places.filter(({ output }) => output.includes(mistypedPassword))).toEqual([]);
      expect(places.filter(({ output }) => output.endsWith("exit code 0"))).toEqual([]);
    },
  );
});
