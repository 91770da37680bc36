import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";

import { expect, test } from "vitest";

import { startCountingProxy } from "./counting-proxy.ts";
import { sendRedisCommand } from "./redis-command.ts";
import { startServer } from "./start-server.ts";
import { testServer } from "./test-server.ts";

const gcs = testServer("gcs");
const minio = testServer("minio");
const redis = testServer("redis");
const nats = testServer("nats");

test.skipIf(gcs.isMissing)("Google Cloud Storage: requests are counted, bodies arrive as they were sent", async () => {
  await using proxy = await startCountingProxy({ target: gcs.url, protocol: "http" });
  const body = randomBytes(3_000_000);
  const name = `counted-${randomBytes(4).toString("hex")}`;
  const upload = await fetch(`${proxy.url}upload/storage/v1/b/holdpoint/o?uploadType=media&name=${name}`, {
    method: "POST",
    body,
  });
  expect(upload.status).toBe(200);
  expect(proxy.count()).toBe(1);
  const download = await fetch(`${proxy.url}storage/v1/b/holdpoint/o/${name}?alt=media`);
  expect(Buffer.compare(Buffer.from(await download.arrayBuffer()), body)).toBe(0);
  await fetch(`${proxy.url}storage/v1/b/holdpoint/o/${name}`, { method: "DELETE" });
  expect(proxy.requests()).toEqual([
    `POST /upload/storage/v1/b/holdpoint/o?uploadType=media&name=${name}`,
    `GET /storage/v1/b/holdpoint/o/${name}?alt=media`,
    `DELETE /storage/v1/b/holdpoint/o/${name}`,
  ]);
  proxy.reset();
  expect(proxy.count()).toBe(0);
});

test.skipIf(minio.isMissing)(
  "MinIO: the URL keeps the credentials, and a body of unknown length is no request",
  async () => {
    await using proxy = await startCountingProxy({ target: minio.url, protocol: "http" });
    expect(new URL(proxy.url)).toMatchObject({ username: "minioadmin", port: String(proxy.port) });
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(Buffer.from("GET / HTTP/1.1\r\n\r\n"));
        controller.close();
      },
    });
    const url = `http://127.0.0.1:${proxy.port}/holdpoint/unsigned`;
    const response = await fetch(url, { method: "PUT", body, duplex: "half" });
    expect(await response.text()).toContain("<Code>MissingContentLength</Code>");
    expect(proxy.requests()).toEqual(["PUT /holdpoint/unsigned"]);
  },
);

test.skipIf(redis.isMissing)("bytes that clients send and connections that they hold are counted", async () => {
  await using proxy = await startCountingProxy({ target: redis.url, protocol: "redis" });
  const ping = ["*1", "$4", "PING", ""].join("\r\n");
  const sockets = Array.from({ length: 3 }, () => connect(proxy.port, "127.0.0.1"));
  for (const socket of sockets) {
    socket.write(ping);
    await once(socket, "data");
  }
  expect(proxy.mostConnections()).toBe(3);
  expect(proxy.sentBytes()).toBe(3 * ping.length);
  for (const socket of sockets) socket.destroy();
  proxy.reset();
  expect(proxy.sentBytes()).toBe(0);
});

test.skipIf(redis.isMissing)("Redis: commands are counted, large values arrive as they were sent", async () => {
  await using proxy = await startCountingProxy({ target: redis.url, protocol: "redis" });
  const key = `counted-${randomBytes(4).toString("hex")}`;
  const value = randomBytes(1_500_000).toString("hex");
  expect(await sendRedisCommand(proxy.port, ["SET", key, value])).toBe("OK");
  expect(await sendRedisCommand(proxy.port, ["GET", key])).toBe(value);
  expect(proxy.requests()).toEqual([`SET ${key}`, `GET ${key}`]);
  await sendRedisCommand(proxy.port, ["GETDEL", key]);
  expect(proxy.count()).toBe(3);
});

test.skipIf(nats.isMissing)("NATS: messages are counted and delivered", async () => {
  await using proxy = await startCountingProxy({ target: nats.url, protocol: "nats" });
  const socket = connect({ host: "127.0.0.1", port: proxy.port });
  socket.write(
    'CONNECT {"verbose":false,"headers":true}\r\nSUB counted.* 1\r\nPUB counted.a 5\r\nhello\r\nHPUB counted.b 12 15\r\nNATS/1.0\r\n\r\nyes\r\nPING\r\n',
  );
  let received = "";
  for await (const chunk of socket.setEncoding("utf8")) {
    received += String(chunk);
    if (received.includes("PONG")) break;
  }
  expect(received).toMatch(/MSG counted\.a 1 5\r\nhello\r\nHMSG counted\.b 1 12 15\r\nNATS\/1\.0\r\n\r\nyes/);
  expect(proxy.requests()).toEqual(["PUB counted.a", "HPUB counted.b"]);
});

test.skipIf(redis.isMissing)("what cannot be read is forwarded, and the count refuses to be a guess", async () => {
  await using proxy = await startCountingProxy({ target: redis.url, protocol: "nats" });
  expect(await sendRedisCommand(proxy.port, ["PING"])).toBe("PONG");
  expect(() => proxy.count()).toThrow("what is not nats");
});

test.skipIf(redis.isMissing)("a server that dies takes the connections through the proxy with it", async () => {
  const server = await startServer("redis", { own: true });
  if (server.kind === "missing") throw new Error(server.remedy);
  await using proxy = await startCountingProxy({ target: server.url, protocol: "redis" });
  expect(await sendRedisCommand(proxy.port, ["PING"])).toBe("PONG");
  const socket = connect({ host: "127.0.0.1", port: proxy.port });
  await once(socket, "connect");
  socket.write("PING\r\n");
  await once(socket, "data");
  const gone = once(
    socket.on("error", () => {}),
    "close",
  );
  await server.stop();
  await gone;
  await expect(sendRedisCommand(proxy.port, ["PING"])).rejects.toThrow(Error);
});
