import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

import { afterAll, expect, it, onTestFinished } from "vitest";

import { ActorProcess } from "../packages/actors/src/mesh/actor-process.ts";
import { exampleEnvelope, postToSocket } from "../packages/actors/test/post-to-socket.ts";
import { executable, run } from "../packages/cli/test/run-cli.ts";
import { temporaryDirectory } from "./every-store.ts";

const fileOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

const directory = await temporaryDirectory();
afterAll(async () => await directory[Symbol.asyncDispose]());

/** A backend of somebody's own, as docs/authors.md prints it, and a store on it. */
const environment = {
  HOLDPOINT_BACKENDS: fileOf("../examples/sqlite-backend.ts"),
  ASYA_CHECKPOINT_STORE: `sqlite://${join(directory.path, "checkpoints.db")}`,
};

async function holdpoint(...words: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await run(process.execPath, [executable, ...words], { environment });
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  return stdout;
}

async function actor(name: "x-pause" | "x-resume"): Promise<string> {
  const socketDirectory = join(directory.path, name);
  await mkdir(socketDirectory);
  const started = new ActorProcess(
    { command: process.execPath, args: [fileOf(`../packages/actors/src/${name}.ts`)], env: environment },
    { name, socketDirectory, startTimeoutMs: 60_000, onOutput: () => undefined },
  );
  onTestFinished(async () => void (await started.kill("SIGKILL")));
  await started.start();
  return started.socketPath;
}

it("a task is paused, shown and resumed by the executables", async () => {
  const [pause, resume] = await Promise.all([actor("x-pause"), actor("x-resume")]);
  const route = { prev: ["analyzer"], curr: "x-pause", next: ["publisher"] };
  expect(await postToSocket(pause, exampleEnvelope({ route }))).toMatchObject({ status: 200 });
  expect(JSON.parse(await holdpoint("ls", "--json"))).toMatchObject({ id: "task-1", state: "paused" });
  const answer = {
    id: "answer-1",
    route: { prev: [], curr: "x-resume", next: [] },
    headers: { "x-asya-resume-task": "task-1" },
    payload: { approved: true },
  };
  expect(await postToSocket(resume, answer)).toMatchObject({ status: 200 });
  expect(JSON.parse(await holdpoint("show", "task-1", "--json"))).toMatchObject({ state: "resumed" });
});

it("a question is asked, answered and acted on, and the store copied", async () => {
  await holdpoint("ask", "order-7", "--message", "Pay?");
  await holdpoint("answer", "order-7", "approve");
  expect(await holdpoint("act", "order-7", "--when-in-doubt", "stop", "--", "echo", "paid")).toContain("paid");
  expect(await holdpoint("copy", environment.ASYA_CHECKPOINT_STORE, directory.url)).toContain("copied");
});

it("doctor examines it, and completion is what it was", async () => {
  const findings = await holdpoint("doctor");
  expect(findings).toMatch(/ok +configuration +the store is sqlite:/u);
  expect(findings).toContain("problems: 0");
  const { stdout } = await run(process.execPath, [executable, "completion", "bash"]);
  expect(await holdpoint("completion", "bash")).toBe(stdout);
});

it("a module that is not there is named, by the command and by the actors", async () => {
  const wrong = { ...environment, HOLDPOINT_BACKENDS: "@acme/backend" };
  const message = 'The module "@acme/backend", which HOLDPOINT_BACKENDS names, is not installed';
  const ls = await run(process.execPath, [executable, "ls"], { environment: wrong });
  expect(ls).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(message) });
  const child = spawn(process.execPath, [fileOf("../packages/actors/src/x-pause.ts")], {
    env: { ...process.env, ...wrong, ASYA_SOCKET_DIR: directory.path },
  });
  const ended = once(child, "exit");
  expect(await text(child.stderr)).toContain(message);
  expect(await ended).toEqual([78, null]);
});
