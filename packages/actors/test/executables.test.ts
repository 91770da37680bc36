import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { ActorProcess } from "../src/mesh/actor-process.ts";
import type { MeshOutput } from "../src/mesh/mesh-events.ts";
import type { RunningActor } from "../src/mesh/running-actor.ts";
import { exampleEnvelope, postToSocket } from "./post-to-socket.ts";

const fileOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

let directory: string;
let state: string;
let running: RunningActor[];
let output: MeshOutput[];
let listeners: ((output: MeshOutput) => void)[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "run-"));
  state = join(directory, "state");
  await mkdir(state);
  running = [];
  output = [];
  listeners = [];
});
afterEach(async () => {
  await Promise.all(running.map((actor) => actor.kill("SIGKILL")));
  await rm(directory, { recursive: true });
});

async function startActor(
  name: string,
  script: string,
  env: Readonly<Record<string, string>> = {},
  nodeArguments: readonly string[] = [],
): Promise<RunningActor> {
  const socketDirectory = join(directory, name);
  await mkdir(socketDirectory, { recursive: true });
  const onOutput = (line: MeshOutput): void => {
    output.push(line);
    for (const listener of listeners) listener(line);
  };
  const actor = new ActorProcess(
    // The argument that Asya's composition gives to every actor.
    {
      command: process.execPath,
      args: [...nodeArguments, fileOf(script), "/opt/asya/asya_runtime.py"],
      env: { ASYA_PERSISTENCE_MOUNT: state, ...env },
    },
    { name, socketDirectory, startTimeoutMs: 30_000, onOutput },
  );
  running.push(actor);
  await actor.start();
  return actor;
}

function nextLine(part: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  listeners.push(({ line }) => {
    if (line.includes(part)) resolve();
  });
  return promise;
}

const pauseMessage = (changes: object = {}): object =>
  exampleEnvelope({
    route: { prev: ["analyzer"], curr: "x-pause", next: ["publisher"] },
    status: { created_at: "2026-01-31T12:00:00Z" },
    ...changes,
  });

const resumeMessage = (id: string, payload: object): object => ({
  id,
  route: { prev: [], curr: "x-resume", next: [] },
  headers: { "x-asya-resume-task": "task-1" },
  status: { created_at: "2026-01-31T13:00:00Z" },
  payload,
});

interface Answered {
  readonly frames: readonly {
    readonly payload: object;
    readonly route: object;
    readonly headers: Readonly<Record<string, unknown>>;
  }[];
  readonly details: { readonly type: string; readonly message: string };
}
const answered = (body: string): Answered => JSON.parse(body) as Answered;

