import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm, stat, writeFile } from "node:fs/promises";
import { createServer, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { parseLosslessJson } from "@holdpoint/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { exampleEnvelope, postToSocket, writeToSocket } from "../test/post-to-socket.ts";
import { createActorLog } from "./actor-log.ts";
import type { ActorHandler } from "./actor-message.ts";
import type { ActorServer, ServeActorOptions } from "./serve-actor.ts";
import { serveActor } from "./serve-actor.ts";
import type { WireError } from "./wire-error.ts";

let directory: string;
let lines: string[];
let servers: ActorServer[];
const echo: ActorHandler = async ({ payload }) => ({ payload });

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "serve-"));
  lines = [];
  servers = [];
});
afterEach(async () => {
  await Promise.all(servers.map((server) => server.close()));
  await rm(directory, { recursive: true });
});

async function serve(handler: ActorHandler, options: ServeActorOptions = {}): Promise<ActorServer> {
  const log = createActorLog({ actor: "test" }, { write: (line) => lines.push(line) });
  const server = await serveActor(handler, { socketDirectory: directory, handleSignals: false, log, ...options });
  servers.push(server);
  return server;
}

const readyFile = (): string => join(directory, "runtime-ready");
const failure = (body: string): WireError => JSON.parse(body) as WireError;

describe("answers", () => {
  it("sends the message on, its route moved by one, and closes the connection", async () => {
    const { socketPath } = await serve(echo);
    const { status, headers, body } = await postToSocket(socketPath, exampleEnvelope());
    expect(status).toBe(200);
    expect(headers).toMatchObject({ connection: "close", "content-type": "application/json" });
    expect(JSON.parse(body)).toEqual({
      frames: [{ payload: { draft: "text" }, route: { prev: ["a", "b"], curr: "c", next: ["d"] }, headers: {} }],
    });
  });

  it.each([[undefined], [[]]])("ends the pipeline with 204 where the handler returns %j", async (returned) => {
    const { socketPath } = await serve(async () => returned);
    expect(await postToSocket(socketPath, exampleEnvelope())).toMatchObject({ status: 204, body: "" });
  });

  it("reports what the handler throws, also outside of its promise", async () => {
    const throwing = (): never => {
      throw new RangeError("out of range");
    };
    const { socketPath } = await serve(throwing);
    const { status, body } = await postToSocket(socketPath, exampleEnvelope());
    expect(status).toBe(500);
    expect(failure(body)).toMatchObject({
      error: "processing_error",
      details: { message: "out of range", type: "RangeError", mro: ["RangeError", "Error"] },
    });
    expect(failure(body).details.traceback).toContain("    at throwing");
  });

  it("reports a reply that is no JSON", async () => {
    const { socketPath } = await serve(async () => ({ payload: { big: 1n } }));
    expect((await postToSocket(socketPath, exampleEnvelope())).status).toBe(500);
  });

  it("answers the probe, and nothing else", async () => {
    const { socketPath } = await serve(echo);
    expect(await postToSocket(socketPath, "", { path: "/healthz", method: "GET" })).toMatchObject({
      status: 200,
      body: '{"status":"ready"}',
    });
    expect(await postToSocket(socketPath, "", { path: "/", method: "GET" })).toMatchObject({ status: 404 });
    expect(await postToSocket(socketPath, "{}", { path: "/healthz" })).toMatchObject({ status: 404 });
    expect(await postToSocket(socketPath, "", { method: "GET" })).toMatchObject({ status: 404 });
  });

  it("keeps numbers that a double cannot hold if it is asked to", async () => {
    const { socketPath } = await serve(echo, { parseJson: parseLosslessJson });
    const { body } = await postToSocket(
      socketPath,
      '{"id":"t","route":{"curr":"a"},"payload":{"n":12345678901234567890,"f":1.0}}',
    );
    expect(body).toContain('"payload":{"n":12345678901234567890,"f":1.0}');
  });

  it("writes a log line with the task and the time taken, and nothing of the payload", async () => {
    const { socketPath } = await serve(echo);
    await postToSocket(socketPath, exampleEnvelope({ payload: { secret: "hunter2" } }));
    const handled = lines
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .find((line) => line["event"] === "message handled");
    expect(handled).toMatchObject({
      level: "info",
      actor: "test",
      taskId: "task-1",
      durationMs: expect.any(Number) as number,
    });
    expect(lines.join("\n")).not.toContain("hunter2");
  });
});

