import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { exampleEnvelope, postToSocket } from "../test/post-to-socket.ts";
import { createActorLog } from "./actor-log.ts";
import type { ActorHandler } from "./actor-message.ts";
import type { ActorServer, ServeActorOptions } from "./serve-actor.ts";
import { serveActor } from "./serve-actor.ts";

const mib = 1024 * 1024;
const filler = Buffer.alloc(8 * mib, "x");

let directory: string;
let server: ActorServer;
let lines: string[];
/** The ids of the messages that a handler was given, in that order. */
let handled: string[];
/** Ends the work on a message. */
let finish: PromiseWithResolvers<void>;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "turns-"));
  lines = [];
  handled = [];
  finish = Promise.withResolvers<void>();
});
afterEach(async () => {
  finish.resolve();
  await server.close();
  await rm(directory, { recursive: true });
});

const workUntilTold: ActorHandler = async ({ id }) => {
  handled.push(id);
  await finish.promise;
  return { payload: { id } };
};

/** Serves a handler with room for 10 MiB of messages. */
async function serve(options: ServeActorOptions = {}, handler = workUntilTold): Promise<string> {
  const log = createActorLog({ actor: "test" }, { write: (line) => lines.push(line) });
  const common = { socketDirectory: directory, handleSignals: false, log, maxBytesInHand: 10 * mib };
  server = await serveActor(handler, { ...common, ...options });
  return server.socketPath;
}

/** A message of 8 MiB, of which two are more than there is room for. */
function largeMessage(id: string): Buffer {
  const [before = "", after = ""] = JSON.stringify(exampleEnvelope({ id, payload: { text: "*" } })).split("*");
  return Buffer.concat([Buffer.from(before), filler, Buffer.from(after)]);
}

/** Begins to send a message, and sends so many bytes of it. */
function begin(socketPath: string, body: Buffer, sentBytes = body.byteLength): Socket {
  const connection = connect(socketPath);
  // Some are closed while they are being written to.
  connection.on("error", () => undefined);
  connection.write(`POST /invoke HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.byteLength}\r\n\r\n`);
  connection.write(body.subarray(0, sentBytes));
  return connection;
}

