import { describe, expect, it } from "vitest";

import { readActorEnvironment, readStoreSetting } from "./actor-environment.ts";
import { ActorSetupError } from "./setup-error.ts";

const enough = { ASYA_PERSISTENCE_MOUNT: "/state" };

function problemsOf(environment: Readonly<Record<string, string>>): ActorSetupError {
  try {
    readActorEnvironment(environment);
  } catch (error) {
    if (error instanceof ActorSetupError) return error;
    throw error;
  }
  throw new Error("expected to be refused");
}

describe("readActorEnvironment", () => {
  it("needs no more than a mounted directory", () => {
    expect(readActorEnvironment(enough)).toEqual({
      actorName: undefined,
      socketDirectory: "/var/run/asya",
      socketName: "asya-runtime.sock",
      socketMode: 0o666,
      actorTimeoutMs: 300_000,
      store: { variable: "ASYA_PERSISTENCE_MOUNT", from: "/state", shown: "/state" },
      pauseMetadata: undefined,
      resumeMergeMode: "shallow",
      resumeValidation: "off",
      retentionMs: undefined,
    });
  });

  it("reads every variable", () => {
    const settings = readActorEnvironment({
      ...enough,
      ASYA_ACTOR_NAME: "x-pause",
      ASYA_CHECKPOINT_STORE: "redis://:hunter2@host/0",
      ASYA_PAUSE_METADATA: '{"prompt":"Approve?","fields":[]}',
      ASYA_RESUME_MERGE_MODE: "deep",
      ASYA_RESUME_VALIDATION: "strict",
      ASYA_CHECKPOINT_RETENTION: "720h",
      ASYA_SOCKET_DIR: "/sockets",
      ASYA_SOCKET_NAME: "actor.sock",
      ASYA_SOCKET_CHMOD: "0o600",
      ASYA_RESILIENCY_ACTOR_TIMEOUT: "1h30m",
      ASYA_IS_END_ACTOR: "false",
    });
    expect(settings).toEqual({
      actorName: "x-pause",
      socketDirectory: "/sockets",
      socketName: "actor.sock",
      socketMode: 0o600,
      actorTimeoutMs: 5_400_000,
      store: { variable: "ASYA_CHECKPOINT_STORE", from: "redis://:hunter2@host/0", shown: "redis://***@host/0" },
      pauseMetadata: { prompt: "Approve?", fields: [] },
      resumeMergeMode: "deep",
      resumeValidation: "strict",
      retentionMs: 2_592_000_000,
    });
  });

  it("takes an empty variable for one that is not set, as templates leave it", () => {
    const names = [
      "ASYA_CHECKPOINT_STORE",
      "ASYA_PAUSE_METADATA",
      "ASYA_RESUME_MERGE_MODE",
      "ASYA_SOCKET_DIR",
      "ASYA_IS_END_ACTOR",
    ];
    const empty = Object.fromEntries(names.map((name) => [name, " "]));
    expect(readActorEnvironment({ ...empty, ...enough })).toEqual(readActorEnvironment(enough));
  });

  it.each([
    ["ASYA_PERSISTENCE_MOUNT", "s3://bucket", "ASYA_CHECKPOINT_STORE"],
    ["ASYA_PAUSE_METADATA", '{"prompt": }', "stands where it may not"],
    ["ASYA_PAUSE_METADATA", '{"fields":[{"name":"a","type":"text"}]}', "fields.0.type"],
    ["ASYA_PAUSE_METADATA", "[]", "JSON object"],
    ["ASYA_PAUSE_METADATA", '{"on_expiry":"cancel"}', "it needs expires_in"],
    ["ASYA_PAUSE_EXPIRES_IN", "three days", "such as 72h"],
    ["ASYA_PAUSE_EXPIRES_IN", "0", "such as 72h"],
    ["ASYA_PAUSE_ON_EXPIRY", "reject", "cancel, or the input that then counts"],
    ["ASYA_PAUSE_ON_EXPIRY", "cancel", "and when, in ASYA_PAUSE_EXPIRES_IN"],
    ["ASYA_PAUSE_EXPIRES_IN", `${"9".repeat(40)}h`, "such as 72h"],
    ["ASYA_RESUME_MERGE_MODE", "deeper", "shallow or deep"],
    ["ASYA_RESUME_VALIDATION", "on", "off, strict or coerce"],
    ["ASYA_SOCKET_DIR", "sockets", "absolute path"],
    ["ASYA_PERSISTENCE_MOUNT", "memory:", "ASYA_CHECKPOINT_STORE"],
    ["ASYA_SOCKET_NAME", "../actor.sock", "without a slash"],
    ["ASYA_SOCKET_NAME", "runtime-ready", "other than runtime-ready"],
    ["ASYA_CHECKPOINT_RETENTION", "9".repeat(20), "such as 720h"],
    ["ASYA_SOCKET_CHMOD", "rw-rw-rw-", "octal"],
    ["ASYA_SOCKET_CHMOD", "0o688", "octal"],
    ["ASYA_RESILIENCY_ACTOR_TIMEOUT", "5 minutes", "such as 5m"],
    ["ASYA_RESILIENCY_ACTOR_TIMEOUT", "0s", "such as 5m"],
    ["ASYA_CHECKPOINT_RETENTION", "30 days", "such as 720h"],
    ["ASYA_IS_END_ACTOR", "true", "false, or not set"],
    ["ASYA_IS_END_ACTOR", "1", "false, or not set"],
  ])("refuses %s=%s and says what it expects", (variable, value, expected) => {
    const { message, problems } = problemsOf({ ...enough, [variable]: value });
    expect(problems.map((problem) => problem.variable)).toEqual([variable]);
    expect(message).toContain(JSON.stringify(value));
    expect(message).toContain(expected);
  });

  it("gives all messages an expiry, where the metadata has none of its own", () => {
    const expiry = { ASYA_PAUSE_EXPIRES_IN: "72h", ASYA_PAUSE_ON_EXPIRY: '{"approved":false}' };
    const metadataOf = (more: object): unknown => readActorEnvironment({ ...enough, ...expiry, ...more }).pauseMetadata;
    const forAll = { expires_in: 259_200, on_expiry: { approved: false } };
    expect(metadataOf({})).toEqual({ prompt: "Task paused", fields: [], ...forAll });
    expect(metadataOf({ ASYA_PAUSE_METADATA: '{"prompt":"?","expires_in":60}' })).toEqual({
      prompt: "?",
      fields: [],
      ...forAll,
      expires_in: 60,
    });
    expect(metadataOf({ ASYA_PAUSE_EXPIRES_IN: "90", ASYA_PAUSE_ON_EXPIRY: " " })).toMatchObject({ expires_in: 90 });
  });

  it("says which variable is wrong where several make up what is asked", () => {
    const asked = { ...enough, ASYA_PAUSE_METADATA: '{"prompt":"?","on_expiry":"cancel"}' };
    expect(problemsOf(asked).problems.map(({ variable }) => variable)).toEqual(["ASYA_PAUSE_METADATA"]);
    const other = { ...enough, ASYA_PAUSE_METADATA: '{"prompt":"?"}', ASYA_PAUSE_ON_EXPIRY: '{"ok":true}' };
    expect(problemsOf(other).problems.map(({ variable }) => variable)).toEqual(["ASYA_PAUSE_ON_EXPIRY"]);
  });

  it("refuses to go without storage", () => {
    const { message } = problemsOf({});
    expect(message).toContain("ASYA_CHECKPOINT_STORE or ASYA_PERSISTENCE_MOUNT: found neither set, expected");
    const mistyped = problemsOf({ ASYA_PERSISTANCE_MOUNT: "/state", ASYA_TRANSPORT: "sqs", ASYA_SOKET_DIR: "/x" });
    expect(mistyped.message).toContain("found neither set, but ASYA_PERSISTANCE_MOUNT, expected");
  });

  it("lists every problem in one message, and shows no password", () => {
    const { message, problems } = problemsOf({
      ASYA_PERSISTENCE_MOUNT: "redis://user:hunter2@host",
      ASYA_RESUME_MERGE_MODE: "x",
      ASYA_RESUME_VALIDATION: "y",
      ASYA_SOCKET_CHMOD: "z",
    });
    expect(problems).toHaveLength(4);
    for (const { variable } of problems) expect(message).toContain(variable);
    expect(message).not.toContain("hunter2");
  });
});

describe("readStoreSetting", () => {
  it("asks nothing of the environment but a store", () => {
    const environment = { ASYA_PERSISTENCE_MOUNT: "/state", ASYA_PAUSE_METADATA: "no JSON", ASYA_IS_END_ACTOR: "true" };
    expect(readStoreSetting(environment).shown).toBe("/state");
    expect(() => readStoreSetting({})).toThrow(/ASYA_CHECKPOINT_STORE or ASYA_PERSISTENCE_MOUNT: found neither set/u);
  });
});