describe("x-pause and x-resume", () => {
  it("tell of a message in lines of their own, whatever it holds", async () => {
    const hostile = '\r\n{"level":"info","event":"forged"}\n\u001b[2J\u009b31m\u2028\u0085';
    const [pause, resume] = await Promise.all([
      startActor("x-pause", "../src/x-pause.ts"),
      startActor("x-resume", "../src/x-resume.ts"),
    ]);
    const answer = {
      ...resumeMessage(`answer${hostile}`, { [hostile]: hostile }),
      headers: { "x-asya-resume-task": hostile },
    };
    const messages = [
      [pause, pauseMessage({ id: hostile, headers: { [hostile]: hostile }, payload: { [hostile]: hostile } }), 200],
      [resume, answer, 200],
      [resume, { ...answer, id: `another${hostile}` }, 500],
      [pause, pauseMessage({ id: hostile.repeat(20) }), 500],
    ] as const;
    for (const [actor, message, status] of messages) {
      expect(await postToSocket(actor.socketPath, message)).toMatchObject({ status });
    }
    await Promise.all(running.map((actor) => actor.stop()));
    const events = output.map(({ line }) => {
      expect(line).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
      return (JSON.parse(line) as { readonly event: string }).event;
    });
    expect(events).toEqual(expect.arrayContaining(["pause", "resume", "message handled", "message failed", "stopped"]));
    expect(events).not.toContain("forged");
  });

  it("pause, resume once, repeat the same answer, and refuse another", async () => {
    const [pause, resume] = await Promise.all([
      startActor("x-pause", "../src/x-pause.ts", { ASYA_PAUSE_METADATA: '{"prompt":"Publish?","fields":[]}' }),
      startActor("x-resume", "../src/x-resume.ts"),
    ]);
    const paused = await postToSocket(pause.socketPath, pauseMessage());
    expect(answered(paused.body).frames).toMatchObject([
      { payload: { draft: "text" }, headers: { "x-asya-pause": { prompt: "Publish?", fields: [] } } },
    ]);
    expect(JSON.parse(await readFile(join(state, "paused/task-1.json"), "utf8"))).toMatchObject({
      id: "task-1",
      route: { prev: ["analyzer"], curr: "x-pause", next: ["x-resume", "publisher"] },
      payload: { draft: "text" },
      _pause_metadata: { prompt: "Publish?", fields: [] },
    });

    const answers = await Promise.all([
      postToSocket(resume.socketPath, resumeMessage("answer-1", { approved: true })),
      postToSocket(resume.socketPath, resumeMessage("answer-2", { approved: false })),
    ]);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 500]));
    const won = answers.findIndex(({ status }) => status === 200);
    expect(answered(answers[won]?.body ?? "").frames).toMatchObject([
      { payload: { draft: "text", approved: won === 0 }, route: { prev: ["x-resume"], curr: "publisher", next: [] } },
    ]);
    const { type, message } = answered(answers[1 - won]?.body ?? "").details;
    expect(type).toBe("AlreadyResumedError");
    expect(message).toContain(`answer-${won + 1}`);

    const again = await postToSocket(resume.socketPath, resumeMessage(`answer-${won + 1}`, { approved: won === 0 }));
    expect(again.body).toBe(answers[won]?.body);

    const stale = await postToSocket(pause.socketPath, pauseMessage());
    expect(answered(stale.body).frames).toMatchObject([{ route: { curr: "", next: [] } }]);
    expect(answered(stale.body).frames[0]?.headers).toEqual({
      "x-asya-mesh-status": "off",
      "x-asya-fan-in": { origin_id: "task-1" },
    });
    expect(JSON.parse(await readFile(join(state, "paused/task-1.json"), "utf8"))).not.toHaveProperty(
      "route.next.0",
      "x-resume",
    );

    const logged = output.map(({ line }) => line).join("\n");
    expect(logged).toContain('"event":"resume","taskId":"task-1","outcome":"replayed"');
    expect(logged).not.toContain("draft");
  });

  it("loses nothing when x-resume is killed between its claim and its answer", async () => {
    const killFile = join(directory, "kill");
    const pause = await startActor("x-pause", "../src/x-pause.ts");
    await postToSocket(pause.socketPath, pauseMessage());
    const resume = await startActor("x-resume", "../src/x-resume.ts", { HOLDPOINT_KILL_FILE: killFile }, [
      "--import",
      fileOf("./kill-before-answer.ts"),
    ]);
    await writeFile(killFile, "");
    const message = resumeMessage("answer-1", { approved: true });
    await expect(postToSocket(resume.socketPath, message)).rejects.toThrow("socket hang up");
    await rm(killFile);
    const restarted = await startActor("x-resume", "../src/x-resume.ts");
    const other = await postToSocket(restarted.socketPath, resumeMessage("answer-2", { approved: false }));
    expect(answered(other.body).details.type).toBe("AlreadyResumedError");
    const first = await postToSocket(restarted.socketPath, message);
    const second = await postToSocket(restarted.socketPath, message);
    expect(answered(first.body).frames).toMatchObject([
      { payload: { draft: "text", approved: true }, route: { curr: "publisher" } },
    ]);
    expect(second.body).toBe(first.body);
  });
});

describe("pause metadata or a variable with a typing mistake", () => {
  it("is warned of at the start with what was meant, and passed on as it is", async () => {
    const metadata = { promt: "Publish?", fields: [{ name: "ok", type: "boolean", requird: false, theme: "dark" }] };
    const pause = await startActor("x-pause", "../src/x-pause.ts", {
      ASYA_PAUSE_METADATA: JSON.stringify(metadata),
      ASYA_RESUME_VALIDATON: "strict",
    });
    const warnings = output
      .map(({ line }) => JSON.parse(line) as { readonly level: string; readonly hint?: string })
      .filter(({ level }) => level === "warn");
    expect(warnings.map(({ hint }) => hint)).toEqual([
      "did you mean ASYA_RESUME_VALIDATION? It has no effect.",
      'promt: did you mean "prompt"? It is passed on as it is.',
      'fields.0.requird: did you mean "required"? It is passed on as it is.',
    ]);
    const { body } = await postToSocket(pause.socketPath, pauseMessage());
    expect(answered(body).frames[0]?.headers["x-asya-pause"]).toMatchObject(metadata);
  });
});

