import { once } from "node:events";
import { createServer as createHttpServer, request } from "node:http";
import { connect, createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { text } from "node:stream/consumers";

import { describe, expect, onTestFinished, test } from "vitest";

import { startFaultProxy } from "./fault-proxy.ts";
import type { FaultProxy } from "./fault-proxy.ts";
import type { FaultProtocolName } from "./fault-protocol.ts";
import { faultProtocols } from "./fault-protocol.ts";

async function listen(server: Server): Promise<string> {
  server.listen({ host: "127.0.0.1", port: 0 });
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** An HTTP server that notes what it was asked, and answers with the body. */
async function httpServer(): Promise<{ readonly asked: string[]; readonly address: string }> {
  const asked: string[] = [];
  const server = createHttpServer((incoming, response) => {
    const answer = async (): Promise<void> => {
      const body = await text(incoming);
      asked.push(`${incoming.method} ${body}`);
      response.end(`you said ${body}`);
    };
    answer().catch(() => asked.push("a part"));
  });
  return { asked, address: `http://${await listen(server)}/base` };
}

async function httpProxy(): Promise<{ readonly asked: string[]; readonly proxy: FaultProxy }> {
  const { asked, address } = await httpServer();
  const proxy = await startFaultProxy({ target: address, protocol: "http" });
  onTestFinished(() => proxy[Symbol.asyncDispose]());
  return { asked, proxy };
}

interface Answer {
  readonly status: number | undefined;
  readonly body: string;
}

function ask(proxy: FaultProxy, method: string, body = "", signal?: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(proxy.address, { method, agent: false, ...(signal === undefined ? {} : { signal }) });
    outgoing.on("error", reject);
    outgoing.on("response", (incoming) => {
      text(incoming).then((answer) => resolve({ status: incoming.statusCode, body: answer }), reject);
    });
    outgoing.end(body);
  });
}

