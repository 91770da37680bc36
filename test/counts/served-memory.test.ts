import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { createPauseLedger } from "@holdpoint/asya";
import { openStore } from "@holdpoint/core";
import { testServer } from "@holdpoint/test-servers";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";

import { postToSocket } from "../../packages/actors/test/post-to-socket.ts";
import type { ServedProcess } from "../../tooling/bench/src/memory/served-process.ts";
import { startServed } from "../../tooling/bench/src/memory/served-process.ts";
import { temporaryDirectory } from "../every-store.ts";

const mib = 1024 * 1024;
const redis = testServer("redis");
const repository = join(import.meta.dirname, "../..");
const text = Buffer.alloc(20 * mib, "x");

interface Deployment {
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly containers: readonly { readonly resources?: { readonly limits: { readonly memory: string } } }[];
      };
    };
  };
}

/** What the manifests let an actor use. */
async function limitBytes(actor: ActorName): Promise<number> {
  const manifest = parse(await readFile(join(repository, `deploy/deployments/${actor}.yaml`), "utf8")) as Deployment;
  const limit = manifest.spec.template.spec.containers[0]?.resources?.limits.memory ?? "";
  expect(limit).toMatch(/^\d+Mi$/u);
  return Number.parseInt(limit, 10) * mib;
}

type ActorName = "x-pause" | "x-resume";

/** Serves an actor on Redis with the heap that Node gives itself in a container of that size. */
async function serveActor(actor: ActorName, store: string, directory: string): Promise<ServedProcess> {
  const program = ["--max-heap-size=256", "--conditions=source", join(repository, `packages/actors/src/${actor}.ts`)];
  return await startServed(program, join(directory, "actor.sock"), {
    cwd: repository,
    env: {
      ...process.env,
      ASYA_CHECKPOINT_STORE: store,
      ASYA_SOCKET_DIR: directory,
      ASYA_SOCKET_NAME: "actor.sock",
    },
  });
}

function storeOf(directory: string): string {
  return `${redis.url}?prefix=${encodeURIComponent(directory)}:`;
}

/** Sends the first MiB of a message of 20 MiB, and says what is missing. */
function begin(socketPath: string, id: string): { readonly connection: Socket; readonly rest: Buffer } {
  const route = { prev: ["analyzer"], curr: "x-pause", next: ["summarizer"] };
  const [before = "", after = ""] = JSON.stringify({ id, route, headers: {}, payload: { text: "*" } }).split("*");
  const connection = connect(socketPath);
  // Some are closed while they are being written to.
  connection.on("error", () => undefined);
  const lengthBytes = before.length + text.byteLength + after.length;
  connection.write(`POST /invoke HTTP/1.1\r\nHost: a\r\nContent-Length: ${lengthBytes}\r\n\r\n${before}`);
  connection.write(text.subarray(0, mib));
  return { connection, rest: Buffer.concat([text.subarray(mib), Buffer.from(after)]) };
}

async function statusOf(connection: Socket): Promise<string> {
  let head = "";
  connection.on("data", (chunk: Buffer) => {
    if (head === "") head = chunk.toString("latin1", 0, 12);
  });
  await once(connection, "close");
  return head;
}

describe.skipIf(process.platform !== "linux" || redis.isMissing)("x-pause on Redis", () => {
  it("stays under the manifests' limit with 16 messages of 20 MiB at once, a slow one, and eight that break off", async () => {
    await using directory = await temporaryDirectory();
    const socketPath = join(directory.path, "actor.sock");
    await using served = await serveActor("x-pause", storeOf(directory.path), directory.path);
    const slow = begin(socketPath, "slow");
    const slowStatus = statusOf(slow.connection);
    await delay(100);
    for (let index = 0; index < 8; index += 1) {
      const { connection } = begin(socketPath, `broken-${index}`);
      setTimeout(() => connection.destroy(), 500);
    }
    const statuses = Array.from({ length: 16 }, async (_, index) => {
      const { connection, rest } = begin(socketPath, `task-${index}`);
      connection.write(rest);
      return await statusOf(connection);
    });
    const first = Promise.race(statuses);
    expect(await Promise.race([first, delay(1000, "they wait for their turn")])).toBe("they wait for their turn");
    slow.connection.write(slow.rest);
    expect(await slowStatus).toBe("HTTP/1.1 200");
    expect(new Set(await Promise.all(statuses))).toEqual(new Set(["HTTP/1.1 200"]));
    expect(served.memory().peakBytes).toBeLessThan(await limitBytes("x-pause"));
  });
});

describe.skipIf(process.platform !== "linux" || redis.isMissing)("x-resume on Redis", () => {
  it("stays under the manifests' limit with 16 answers at once to tasks of 20 MiB, and lets each go on once", async () => {
    await using directory = await temporaryDirectory();
    await using store = await openStore(storeOf(directory.path));
    const ledger = createPauseLedger(store);
    const ids = Array.from({ length: 16 }, (_, index) => `task-${index}`);
    for (const id of ids) {
      const route = { prev: ["analyzer"], curr: "x-pause", next: ["summarizer"] };
      await ledger.pause({ id, route, payload: { text: text.toString("latin1") } });
    }
    await using served = await serveActor("x-resume", storeOf(directory.path), directory.path);
    const resume = async (id: string, answer: string): Promise<string> => {
      const route = { prev: [], curr: "x-resume", next: [] };
      const headers = { "x-asya-resume-task": id };
      const message = JSON.stringify({ id: answer, route, headers, payload: { approved: true, answer } });
      const { status, body } = await postToSocket(join(directory.path, "actor.sock"), message);
      return status === 200 ? body : `${status} ${body}`;
    };
    const answers = await Promise.all(ids.map((id) => resume(id, `answer-to-${id}`)));
    const digests = answers.map((body) => createHash("sha256").update(body).digest("hex"));
    for (const [index, body] of answers.entries()) {
      expect(body.slice(0, 200)).not.toMatch(/^\d/u);
      const { frames } = JSON.parse(body) as { readonly frames: readonly { readonly payload: unknown }[] };
      expect(frames).toHaveLength(1);
      expect(frames[0]?.payload).toMatchObject({ approved: true, answer: `answer-to-task-${index}` });
      expect(body.length).toBeGreaterThan(text.byteLength);
    }
    // Delivered again, and at the same time other answers come too late.
    const [again, others] = await Promise.all([
      Promise.all(ids.map((id) => resume(id, `answer-to-${id}`))),
      Promise.all(ids.map((id) => resume(id, `other-answer-to-${id}`))),
    ]);
    expect(again.map((body) => createHash("sha256").update(body).digest("hex"))).toEqual(digests);
    for (const other of others) expect(other.slice(0, 1000)).toMatch(/^500 .*AlreadyResumedError/u);
    const { peakBytes } = served.memory();
    expect(peakBytes).toBeLessThan(await limitBytes("x-resume"));
  });
});