describe("an environment that is wrong", () => {
  it("stops the start with one message that lists everything, and exit code 78", async () => {
    const socketDirectory = join(directory, "sockets");
    const actor = spawn(process.execPath, [fileOf("../src/x-pause.ts")], {
      env: {
        NODE_OPTIONS: process.env["NODE_OPTIONS"],
        ASYA_PERSISTENCE_MOUNT: join(directory, "not-mounted"),
        ASYA_SOCKET_DIR: socketDirectory,
        ASYA_RESUME_MERGE_MODE: "deeper",
        ASYA_IS_END_ACTOR: "true",
      },
    });
    const [message, [code]] = await Promise.all([text(actor.stderr), once(actor, "close")]);
    expect(code).toBe(78);
    expect(message).toContain("x-pause cannot start. 4 settings are wrong");
    expect(message).toContain("state mount not found");
    for (const name of ["ASYA_PERSISTENCE_MOUNT", "ASYA_SOCKET_DIR", "ASYA_RESUME_MERGE_MODE", "ASYA_IS_END_ACTOR"]) {
      expect(message).toContain(name);
    }
  });

  it.each([
    ['{"schema":{"type":"nothing"}}', "schema: #/type"],
    ['{"schema":{"$ref":"#/$defs/none"}}', "leads nowhere"],
    [
      '{"fields":[{"name":"approved","type":"boolean"}],"expires_in":60,"on_expiry":{"approved":"no"}}',
      "on_expiry: it does not fit what is asked: approved",
    ],
  ])("stops the start where a question could never be answered: %s", async (metadata, problem) => {
    const actor = spawn(process.execPath, [fileOf("../src/x-pause.ts")], {
      env: {
        NODE_OPTIONS: process.env["NODE_OPTIONS"],
        ASYA_PERSISTENCE_MOUNT: directory,
        ASYA_SOCKET_DIR: directory,
        ASYA_PAUSE_METADATA: metadata,
      },
    });
    const [message, [code]] = await Promise.all([text(actor.stderr), once(actor, "close")]);
    expect(code).toBe(78);
    expect(message).toContain("ASYA_PAUSE_METADATA");
    expect(message).toContain(problem);
  });

  it("shows no password, and withdraws the promise of being ready that a crashed process left", async () => {
    await writeFile(join(directory, "runtime-ready"), "");
    const actor = spawn(process.execPath, [fileOf("../src/x-resume.ts")], {
      env: {
        NODE_OPTIONS: process.env["NODE_OPTIONS"],
        ASYA_SOCKET_DIR: directory,
        ASYA_CHECKPOINT_STORE: "nowhere://user:hunter2@host/bucket",
      },
    });
    const [message, [code]] = await Promise.all([text(actor.stderr), once(actor, "close")]);
    expect(code).toBe(78);
    expect(message).toContain("nowhere://***@host/bucket");
    expect(message).not.toContain("hunter2");
    expect(existsSync(join(directory, "runtime-ready"))).toBe(false);
  });
});

it("finishes the message in hand when it is told to stop, and then takes no more", async () => {
  const releaseFile = join(directory, "release");
  const waiting = nextLine('"event":"waiting"');
  const stopping = nextLine('"event":"stopping","inHand":1');
  const actor = await startActor("slow", "./slow-actor.ts", { SLOW_ACTOR_RELEASE: releaseFile });
  const answer = postToSocket(actor.socketPath, exampleEnvelope());
  await waiting;
  const ended = actor.kill("SIGTERM");
  await stopping;
  await expect(postToSocket(actor.socketPath, exampleEnvelope())).rejects.toThrow(/ENOENT|ECONNREFUSED/u);
  expect(existsSync(join(directory, "slow/runtime-ready"))).toBe(false);
  await writeFile(releaseFile, "");
  expect(await answer).toMatchObject({ status: 200 });
  await ended;
  expect(output.map(({ line }) => line).at(-1)).toContain('"event":"stopped","finished":true');
});