describe("a fault proxy before an HTTP server", () => {
  test("passes everything on until it is told otherwise", async () => {
    const { asked, proxy } = await httpProxy();
    expect(proxy.address).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/base$/u);
    expect(await ask(proxy, "PUT", "a")).toEqual({ status: 200, body: "you said a" });
    expect(await ask(proxy, "GET")).toEqual({ status: 200, body: "you said " });
    expect(asked).toEqual(["PUT a", "GET "]);
    expect(proxy.requests).toEqual(["write", "read"]);
    expect(proxy.injected).toEqual({});
  });

  test("causes one fault to the next request of the kind, and counts it", async () => {
    const { asked, proxy } = await httpProxy();
    proxy.nextWrite("cut-before-request");
    expect(proxy.waiting).toBe(1);
    expect((await ask(proxy, "GET")).status).toBe(200);
    await expect(ask(proxy, "PUT", "lost")).rejects.toMatchObject({ code: "ECONNRESET" });
    expect((await ask(proxy, "PUT", "kept")).status).toBe(200);
    expect(asked).toEqual(["GET ", "PUT kept"]);
    expect(proxy.injected).toEqual({ "cut-before-request": 1 });
    expect(proxy.waiting).toBe(0);
  });

  test.for(["cut-after-commit", "cut-within-answer"] as const)(
    "%s: the server has done it, and the client does not know",
    async (fault) => {
      const { asked, proxy } = await httpProxy();
      let askedMeanwhile: readonly string[] = [];
      proxy.nextWrite(fault, { meanwhile: () => (askedMeanwhile = [...asked]) });
      await expect(ask(proxy, "PUT", "a")).rejects.toBeInstanceOf(Error);
      expect(askedMeanwhile).toEqual(["PUT a"]);
      expect(proxy.injected).toEqual({ [fault]: 1 });
    },
  );

  test("cut-within-request: the server gets a part, and does nothing", async () => {
    const { asked, proxy } = await httpProxy();
    proxy.nextWrite("cut-within-request");
    await expect(ask(proxy, "PUT", "x".repeat(1_000))).rejects.toMatchObject({ code: "ECONNRESET" });
    await ask(proxy, "GET");
    expect(asked.filter((line) => line.startsWith("PUT"))).toEqual([]);
  });

  test.for([
    ["answer:SlowDown", 503, "SlowDown"],
    ["answer:TooManyRequests", 429, "TooManyRequests"],
    ["answer:ConditionalRequestConflict", 409, "ConditionalRequestConflict"],
  ] as const)("%s instead of the server's answer, to a large request too", async ([fault, status, code]) => {
    const { asked, proxy } = await httpProxy();
    proxy.nextWrite(fault);
    const answer = await ask(proxy, "PUT", "x".repeat(100_000));
    expect(answer).toMatchObject({ status, body: expect.stringContaining(`<Code>${code}</Code>`) as unknown });
    expect(asked).toEqual([]);
  });

  test("blackhole: takes the request, and answers nobody on that connection", async () => {
    const { asked, proxy } = await httpProxy();
    const controller = new AbortController();
    proxy.nextWrite("blackhole", { meanwhile: () => controller.abort() });
    await expect(ask(proxy, "PUT", "a", controller.signal)).rejects.toMatchObject({ name: "AbortError" });
    expect((await ask(proxy, "PUT", "b")).body).toBe("you said b");
    expect(asked).toEqual(["PUT b"]);
  });

  test("half-open: the server is asked, and its answers go nowhere", async () => {
    const { asked, proxy } = await httpProxy();
    const controller = new AbortController();
    proxy.nextWrite("half-open", { meanwhile: () => controller.abort() });
    await expect(ask(proxy, "PUT", "a", controller.signal)).rejects.toMatchObject({ name: "AbortError" });
    expect(asked).toEqual(["PUT a"]);
  });

  test("refuse: nobody listens, until clear", async () => {
    const { proxy } = await httpProxy();
    const { address } = proxy;
    // The operating system gives it to nobody who asks for any port.
    expect(Number(new URL(address).port)).toBeLessThan(32_768);
    proxy.always("refuse");
    await expect(ask(proxy, "GET")).rejects.toMatchObject({ code: "ECONNREFUSED" });
    await proxy.clear();
    expect(proxy.address).toBe(address);
    expect((await ask(proxy, "GET")).status).toBe(200);
  });

  test("clear resets what a fault has silenced, and forgets what still waits", async () => {
    const { proxy } = await httpProxy();
    const swallowed = Promise.withResolvers<void>();
    proxy.nextRead("blackhole", { meanwhile: () => swallowed.resolve() });
    proxy.nextWrite("cut-before-request");
    const silenced = ask(proxy, "GET");
    await swallowed.promise;
    await Promise.all([expect(silenced).rejects.toMatchObject({ code: "ECONNRESET" }), proxy.clear()]);
    expect((await ask(proxy, "PUT", "a")).status).toBe(200);
  });

  test("clear passes nothing on that a client had written before it", async () => {
    const { asked, proxy } = await httpProxy();
    const { host, hostname, port } = new URL(proxy.address);
    for (const fault of ["blackhole", "cut-before-request"] as const) {
      proxy.always(fault);
      const socket = connect({ host: hostname, port: Number(port) });
      await once(socket, "connect");
      await new Promise((resolve) => {
        socket.write(`PUT / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 5\r\n\r\ngiven`, resolve);
      });
      // Given up: at once, so that the proxy has not come round to it yet.
      socket.destroy();
      await proxy.clear();
      expect((await ask(proxy, "PUT", fault)).status).toBe(200);
    }
    expect(asked).toEqual(["PUT blackhole", "PUT cut-before-request"]);
  });

  test("refuse happens also where nobody is connected", async () => {
    const { proxy } = await httpProxy();
    proxy.always("refuse");
    expect(proxy.injected).toEqual({ refuse: 1 });
    await proxy.clear();
    expect(proxy.injected).toEqual({ refuse: 1 });
  });

  test("throttle and delay: late, and whole", async () => {
    const { proxy } = await httpProxy();
    const body = "x".repeat(20_000);
    proxy.always("throttle", { bytesPerSecond: 200_000 });
    const startedAt = performance.now();
    expect((await ask(proxy, "PUT", body)).body).toBe(`you said ${body}`);
    expect(performance.now() - startedAt).toBeGreaterThan(150);
    proxy.always("delay", { delayMs: 30 });
    expect((await ask(proxy, "PUT", body)).body).toBe(`you said ${body}`);
    expect(proxy.injected).toMatchObject({
      throttle: expect.any(Number) as unknown,
      delay: expect.any(Number) as unknown,
    });
  });

  test("choose: faults at some requests", async () => {
    const { proxy } = await httpProxy();
    let requests = 0;
    proxy.choose((kind) => ((requests += 1) === 2 && kind === "read" ? { fault: "answer:SlowDown" } : undefined));
    expect((await ask(proxy, "GET")).status).toBe(200);
    expect((await ask(proxy, "GET")).status).toBe(503);
    expect((await ask(proxy, "GET")).status).toBe(200);
  });

  test("an error of `meanwhile` is not lost", async () => {
    const { proxy } = await httpProxy();
    const problem = new Error("it did not work");
    proxy.nextWrite("cut-before-request", {
      meanwhile: () => {
        throw problem;
      },
    });
    await expect(ask(proxy, "PUT", "a")).rejects.toBeInstanceOf(Error);
    await expect(proxy.clear()).rejects.toMatchObject({ cause: problem });
    await proxy.clear();
  });

  test("a fault that it cannot cause here is refused", async () => {
    const { proxy } = await httpProxy();
    expect(() => proxy.nextWrite("answer:LOADING")).toThrow(/answer:SlowDown/u);
  });
});