describe("bad requests", () => {
  it.each(["", "{", "[]", '{"id":"t"}', '"text"', "\u0000"])("answers %j with 400, and lives on", async (text) => {
    const { socketPath } = await serve(echo);
    const { status, body } = await postToSocket(socketPath, text);
    expect(status).toBe(400);
    expect(failure(body)).toMatchObject({ error: "msg_parsing_error", details: { type: "MalformedMessageError" } });
    expect((await postToSocket(socketPath, exampleEnvelope())).status).toBe(200);
  });

  it.each([
    "garbage\r\n\r\n",
    "\u0016\u0003\u0001\u0002",
    "POST /invoke HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
  ])("answers %j, which is no HTTP, and lives on", async (bytes) => {
    const { socketPath } = await serve(echo);
    const answer = await writeToSocket(socketPath, bytes);
    expect(answer).toMatch(/^HTTP\/1\.1 400 [^]*"error":"msg_parsing_error"/u);
    expect((await postToSocket(socketPath, exampleEnvelope())).status).toBe(200);
  });

  it("refuses a body over the limit with an answer that the sender gets to read", async () => {
    const { socketPath } = await serve(echo, { maxBodyBytes: 1000 });
    const { status, body } = await postToSocket(
      socketPath,
      exampleEnvelope({ payload: { text: "x".repeat(2_000_000) } }),
    );
    expect(status).toBe(400);
    expect(failure(body).details).toMatchObject({
      type: "MessageTooLargeError",
      mro: ["MessageTooLargeError", "MalformedMessageError", "Error"],
      message: expect.stringContaining("1000 bytes") as string,
    });
  });

  it.each(["POST /inv", "POST /invoke HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{"])(
    "gives up on %j, of which the rest never comes",
    async (bytes) => {
      const { socketPath } = await serve(echo, { requestTimeoutMs: 1_000 });
      expect(await writeToSocket(socketPath, bytes)).toMatch(
        /^HTTP\/1\.1 400 [^]*did not arrive whole within 1000 ms/u,
      );
      expect((await postToSocket(socketPath, exampleEnvelope())).status).toBe(200);
    },
  );

  it("runs one message a connection, so that no answer meets a closed one", async () => {
    const handled: string[] = [];
    const { socketPath } = await serve(async ({ id, payload }) => {
      handled.push(id);
      return { payload };
    });
    const requests = ["first", "second"].map((id) => {
      const body = JSON.stringify(exampleEnvelope({ id }));
      return `POST /invoke HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    });
    expect(await writeToSocket(socketPath, requests.join(""))).toMatch(/^HTTP\/1\.1 200 /u);
    expect(handled).toEqual(["first"]);
  });

  it("survives a payload that is nested deeper than the stack", async () => {
    const { socketPath } = await serve(echo);
    const depth = 200_000;
    const text = `{"id":"t","route":{"curr":"a"},"payload":${"[".repeat(depth)}${"]".repeat(depth)}}`;
    expect([400, 500]).toContain((await postToSocket(socketPath, text)).status);
    expect((await postToSocket(socketPath, exampleEnvelope())).status).toBe(200);
  });

  it("lives on when a request breaks off half-way", async () => {
    const { socketPath } = await serve(echo);
    const connection = connect(socketPath);
    connection.end("POST /invoke HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{");
    await once(connection.resume(), "close");
    expect((await postToSocket(socketPath, exampleEnvelope())).status).toBe(200);
  });

  it("does not lose a message's answer to what follows the message on its connection", async () => {
    const body = JSON.stringify(exampleEnvelope());
    const release = Promise.withResolvers<void>();
    const { socketPath } = await serve(async ({ payload }) => {
      await release.promise;
      return { payload };
    });
    const answer = writeToSocket(
      socketPath,
      `POST /invoke HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}garbage\r\n\r\n`,
    );
    setImmediate(() => release.resolve());
    expect(await answer).toMatch(/^HTTP\/1\.1 200 /u);
  });
});

describe("time", () => {
  it("tells the handler to stop shortly before its time is up", async () => {
    const { socketPath } = await serve(
      async (_message, { signal }) => {
        await once(signal, "abort");
        signal.throwIfAborted();
        return undefined;
      },
      { actorTimeoutMs: 50 },
    );
    const { status, body } = await postToSocket(socketPath, exampleEnvelope());
    expect(status).toBe(500);
    expect(failure(body).details).toMatchObject({
      type: "DeadlineExceededError",
      message: expect.stringContaining("45 ms") as string,
    });
  });

  it("finishes what it has begun when the sidecar goes away", async () => {
    const begun = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    const finished = Promise.withResolvers<boolean>();
    const { socketPath } = await serve(async ({ payload }, { signal }) => {
      begun.resolve();
      await release.promise;
      finished.resolve(signal.aborted);
      return { payload };
    });
    const body = JSON.stringify(exampleEnvelope());
    const connection = connect(socketPath);
    connection.write(`POST /invoke HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    await begun.promise;
    connection.destroy();
    await once(connection, "close");
    release.resolve();
    expect(await finished.promise).toBe(false);
    expect((await postToSocket(socketPath, exampleEnvelope())).status).toBe(200);
  });
});

describe("the socket", () => {
  it("has its mode, and is ready once it listens; afterwards nothing is left", async () => {
    const server = await serve(echo, { socketMode: 0o600, socketName: "a.sock" });
    expect((await stat(server.socketPath)).mode & 0o777).toBe(0o600);
    expect(existsSync(readyFile())).toBe(true);
    expect(await server.close()).toBe(true);
    expect(await server.close()).toBe(true);
    expect([existsSync(readyFile()), existsSync(server.socketPath)]).toEqual([false, false]);
  });

  it("replaces what a process that crashed has left", async () => {
    const stale = createServer().listen(join(directory, "stale"));
    await once(stale, "listening");
    // Renamed, so that closing the listener does not take the file with it.
    await rename(join(directory, "stale"), join(directory, "asya-runtime.sock"));
    stale.close();
    await once(stale, "close");
    await writeFile(readyFile(), "");
    const { socketPath } = await serve(echo);
    expect((await postToSocket(socketPath, exampleEnvelope())).status).toBe(200);
  });

  it("leaves another process's socket alone", async () => {
    const { socketPath } = await serve(echo);
    await expect(serve(echo)).rejects.toThrow("another process is serving");
    expect(existsSync(readyFile())).toBe(true);
    expect((await postToSocket(socketPath, exampleEnvelope())).status).toBe(200);
  });

  it("removes no file that is not a socket", async () => {
    await writeFile(join(directory, "asya-runtime.sock"), "precious");
    await expect(serve(echo)).rejects.toThrow("another kind of file");
    expect(existsSync(join(directory, "asya-runtime.sock"))).toBe(true);
  });

  it.each(["x".repeat(120), "é".repeat(60)])("refuses a path that is too long for a socket", async (name) => {
    await expect(serve(echo, { socketName: name })).rejects.toThrow(
      /\d+ bytes\), expected a path of at most \d+ bytes/u,
    );
  });

  it("refuses a directory that is not there", async () => {
    await expect(serve(echo, { socketDirectory: join(directory, "none") })).rejects.toThrow("ASYA_SOCKET_DIR");
  });

  it("says which variable to look at where no socket can be made", async () => {
    await mkdir(join(directory, "runtime-ready"));
    await expect(serve(echo)).rejects.toThrow("ASYA_SOCKET_DIR");
  });
});