/** Sends a message without its length. */
function beginChunked(socketPath: string, body: Buffer): Socket {
  const connection = connect(socketPath);
  connection.on("error", () => undefined);
  connection.write("POST /invoke HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  connection.write(`${body.byteLength.toString(16)}\r\n`);
  connection.write(body);
  connection.write("\r\n0\r\n\r\n");
  return connection;
}

/** What comes back until the connection is closed, in whatever way. */
async function answerTo(connection: Socket): Promise<string> {
  const received: Buffer[] = [];
  const closed = Promise.withResolvers<void>();
  connection.on("data", (chunk: Buffer) => received.push(chunk)).once("close", () => closed.resolve());
  await closed.promise;
  return Buffer.concat(received).toString();
}

async function statusOf(connection: Socket): Promise<string | undefined> {
  return /^HTTP\/1\.1 (\d+)/u.exec(await answerTo(connection))?.[1];
}

const small = (id: string): object => exampleEnvelope({ id });

describe("messages beyond the bytes that may be in hand", () => {
  it("wait for their turn in the order in which they came, and the socket holds their senders back", async () => {
    const socketPath = await serve();
    const first = begin(socketPath, largeMessage("first"));
    await vi.waitFor(() => expect(handled).toEqual(["first"]));
    const second = begin(socketPath, largeMessage("second"));
    await delay(50);
    const third = postToSocket(socketPath, small("third"));
    await delay(200);
    // The small one would fit, but it came later.
    expect(handled).toEqual(["first"]);
    // What the server does not read stays with the sender, but for what the operating system takes.
    expect(second.writableLength).toBeGreaterThan(6 * mib);
    expect((await postToSocket(socketPath, "", { path: "/healthz", method: "GET" })).status).toBe(200);
    finish.resolve();
    expect(await Promise.all([statusOf(first), statusOf(second)])).toEqual(["200", "200"]);
    expect((await third).status).toBe(200);
    expect(handled[0]).toBe("first");
    expect(new Set(handled)).toEqual(new Set(["first", "second", "third"]));
  });

  it("are taken alone where one is larger than all of them, with or without a length", async () => {
    const socketPath = await serve({ maxBytesInHand: mib });
    finish.resolve();
    const [known, unknown] = [
      begin(socketPath, largeMessage("known")),
      beginChunked(socketPath, largeMessage("unknown")),
    ];
    expect(await Promise.all([statusOf(known), statusOf(unknown)])).toEqual(["200", "200"]);
    expect(new Set(handled)).toEqual(new Set(["known", "unknown"]));
  });

  it("get the turn of a client that sends too slowly", async () => {
    const socketPath = await serve({ requestTimeoutMs: 2_000 });
    finish.resolve();
    const slow = begin(socketPath, largeMessage("slow"), mib);
    const told = answerTo(slow);
    await delay(50);
    const drip = setInterval(() => slow.write("x"), 20);
    try {
      const next = begin(socketPath, largeMessage("next"));
      expect(await statusOf(next)).toBe("200");
    } finally {
      clearInterval(drip);
    }
    expect(await told).toMatch(/^HTTP\/1\.1 400 [^]*did not arrive whole within 2000 ms/u);
    expect(handled).toEqual(["next"]);
  });

  it("are not late for having waited, however long that is", async () => {
    const socketPath = await serve({ requestTimeoutMs: 1_000 });
    const first = begin(socketPath, largeMessage("first"));
    await vi.waitFor(() => expect(handled).toEqual(["first"]));
    const second = begin(socketPath, largeMessage("second"));
    await delay(2_500);
    finish.resolve();
    expect(await Promise.all([statusOf(first), statusOf(second)])).toEqual(["200", "200"]);
  });

  it("get the turns of clients that break off, whether these were sending or waiting", async () => {
    const socketPath = await serve();
    finish.resolve();
    const broken = Array.from({ length: 8 }, (_, index) => begin(socketPath, largeMessage(`broken-${index}`), mib));
    await Promise.all(broken.map((connection) => once(connection, "connect")));
    await delay(50);
    const next = begin(socketPath, largeMessage("next"));
    await delay(50);
    expect(handled).toEqual([]);
    for (const connection of broken) connection.destroy();
    expect(await statusOf(next)).toBe("200");
    expect(handled).toEqual(["next"]);
    await vi.waitFor(() => expect(lines.filter((line) => line.includes("request broke off"))).toHaveLength(8));
  });

  it.each(["a length", "chunks"])("sent with %s are told to come again when they can wait no longer", async (form) => {
    const socketPath = await serve({ actorTimeoutMs: 1000, maxBytesInHand: 8 * mib });
    const first = begin(socketPath, largeMessage("first"));
    await vi.waitFor(() => expect(handled).toEqual(["first"]));
    const message = largeMessage("second");
    const second = await answerTo(form === "chunks" ? beginChunked(socketPath, message) : begin(socketPath, message));
    expect(second).toMatch(/^HTTP\/1\.1 500 /u);
    expect(JSON.parse(second.slice(second.indexOf("\r\n\r\n")))).toMatchObject({
      error: "processing_error",
      details: { type: "NoTurnError", mro: ["NoTurnError", "Error"] },
    });
    finish.resolve();
    await answerTo(first);
    expect((await postToSocket(socketPath, small("third"))).status).toBe(200);
    expect(handled).toEqual(["first", "third"]);
  });

  it("have the less time for their work the longer they have waited", async () => {
    const workedMs: number[] = [];
    const socketPath = await serve({ actorTimeoutMs: 2000 }, async ({ id }, { signal }) => {
      const startedAt = performance.now();
      await (id === "first" ? delay(1200) : once(signal, "abort"));
      workedMs.push(performance.now() - startedAt);
      return { payload: {} };
    });
    const connections = [begin(socketPath, largeMessage("first")), begin(socketPath, largeMessage("second"))];
    await Promise.all(connections.map(answerTo));
    expect(workedMs).toHaveLength(2);
    expect(workedMs[1]).toBeLessThan(1000);
  });
});

describe("what handlers read beside their messages", () => {
  /** A handler that reads so many bytes for each message, and works on them until it is told to stop. */
  const readThenWork =
    (bytes: number): ActorHandler =>
    async (message, context) => {
      await context.takeBytes(bytes);
      return await workUntilTold(message, context);
    };

  it("takes turns with the messages, in the order in which it was asked for", async () => {
    const socketPath = await serve({}, readThenWork(8 * mib));
    const first = postToSocket(socketPath, small("first"));
    await vi.waitFor(() => expect(handled).toEqual(["first"]));
    const second = postToSocket(socketPath, small("second"));
    await delay(50);
    const third = begin(socketPath, largeMessage("third"));
    await delay(200);
    expect(handled).toEqual(["first"]);
    finish.resolve();
    expect([(await first).status, (await second).status, await statusOf(third)]).toEqual([200, 200, "200"]);
    expect(handled).toEqual(["first", "second", "third"]);
  });

  it("never stands still where each asks for more than all of it, and has one in hand at a time then", async () => {
    let inHand = 0;
    let most = 0;
    const socketPath = await serve({}, async (_message, { takeBytes }) => {
      await takeBytes(6 * mib);
      await takeBytes(20 * mib);
      most = Math.max(most, (inHand += 1));
      await delay(20);
      inHand -= 1;
      return { payload: {} };
    });
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, index) => postToSocket(socketPath, small(`task-${index}`))),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(most).toBe(1);
  });

  it("ends a message whose time is up while it waits, and lets the next have its turn", async () => {
    const socketPath = await serve({ actorTimeoutMs: 1000 }, async (message, context) => {
      if (message.id !== "holder") await context.takeBytes(8 * mib);
      return await workUntilTold(message, context);
    });
    const holder = begin(socketPath, largeMessage("holder"));
    await vi.waitFor(() => expect(handled).toEqual(["holder"]));
    const second = await postToSocket(socketPath, small("second"));
    expect(second.status).toBe(500);
    expect(JSON.parse(second.body)).toMatchObject({
      details: { type: "NoTurnError", mro: ["NoTurnError", "Error"] },
    });
    finish.resolve();
    await answerTo(holder);
    expect((await postToSocket(socketPath, small("third"))).status).toBe(200);
    expect(handled).toEqual(["holder", "third"]);
  });

  it("is not waited for any longer by a message whose sender has gone", async () => {
    const socketPath = await serve({}, readThenWork(8 * mib));
    const first = postToSocket(socketPath, small("first"));
    await vi.waitFor(() => expect(handled).toEqual(["first"]));
    const gone = begin(socketPath, Buffer.from(JSON.stringify(small("gone"))));
    await delay(50);
    gone.destroy();
    await vi.waitFor(() => expect(lines.some((line) => line.includes("sidecar was gone"))).toBe(true));
    finish.resolve();
    expect((await first).status).toBe(200);
    expect((await postToSocket(socketPath, small("second"))).status).toBe(200);
    expect(handled).toEqual(["first", "second"]);
  });
});