test("a target without a port is refused", async () => {
  await expect(startFaultProxy({ target: "redis://127.0.0.1" })).rejects.toThrow("needs a port");
});

test("a server that is away looks as if the connection broke", async () => {
  const server = createServer();
  const target = await listen(server);
  server.close();
  await once(server, "close");
  await using proxy = await startFaultProxy({ target });
  const socket = await open(proxy.address);
  await expect(once(socket, "data")).rejects.toMatchObject({ code: "ECONNRESET" });
});

test("of an unknown protocol, whatever comes is a request", async () => {
  const target = await listen(createServer((socket) => socket.on("error", () => undefined).pipe(socket)));
  await using proxy = await startFaultProxy({ target });
  const socket = await open(proxy.address);
  socket.write("hello");
  expect(String(await once(socket, "data"))).toBe("hello");
  proxy.nextRead("cut-after-commit");
  socket.write("again");
  await expect(once(socket, "data")).rejects.toMatchObject({ code: "ECONNRESET" });
});

async function open(address: string): Promise<Socket> {
  const [host = "", port] = address.split(":");
  const socket = connect({ host, port: Number(port) });
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  return socket;
}

describe("requests are told apart, however their bytes are cut", () => {
  const command = (...words: readonly string[]): string =>
    `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("")}`;

  /** A message of PostgreSQL, and the one that begins a session. */
  const frame = (type: string, body: string): Buffer =>
    Buffer.concat([Buffer.from(type), Buffer.from([0, 0, 0, 4 + body.length]), Buffer.from(body)]);
  const started = Buffer.concat([Buffer.from([0, 0, 0, 17, 0, 3, 0, 0]), Buffer.from("user\0me\0\0").subarray(0, 9)]);

  /** The kinds of the requests in a text. */
  function kindsOf(protocol: FaultProtocolName, sent: string): readonly string[] {
    const whole = faultProtocols[protocol].createReader()(Buffer.from(sent));
    const reader = faultProtocols[protocol].createReader();
    const single = [...Buffer.from(sent)].flatMap((byte) => reader(Buffer.of(byte)));
    expect(single.map(({ bytes }) => bytes.toString())).toEqual(whole.map(({ bytes }) => bytes.toString()));
    expect(whole.map(({ bytes }) => bytes.toString()).join("")).toBe(sent);
    expect(single.map(({ kind }) => kind)).toEqual(whole.map(({ kind }) => kind));
    return whole.map(({ kind }) => kind);
  }

  test("Redis", () => {
    const sent = [
      command("INFO"),
      command("evalsha", "abc", "1", "schlüssel", command("GET", "no")),
      command("EVAL", "return 1", "0"),
      command("GET", "key"),
      "PING\r\n",
      command("SET", "key", ""),
      command("SCAN", "0"),
    ];
    expect(kindsOf("redis", sent.join(""))).toEqual(["other", "write", "write", "read", "other", "write", "read"]);
  });

  test("NATS", () => {
    const sent = [
      'CONNECT {"verbose":false}\r\nPING\r\n',
      "SUB _INBOX.abc.* 1\r\n",
      "HPUB $KV.bucket.key _INBOX.abc.1 12 14\r\nNATS/1.0\r\n\r\nhi\r\n",
      "PUB $JS.API.STREAM.MSG.GET.KV_bucket _INBOX.abc.2 2\r\n{}\r\n",
      "PUB $JS.API.CONSUMER.DELETE.KV_bucket.c _INBOX.abc.3 0\r\n\r\n",
      "PUB somewhere.else 3\r\n\r\n1\r\n",
    ];
    expect(kindsOf("nats", sent.join(""))).toEqual(["other", "other", "other", "write", "read", "other", "other"]);
  });

  test("the server's own errors go to whoever waits for them", () => {
    const reader = faultProtocols.nats.createReader();
    const [, message] = reader(Buffer.from("SUB _INBOX.abc.* 7\r\nPUB $KV.b.k _INBOX.abc.1 0\r\n\r\n"));
    expect(message?.answerWith?.("503").toClient?.toString()).toBe(
      "HMSG _INBOX.abc.1 7 16 16\r\nNATS/1.0 503\r\n\r\n\r\n",
    );
    expect(message?.isAnswer?.(Buffer.from("PING\r\n"))).toBe(false);
    expect(message?.isAnswer?.(Buffer.from("MSG _INBOX.abc.1 7 2\r\n{}\r\n"))).toBe(true);
  });

  test("PostgreSQL", () => {
    const statement = (sql: string, name = ""): Buffer =>
      Buffer.concat([
        frame("P", `${name}\0${sql}\0\0\0`),
        frame("B", `\0${name}\0\0\0\0\0\0\0`),
        frame("D", "P\0"),
        frame("E", "\0\0\0\0\0"),
        frame("S", ""),
      ]);
    const sent = Buffer.concat([
      started,
      frame("p", "secret\0"),
      frame("Q", "BEGIN\0"),
      statement("INSERT INTO t VALUES ($1)"),
      statement(" select body from t where key = 'delete from'"),
      statement("WITH removed AS (DELETE FROM t RETURNING 1) SELECT count(*) FROM removed", "named"),
      frame("B", "\0named\0\0\0\0\0\0\0"),
      frame("S", ""),
    ]);
    // Of the last two messages, the one belongs to the other.
    expect(kindsOf("postgres", sent.toString())).toEqual([
      "other",
      "other",
      "other",
      "write",
      "read",
      "write",
      "write",
    ]);
  });

  test("PostgreSQL, whose clients ask for TLS first", () => {
    const question = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);
    const reader = faultProtocols.postgres.createReader();
    const requests = [question, started, frame("Q", "TABLE t\0")].flatMap((bytes) => reader(bytes));
    expect(requests.map(({ kind }) => kind)).toEqual(["other", "other", "read"]);
  });

  test("PostgreSQL has answered when it is ready for the next statement", () => {
    const [, sent] = faultProtocols.postgres.createReader()(Buffer.concat([started, frame("Q", "DELETE FROM t\0")]));
    const complete = frame("C", "DELETE 1\0");
    expect(sent?.isAnswer?.(complete)).toBe(false);
    expect(sent?.isAnswer?.(Buffer.concat([complete, frame("Z", "I")]))).toBe(true);
    expect(sent?.isAnswer?.(Buffer.from("Z"))).toBe(false);
  });

  test("every error that a protocol names can be caused", () => {
    const requests: Readonly<Record<FaultProtocolName, string>> = {
      tcp: "x",
      http: "PUT / HTTP/1.1\r\n\r\n",
      redis: command("EVALSHA", "abc", "0"),
      nats: "PUB $KV.b.k _INBOX.abc.1 0\r\n\r\n",
      postgres: frame("Q", "SELECT 1\0").toString("latin1"),
    };
    const greetings: Partial<typeof requests> = {
      nats: "SUB _INBOX.abc.* 7\r\n",
      postgres: started.toString("latin1"),
    };
    for (const [name, protocol] of Object.entries(faultProtocols)) {
      const reader = protocol.createReader();
      reader(Buffer.from(greetings[name as FaultProtocolName] ?? "", "latin1"));
      const [sent] = reader(Buffer.from(requests[name as FaultProtocolName], "latin1"));
      for (const error of protocol.errors) {
        const { toClient, toServer } = sent?.answerWith?.(error) ?? {};
        expect(String(toClient ?? toServer)).toContain(error);
      }
    }
  });
});
