import { describe, expect, test } from "vitest";

import { httpRequests } from "./http-requests.ts";
import { natsMessages } from "./nats-messages.ts";
import { createProtocolReader } from "./protocol-reader.ts";
import type { ProtocolParser } from "./protocol-reader.ts";
import { redisCommands } from "./redis-commands.ts";

type Protocol = (report: (request: string) => void) => ProtocolParser;

/** The requests in `text`, the same however the bytes are cut. */
function read(protocol: Protocol, text: string): readonly string[] {
  const whole: string[] = [];
  createProtocolReader(protocol((request) => whole.push(request)))(Buffer.from(text));
  const single: string[] = [];
  const push = createProtocolReader(protocol((request) => single.push(request)));
  for (const byte of Buffer.from(text)) push(Buffer.of(byte));
  expect(single).toEqual(whole);
  return whole;
}

/** A Redis command as clients send it. */
function command(...words: readonly string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("")}`;
}

describe("HTTP", () => {
  test("several on one connection, with bodies that look like requests", () => {
    const body = "GET /in-the-body HTTP/1.1\r\n\r\n";
    const text = [
      `PUT /bucket/a%20b?x=1 HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      `POST /chunked HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n${body.length.toString(16)};a=b\r\n${body}\r\n0\r\n\r\n`,
      "POST /trailer HTTP/1.1\r\ntransfer-encoding:chunked\r\n\r\n1\r\nx\r\n0\r\nx-sum: 1\r\n\r\n",
      "DELETE /bucket/a HTTP/1.1\r\n\r\n",
    ];
    expect(read(httpRequests, text.join(""))).toEqual([
      "PUT /bucket/a%20b?x=1",
      "POST /chunked",
      "POST /trailer",
      "DELETE /bucket/a",
    ]);
  });

  test("something else is an error", () => {
    expect(() => read(httpRequests, "PRI * HTTP/2.0\r\n")).toThrow("no HTTP/1 request line");
  });
});

describe("Redis", () => {
  test("names with keys, and values that look like commands", () => {
    const text = [
      command("set", "schlüssel", command("GET", "no")),
      command("GET", ""),
      command("EVAL", "return redis.call('get', KEYS[1])\r\n", "1", "paused/1", "argument"),
      command("EVALSHA", "abc", "0"),
      command("AUTH", "user", "secret"),
      "PING\r\n",
    ];
    expect(read(redisCommands, text.join(""))).toEqual([
      "SET schlüssel",
      "GET ",
      "EVAL paused/1",
      "EVALSHA abc",
      "AUTH",
      "PING",
    ]);
  });

  test("a long value is not kept", () => {
    expect(read(redisCommands, command("SET", "key", "x".repeat(100_000)) + command("GET", "key"))).toEqual([
      "SET key",
      "GET key",
    ]);
  });
});

describe("NATS", () => {
  test("messages, with payloads that look like messages", () => {
    const text =
      'CONNECT {"pass":"secret"}\r\nPING\r\nSUB _INBOX.* 1\r\nPUB a.b 9\r\nPUB c 1\r\n\r\nHPUB $KV.x.y _INBOX.1 12 14\r\nNATS/1.0\r\n\r\nhi\r\npub empty 0\r\n\r\nUNSUB 1\r\nPONG\r\n';
    expect(read(natsMessages, text)).toEqual(["PUB a.b", "HPUB $KV.x.y", "PUB empty"]);
  });

  test("something else is an error", () => {
    expect(() => read(natsMessages, "GET / HTTP/1.1\r\n")).toThrow("no NATS operation");
  });
});
