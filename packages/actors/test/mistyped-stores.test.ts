import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { mistypedPassword, mistypedStoreValues } from "../../core/test/mistyped-store-values.ts";
import type { ActorSetupError } from "../src/setup-error.ts";
import { createActorLog } from "../src/actor-log.ts";
import { prepareActor } from "../src/run-actor.ts";
import { refusalToStart } from "../src/start-or-refuse.ts";
import { wireError } from "../src/wire-error.ts";

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "hp-mistyped-"));
});
afterAll(async () => await rm(directory, { recursive: true }));

/** Every variable of an actor that a store's value may be put into. */
function environmentsOf(value: string): readonly Readonly<Record<string, string>>[] {
  const common = { ASYA_SOCKET_DIR: directory };
  const onStore = { ...common, ASYA_PERSISTENCE_MOUNT: directory };
  return [
    { ...common, ASYA_CHECKPOINT_STORE: value },
    { ...common, ASYA_PERSISTENCE_MOUNT: value },
    ...["ASYA_PAUSE_METADATA", "ASYA_RESUME_MERGE_MODE", "ASYA_CHECKPOINT_RETENTION", "ASYA_SOCKET_CHMOD"].map((name) =>
      Object.assign({}, onStore, { [name]: value }),
    ),
    { ...onStore, ASYA_SOCKET_DIR: value },
    { ...common, ASYA_CHECKPOINT_STORE: "redis:", REDIS_URL: value },
    { ...common, ASYA_CHECKPOINT_STORE: "nats:///bucket", NATS_URL: value },
  ];
}

async function startWith(environment: Readonly<Record<string, string>>): Promise<string> {
  try {
    const { store } = await prepareActor(environment);
    await store.close();
    return "started";
  } catch (error) {
    return refusalToStart("x-pause", error as ActorSetupError, environment);
  }
}

describe("a store's value that is mistyped", () => {
  it.each(mistypedStoreValues)("keeps an actor from starting, and its password from being shown: %j", async (value) => {
    const said = await Promise.all(environmentsOf(value).map(startWith));
    expect(said.filter((text) => text.includes(mistypedPassword))).toEqual([]);
    // Metadata, for one, may hold any object.
    expect(said.filter((text) => text === "started").length).toBeLessThanOrEqual(value.startsWith("{") ? 1 : 0);
  });

  it("is masked in the log and on the wire wherever its shape tells", () => {
    const values = mistypedStoreValues.filter(
      (value) => /:[^@]*@[\w[]/u.test(value) && !/[\s%?#\\]|@hunter/u.test(value),
    );
    expect(values.length).toBeGreaterThan(25);
    for (const value of values) {
      const lines: string[] = [];
      createActorLog({ actor: "a" }, { write: (line) => lines.push(line) }).error("failed", { error: value });
      expect(lines.join("\n")).not.toContain(mistypedPassword);
      const { details } = wireError("processing_error", new Error(`cannot connect to ${value}: refused`));
      expect(details.message).not.toContain(mistypedPassword);
    }
  });

  it("leaves a traceback's paths alone", () => {
    const path = "/app/node_modules/.pnpm/@holdpoint+core@1.0.0/node_modules/@holdpoint/core/dist/index.js";
    const error = new Error("no");
    error.stack = `Error: no\n    at run (file://${path}:12:34)\n    at ${path}:5:6\n    at async node:internal/x:1:2`;
    const { details } = wireError("processing_error", error);
    expect(details.traceback).toContain(`file://${path}:12:34`);
    expect(details.traceback).toContain(`at ${path}:5:6`);
  });
});
