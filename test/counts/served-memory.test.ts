import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { testServer } from "@holdpoint/test-servers";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";

import { startServed } from "../../tooling/bench/src/memory/served-process.ts";
import { temporaryDirectory } from "../every-store.ts";

const mib = 1024 * 1024;
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
async function limitBytes(): Promise<number> {
  const manifest = parse(await readFile(join(repository, "deploy/deployments/x-pause.yaml"), "utf8")) as Deployment;
  const limit = manifest.spec.template.spec.containers[0]?.resources?.limits.memory ?? "";
  expect(limit).toMatch(/^\d+Mi$/u);
  return Number.parseInt(limit, 10) * mib;
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

const redis = testServer("redis");

describe.skipIf(process.platform !== "linux" || redis.isMissing)("x-pause on Redis", () => {
  it("stays under the manifests' limit with 16 messages of 20 MiB at once, a slow one, and eight that break off", async () => {
    await using directory = await temporaryDirectory();
    const socketPath = join(directory.path, "actor.sock");
    // The heap that Node gives itself in a container of that size.
    const program = ["--max-heap-size=256", "--conditions=source", join(repository, "packages/actors/src/x-pause.ts")];
    await using served = await startServed(program, socketPath, {
      cwd: repository,
      env: {
        ...process.env,
        ASYA_CHECKPOINT_STORE: `${redis.url}?prefix=${encodeURIComponent(directory.path)}:`,
        ASYA_SOCKET_DIR: directory.path,
        ASYA_SOCKET_NAME: "actor.sock",
      },
    });
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
    expect(served.memory().peakBytes).toBeLessThan(await limitBytes());
  });
});
