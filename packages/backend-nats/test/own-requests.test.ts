import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

import { testServer } from "@holdpoint/test-servers";
import { connect } from "@nats-io/transport-node";
import type { NatsConnection } from "@nats-io/transport-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { clientErrorKind } from "../src/nats-error.ts";
import { NatsRequests } from "../src/nats-requests.ts";

const nats = testServer("nats");

describe.skipIf(nats.isMissing)("requests of our own", () => {
  const root = `requests-${randomUUID().slice(0, 8)}`;
  const { signal } = new AbortController();
  let connection: NatsConnection;

  beforeAll(async () => {
    connection = await connect({ servers: new URL(nats.url).host });
    connection.subscribe(`${root}.echo`, { callback: (_error, message) => void message.respond(message.data) });
    connection.subscribe(`${root}.silent`, { callback: () => undefined });
  });

  afterAll(async () => {
    await connection?.close();
  });

  const kindOf = async (request: Promise<unknown>): Promise<unknown> =>
    clientErrorKind(await request.catch((error: unknown) => error));

  test("get each its own answer", async () => {
    const requests = new NatsRequests(connection, "_INBOX", 5_000);
    const texts = Array.from({ length: 100 }, (_, index) => `text ${index}`);
    const answers = await Promise.all(texts.map((text) => requests.request(`${root}.echo`, text, signal, undefined)));
    expect(answers.map(({ data }) => Buffer.from(data).toString())).toEqual(texts);
  });

  test("are told that nobody listens", async () => {
    const requests = new NatsRequests(connection, "_INBOX", 5_000);
    expect(await kindOf(requests.request(`${root}.nobody`, "", signal, undefined))).toBe("no-responders");
  });

  test("are given up when others are begun, if no answer has come and nothing ends them", async () => {
    const requests = new NatsRequests(connection, "_INBOX", 50);
    const unanswered = kindOf(requests.request(`${root}.silent`, "", signal, undefined));
    await sleep(60);
    await requests.request(`${root}.echo`, "", signal, undefined);
    expect(await unanswered).toBe("timeout");
  });

  test("end at once with their signal, and with the connection", async () => {
    const requests = new NatsRequests(connection, "_INBOX", 5_000);
    const controller = new AbortController();
    const aborted = requests.request(`${root}.silent`, "", controller.signal, undefined);
    const lost = requests.request(`${root}.silent`, "", signal, undefined);
    controller.abort(new Error("given up"));
    await expect(aborted).rejects.toThrow("given up");
    requests.fail(new Error("the connection is lost"));
    await expect(lost).rejects.toThrow("the connection is lost");
  });

  test("too large for the server are refused before they are sent", async () => {
    const requests = new NatsRequests(connection, "_INBOX", 5_000);
    const tooLarge = new Uint8Array((connection.info?.max_payload ?? 0) + 1);
    expect(await kindOf(requests.request(`${root}.echo`, tooLarge, signal, undefined))).toBe("payload");
  });
});
