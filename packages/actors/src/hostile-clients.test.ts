import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { gzipSync } from "node:zlib";

import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { exampleEnvelope, postToSocket } from "../test/post-to-socket.ts";
import { createActorLog } from "./actor-log.ts";
import type { ActorHandler } from "./actor-message.ts";
import type { ActorServer, ServeActorOptions } from "./serve-actor.ts";
import { serveActor } from "./serve-actor.ts";

const mib = 1024 * 1024;

let directory: string;
let server: ActorServer;
let lines: string[];
const echo: ActorHandler = async ({ payload }) => ({ payload });

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "hostile-"));
  lines = [];
});
afterEach(async () => {
  await server.close();
  await rm(directory, { recursive: true });
});

async function serve(handler: ActorHandler, options: ServeActorOptions = {}): Promise<string> {
  const log = createActorLog({ actor: "test" }, { write: (line) => lines.push(line) });
  server = await serveActor(handler, { socketDirectory: directory, handleSignals: false, log, ...options });
  return server.socketPath;
}

/** Sends bytes and nothing after them; resolves to what comes back until the connection is closed, in whatever way. */
async function exchange(socketPath: string, bytes: string | Uint8Array): Promise<string> {
  const connection = connect(socketPath);
  const received: Buffer[] = [];
  connection.on("data", (chunk: Buffer) => received.push(chunk));
  // A connection that is closed while we write is an answer too.
  connection.on("error", () => undefined);
  connection.end(bytes);
  await closing(connection);
  return Buffer.concat(received).toString();
}

/** Resolves once a connection is closed, also by an error. */
function closing(connection: Socket): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  connection.once("close", () => resolve());
  return promise;
}

async function expectUsable(socketPath: string): Promise<void> {
  const { status, body } = await postToSocket(socketPath, exampleEnvelope());
  expect(status).toBe(200);
  expect(JSON.parse(body)).toMatchObject({ frames: [{ payload: { draft: "text" } }] });
}

const text = JSON.stringify(exampleEnvelope());
const post = (headers: string, body: string): string => `POST /invoke HTTP/1.1\r\nHost: a\r\n${headers}\r\n\r\n${body}`;
const whole = post(`Content-Length: ${text.length}`, text);
const chunk = (data: string): string => `${data.length.toString(16)}\r\n${data}\r\n`;