describe("close", () => {
  it("finishes the message in hand, and then releases what the handler uses", async () => {
    const begun = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    let released = false;
    const server = await serve(
      async ({ payload }) => {
        begun.resolve();
        await release.promise;
        return { payload };
      },
      { onClose: async () => void (released = true) },
    );
    const answer = postToSocket(server.socketPath, exampleEnvelope());
    await begun.promise;
    const closed = server.close();
    expect(released).toBe(false);
    release.resolve();
    expect((await answer).status).toBe(200);
    expect(await closed).toBe(true);
    expect(released).toBe(true);
  });

  it("waits for a handler whose sidecar has gone", async () => {
    const begun = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    const events: string[] = [];
    const server = await serve(
      async ({ payload }) => {
        begun.resolve();
        await release.promise;
        events.push("handled");
        return { payload };
      },
      { onClose: async () => void events.push("released") },
    );
    const body = JSON.stringify(exampleEnvelope());
    const connection = connect(server.socketPath);
    connection.write(`POST /invoke HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    await begun.promise;
    connection.destroy();
    await once(connection, "close");
    const closed = server.close();
    setImmediate(() => release.resolve());
    expect(await closed).toBe(true);
    expect(events).toEqual(["handled", "released"]);
  });

  it("says what went wrong with releasing what the handler uses", async () => {
    const server = await serve(echo, {
      onClose: () => Promise.reject(new RangeError("redis://:hunter2@host is gone")),
    });
    servers = [];
    await expect(server.close()).rejects.toThrow("gone");
    expect(lines.at(-1)).toContain('"errorType":"RangeError"');
    expect(lines.at(-1)).not.toContain("hunter2");
  });

  it("tells a handler to stop once the grace is over", async () => {
    const begun = Promise.withResolvers<void>();
    const server = await serve(
      async (_message, { signal }) => {
        begun.resolve();
        await once(signal, "abort");
        throw signal.reason;
      },
      { shutdownGraceMs: 20 },
    );
    const answer = postToSocket(server.socketPath, exampleEnvelope());
    await begun.promise;
    expect(await server.close()).toBe(true);
    expect(failure((await answer).body).details.type).toBe("ShuttingDownError");
  });

  it("goes without a handler that does not listen, and says so", async () => {
    const begun = Promise.withResolvers<void>();
    const server = await serve(
      async () => {
        begun.resolve();
        return await new Promise<undefined>(() => {});
      },
      { shutdownGraceMs: 20 },
    );
    const answer = postToSocket(server.socketPath, exampleEnvelope());
    answer.catch(() => {});
    await begun.promise;
    expect(await server.close()).toBe(false);
    await expect(answer).rejects.toThrow("socket hang up");
  });
});