describe("a request that is wrong in itself is refused, and the next one is answered", () => {
  it.each([
    [
      "length and chunks",
      post(`Content-Length: ${text.length}\r\nTransfer-Encoding: chunked`, `${chunk(text)}0\r\n\r\n`),
    ],
    ["two lengths", post("Content-Length: 5\r\nContent-Length: 6", text)],
    ["a length below nothing", post("Content-Length: -1", text)],
    ["a length that no number holds", post(`Content-Length: ${"9".repeat(30)}`, text)],
    ["a length in hexadecimal", post("Content-Length: 0x10", text)],
    ["a chunk without a size", post("Transfer-Encoding: chunked", "zz\r\n")],
    ["a chunk of a size that no number holds", post("Transfer-Encoding: chunked", `${"F".repeat(20)}\r\n`)],
    [
      "a chunk with an endless extension",
      post("Transfer-Encoding: chunked", `1;${"x".repeat(100_000)}\r\na\r\n0\r\n\r\n`),
    ],
    ["an encoding of transfer that does not exist", post("Transfer-Encoding: chunked, gzip", text)],
    ["a header of 100 kB", post(`X: ${"x".repeat(100_000)}`, text)],
    ["5,000 headers", post("X: y\r\n".repeat(5_000).trim(), text)],
    ["a path of 100 kB", `POST /${"x".repeat(100_000)} HTTP/1.1\r\nHost: a\r\n\r\n`],
    ["a header with a NUL", post("X: a\0b", text)],
    ["line breaks of one character", whole.replaceAll("\r\n", "\n")],
    ["a method in small letters", whole.replace("POST", "post")],
    ["HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    ["no host", whole.replace("Host: a\r\n", "")],
    ["a body that is packed", post("Content-Encoding: gzip\r\nContent-Length: 3", "\u001f\u008b\b")],
    ["zeros", "\0".repeat(mib)],
    ["a body that is shorter than its length", post(`Content-Length: ${text.length + 1}`, text)],
    ["chunks without an end", post("Transfer-Encoding: chunked", chunk(text))],
  ])("%s", async (_, bytes) => {
    const handled: string[] = [];
    const socketPath = await serve(async ({ id, payload }) => {
      handled.push(id);
      return { payload };
    });
    expect(await exchange(socketPath, bytes)).toMatch(/^HTTP\/1\.1 400 |^$/u);
    expect(handled).toEqual([]);
    await expectUsable(socketPath);
  });

  it("a tunnel, or a protocol to change to", async () => {
    const socketPath = await serve(echo);
    expect(await exchange(socketPath, "CONNECT b:1 HTTP/1.1\r\nHost: b:1\r\n\r\n")).not.toContain(" 200 ");
    const upgrade = post(`Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: ${text.length}`, text);
    expect(await exchange(socketPath, upgrade)).not.toContain(" 101 ");
    await expectUsable(socketPath);
  });

  it("a body that is packed whole", async () => {
    const socketPath = await serve(echo);
    const packed = gzipSync(text);
    const head = Buffer.from(post(`Content-Encoding: gzip\r\nContent-Length: ${packed.length}`, ""));
    expect(await exchange(socketPath, Buffer.concat([head, packed]))).toMatch(/^HTTP\/1\.1 400 [^]*not UTF-8/u);
    await expectUsable(socketPath);
  });
});

describe("a request that is only unusual is answered", () => {
  it.each([
    ["another type of content", post(`Content-Type: text/xml; charset=utf-16\r\nContent-Length: ${text.length}`, text)],
    [
      "chunks of one byte, and a trailer",
      post("Transfer-Encoding: chunked", `${Array.from(text, chunk).join("")}0\r\nX: y\r\n\r\n`),
    ],
    ["a wait for leave to send", post(`Expect: 100-continue\r\nContent-Length: ${text.length}`, text)],
    ["a query", whole.replace("/invoke", "/invoke?a=b")],
  ])("%s", async (_, bytes) => {
    const socketPath = await serve(echo);
    expect(await exchange(socketPath, bytes)).toMatch(/HTTP\/1\.1 200 OK[^]*"frames"/u);
    await expectUsable(socketPath);
  });
});

it("whatever bytes arrive, the server answers or closes, and takes the next message", async () => {
  const socketPath = await serve(echo);
  const mutated = fc
    .tuple(
      fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
      fc.nat(whole.length),
    )
    .map(([changes, length]) => {
      const bytes = Buffer.from(whole);
      for (const [at, byte] of changes) bytes[at] = byte;
      return bytes.subarray(0, length);
    });
  await fc.assert(
    fc.asyncProperty(fc.oneof(mutated, fc.uint8Array({ minLength: 1 })), async (bytes) => {
      expect(await exchange(socketPath, bytes)).toMatch(/^HTTP\/1\.1 (?:200|204|400|404|417|500) |^$/u);
      await expectUsable(socketPath);
    }),
    { numRuns: 200 },
  );
});

describe("clients that hold on", () => {
  it("do not keep others out, and are dropped when their time is up", async () => {
    const socketPath = await serve(echo, { requestTimeoutMs: 2_000 });
    const halves = ["", "POST /inv", post("Content-Length: 100", "{"), post("Transfer-Encoding: chunked", "5\r\nab")];
    const connections = Array.from({ length: 200 }, () =>
      connect(socketPath)
        .on("error", () => undefined)
        .resume(),
    );
    for (const [index, connection] of connections.entries()) connection.write(halves[index % halves.length] ?? "");
    const closed = connections.map(closing);
    await expectUsable(socketPath);
    await Promise.all(closed);
    await expectUsable(socketPath);
  });

  it("and send a byte now and then, are dropped as well", async () => {
    const socketPath = await serve(echo, { requestTimeoutMs: 2_000 });
    const connection = connect(socketPath).on("error", () => undefined);
    const closed = closing(connection.resume());
    connection.write(post("Content-Length: 1000000", ""));
    const drip = setInterval(() => connection.write("x"), 20);
    try {
      await closed;
    } finally {
      clearInterval(drip);
    }
    await expectUsable(socketPath);
  });

  it("and never read their answer, are dropped, so that nothing holds it for ever", async () => {
    const socketPath = await serve(echo, { requestTimeoutMs: 2_000 });
    const connection = connect(socketPath).on("error", () => undefined);
    connection.pause();
    const body = JSON.stringify(exampleEnvelope({ payload: { text: "x".repeat(8 * mib) } }));
    connection.write(post(`Content-Length: ${body.length}`, body));
    await vi.waitFor(() => expect(lines.join("\n")).toContain("answer was not taken"), {
      timeout: 10_000,
      interval: 20,
    });
    await expectUsable(socketPath);
    // Its message is no longer in hand, so shutting down does not wait for it.
    expect(await server.close()).toBe(true);
    connection.destroy();
  });
});

describe("memory", () => {
  setFlagsFromString("--expose-gc");
  const collectGarbage = runInNewContext("gc") as () => void;
  const heldBytes = (): number => {
    // The memory of buffers is given back beside the program, and the second collection waits for what the first one found.
    collectGarbage();
    collectGarbage();
    const { arrayBuffers, heapUsed } = process.memoryUsage();
    return arrayBuffers + heapUsed;
  };

  it.each(["a length", "chunks"])("does not hold a body over the limit, sent with %s", async (form) => {
    const socketPath = await serve(echo, { maxBodyBytes: mib });
    const block = Buffer.alloc(mib, "x");
    const blocks = 96;
    const before = heldBytes();
    const connection = connect(socketPath);
    const received: Buffer[] = [];
    connection.on("data", (data: Buffer) => received.push(data));
    const closed = closing(connection);
    connection.write(post(form === "chunks" ? "Transfer-Encoding: chunked" : `Content-Length: ${blocks * mib}`, ""));
    let mostBytes = 0;
    for (let sent = 0; sent < blocks; sent += 1) {
      if (form === "chunks") connection.write(`${mib.toString(16)}\r\n`);
      await write(connection, block);
      if (form === "chunks") connection.write("\r\n");
      if (sent % 16 === 15) mostBytes = Math.max(mostBytes, heldBytes());
    }
    if (form === "chunks") connection.write("0\r\n\r\n");
    await closed;
    expect(Buffer.concat(received).toString()).toMatch(/^HTTP\/1\.1 400 [^]*MessageTooLargeError/u);
    expect(mostBytes - before).toBeLessThan(16 * mib);
    await expectUsable(socketPath);
  });

  it("does not hold what follows a message on its connection", async () => {
    const release = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const handled: string[] = [];
    const socketPath = await serve(async ({ id, payload }) => {
      handled.push(id);
      begun.resolve();
      await release.promise;
      return { payload };
    });
    const before = heldBytes();
    const connection = connect(socketPath).on("error", () => undefined);
    const received: Buffer[] = [];
    connection.on("data", (data: Buffer) => received.push(data));
    const closed = closing(connection);
    connection.write(whole);
    await begun.promise;
    const flood = Buffer.from(whole.repeat(Math.ceil((8 * mib) / whole.length)));
    for (let sent = 0; sent < 8; sent += 1) connection.write(flood);
    let waiting: number;
    do {
      waiting = connection.writableLength;
      const probe = await postToSocket(socketPath, "", { path: "/healthz", method: "GET" });
      expect(probe.status).toBe(200);
    } while (connection.writableLength !== waiting);
    // The server stops reading, so what it does not take stays with us: one buffer, eight times.
    expect(waiting).toBeGreaterThan(48 * mib);
    expect(heldBytes() - before).toBeLessThan(flood.length + 16 * mib);
    release.resolve();
    await closed;
    expect(Buffer.concat(received).toString()).toMatch(/^HTTP\/1\.1 200 /u);
    expect(handled).toEqual(["task-1"]);
    await expectUsable(socketPath);
  });

  it("is given back after clients that broke off", async () => {
    const socketPath = await serve(echo);
    const half = post(`Content-Length: ${2 * mib}`, "x".repeat(mib));
    const breakOff = async (): Promise<void> => {
      await Promise.all(Array.from({ length: 16 }, () => exchange(socketPath, half)));
      await expectUsable(socketPath);
    };
    await breakOff();
    const before = heldBytes();
    for (let round = 0; round < 4; round += 1) await breakOff();
    // A client sees its connection closed before the server has let go of it; 64 MiB that stay held would not go away.
    await vi.waitFor(() => expect(heldBytes() - before).toBeLessThan(8 * mib), { timeout: 10_000, interval: 20 });
  });
});

/** Writes, and waits until the other side has taken it. */
async function write(connection: Socket, bytes: Uint8Array): Promise<void> {
  if (!connection.write(bytes)) await once(connection, "drain");
}
