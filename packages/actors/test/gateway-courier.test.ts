import { once } from "node:events";
import { createServer } from "node:http";
import type { RequestListener } from "node:http";
import type { AddressInfo } from "node:net";

import { checkAnswer, createPauseLedger } from "@holdpoint/asya";
import type { PauseLedger, TaskDetails } from "@holdpoint/asya";
import { gatewayTaskOf, GatewayError, openGateway } from "@holdpoint/asya/gateway";
import type { GatewayOptions } from "@holdpoint/asya/gateway";
import { createMemoryStore } from "@holdpoint/core";
import { afterEach, describe, expect, it, onTestFinished } from "vitest";

import type { GatewayGeneration, GatewayServer, LocalMesh } from "../src/mesh.ts";
import { createLocalMesh, serveGateway } from "../src/mesh.ts";
import { createPauseActor } from "../src/pause-actor.ts";
import { createResumeActor } from "../src/resume-actor.ts";

let ledger: PauseLedger;
let mesh: LocalMesh;
let server: GatewayServer;
let workingMs = 0;

async function start(gateway: GatewayGeneration, apiKey?: string): Promise<void> {
  ledger = createPauseLedger(await createMemoryStore());
  mesh = await createLocalMesh({
    gateway,
    backoffMs: 1,
    actors: {
      "x-pause": createPauseActor({ ledger, metadata: { prompt: "?", fields: [{ name: "ok", type: "boolean" }] } }),
      "x-resume": createResumeActor({ ledger }),
      worker: async ({ payload }) => {
        await new Promise((resolve) => void setTimeout(resolve, workingMs));
        return { payload };
      },
    },
  });
  server = await serveGateway(mesh, { apiKey });
}
afterEach(async () => {
  workingMs = 0;
  await server?.close();
  await mesh?.close();
});

async function paused(id: string, route: readonly string[] = ["x-pause", "worker"]): Promise<TaskDetails> {
  await mesh.send(route, { n: 1 }, { id }).outcome;
  return await details(id);
}

async function details(id: string): Promise<TaskDetails> {
  const task = await ledger.inspect(id);
  if (task === null) throw new Error(`There is no task ${id}.`);
  return task;
}

async function settled(id: string, state: TaskDetails["state"]): Promise<void> {
  await expect.poll(async () => (await details(id)).state).toBe(state);
}

describe.each([
  ["a2a", "a2a", "a2a/"],
  ["newest", "mesh", "api/v1/mesh/"],
] as const)("a gateway of the generation %s", (gateway, api, path) => {
  it("is found at its root and by its API's address, and takes an answer once", async () => {
    await start(gateway);
    for (const [id, address] of [
      ["task/1 ü?#", server.url],
      ["task-2", server.url + path],
      ["task-3", (server.url + path).slice(0, -1)],
    ] as const) {
      const task = await paused(id);
      const courier = await openGateway(address);
      expect(courier).toMatchObject({ generation: api, address: server.url + path });
      expect(await courier.status(gatewayTaskOf(task))).toEqual({ id, state: "paused" });
      const receipt = await courier.answer(gatewayTaskOf(task), await checkAnswer(task, { ok: true }));
      expect(receipt).toMatchObject({ before: { id, state: "paused" } });
      await settled(id, "resumed");
      const { input } = await details(id);
      expect(input).toMatchObject({ ok: true });
    }
  });

  it("is told of a cancel once, and the ledger is not", async () => {
    await start(gateway);
    const task = await paused("task-1");
    const courier = await openGateway(server.url);
    expect(await courier.cancel(gatewayTaskOf(task))).toBe(true);
    expect(mesh.gateway.record("task-1")).toMatchObject({ status: "canceled" });
    expect(await courier.cancel(gatewayTaskOf(task))).toBe(false);
    expect(await details("task-1")).toMatchObject({ state: "paused" });
    await expect(courier.answer(gatewayTaskOf(task), {})).rejects.toMatchObject({
      code: "not-waiting",
      outcome: "not-applied",
    });
  });

  it("that does not know a task says so to a cancel", async () => {
    await start(gateway);
    const courier = await openGateway(server.url);
    const stranger = { taskId: "nobody", envelopeId: "nobody-2", a2aTaskId: "nobody-3" };
    expect(await courier.status(stranger)).toBeUndefined();
    await expect(courier.cancel(stranger)).rejects.toMatchObject({ code: "unknown-task" });
  });

  it("that wants a key gets it, and nobody sees it", async () => {
    await start(gateway, "hunter2-key");
    const task = await paused("task-1");
    for (const options of [{}, { apiKey: "hunter2-wrong" }] satisfies GatewayOptions[]) {
      const refused = await openGateway(server.url + path, options)
        .then(async (courier) => await courier.answer(gatewayTaskOf(task), { ok: true }))
        .catch((error: unknown) => error);
      expect(GatewayError.is(refused, "unauthorized")).toBe(true);
      expect((refused as Error).message).not.toContain("hunter2");
    }
    const courier = await openGateway(server.url, { apiKey: "hunter2-key" });
    await courier.answer(gatewayTaskOf(task), { ok: true });
    await settled("task-1", "resumed");
  });
});

describe("the A2A gateway", () => {
  it("answers late, since it waits for the task's end; what it took is told from its record", async () => {
    await start("a2a");
    const task = await paused("task-1");
    workingMs = 1_500;
    const courier = await openGateway(`${server.url}a2a/`, { timeoutMs: 300 });
    expect(await courier.answer(gatewayTaskOf(task), { ok: true })).toMatchObject({ after: "running" });
    await settled("task-1", "resumed");
  });

  it("takes no answer at the second pause point, where it has lost sight of the task", async () => {
    await start("a2a");
    const task = await paused("task-1", ["x-pause", "worker", "x-pause", "worker"]);
    const courier = await openGateway(server.url);
    await courier.answer(gatewayTaskOf(task), { ok: true });
    const again = await details("task-1");
    expect(again).toMatchObject({ state: "paused", sequence: 2 });
    await expect(courier.answer(gatewayTaskOf(again), { ok: true })).rejects.toMatchObject({
      code: "not-waiting",
      message: expect.stringContaining('shows the task "task-1" as running') as string,
    });
    expect(await details("task-1")).toMatchObject({ state: "paused", sequence: 2 });
  });
});

describe("the newest gateway", () => {
  it("takes an answer at each pause point, under an id of its own, and cancels every record", async () => {
    await start("newest");
    const first = await paused("task-1", ["x-pause", "worker", "x-pause", "worker"]);
    const courier = await openGateway(server.url);
    const { messageId = "" } = await courier.answer(gatewayTaskOf(first), { ok: true });
    await expect.poll(() => mesh.gateway.record(messageId)?.status).toBe("paused");
    const second = await details("task-1");
    expect(second).toMatchObject({ state: "paused", sequence: 2, envelopeId: messageId });
    expect(await courier.cancel(gatewayTaskOf(second))).toBe(true);
    expect([messageId, "task-1"].map((id) => mesh.gateway.record(id)?.status)).toEqual(["canceled", "canceled"]);
  });

  it("takes an answer for a record that it gave up at its deadline, and for one that it never had", async () => {
    await start("newest");
    const late = await paused("task-1");
    mesh.gateway.create({ id: "task-1", route: { prev: [], curr: "", next: [] }, payload: {} }, -1);
    const { envelopeId } = late;
    const courier = await openGateway(server.url);
    expect(await courier.status(gatewayTaskOf(late))).toEqual({ id: envelopeId, state: "failed" });
    await courier.answer(gatewayTaskOf(late), { ok: true });
    await settled("task-1", "resumed");
    await mesh.deliver({ id: "task-2", route: { prev: [], curr: "x-pause", next: ["worker"] }, payload: {} }).outcome;
    expect(await courier.answer(gatewayTaskOf(await details("task-2")), { ok: false })).toMatchObject({
      before: undefined,
    });
    await settled("task-2", "resumed");
  });
});

/** A server that is no gateway. */
async function listen(listener: RequestListener): Promise<string> {
  const other = createServer(listener).listen(0, "127.0.0.1");
  await once(other, "listening");
  onTestFinished(() => {
    other.close();
    other.closeAllConnections();
  });
  return `http://127.0.0.1:${(other.address() as AddressInfo).port}/`;
}

const task = { taskId: "task-1", envelopeId: "task-1" };
const failureOf = async (action: () => Promise<unknown>): Promise<GatewayError> => {
  const error = await action().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!GatewayError.is(error)) throw new Error("expected a GatewayError", { cause: error });
  return error;
};

describe("an address", () => {
  it.each([
    ["gateway:8080"],
    ["/a2a/"],
    ["ftp://gateway/a2a/"],
    ["http://user:hunter2@gateway/a2a/"],
    ["http://hunter2@gateway/a2a/"],
    ["http://gateway/a2a/?key=hunter2"],
    ["http://gateway/a2a/#hunter2"],
    ["http://gateway/tools/call"],
    [""],
  ])("%j is refused before anything is sent, and not repeated", async (address) => {
    const error = await failureOf(async () => await openGateway(address));
    expect(error).toMatchObject({ code: "invalid-address", outcome: "not-applied" });
    expect(error.message).not.toContain("hunter2");
  });
});

describe("whoever answers instead of a gateway", () => {
  it("is not followed where it redirects", async () => {
    let reached = 0;
    const target = await listen((_request, response) => {
      reached += 1;
      response.end("{}");
    });
    for (const status of [301, 302, 303, 307, 308]) {
      const url = await listen((_request, response) => void response.writeHead(status, { Location: target }).end());
      for (const path of ["", "a2a/", "api/v1/mesh/"]) {
        const error = await failureOf(async () => {
          const courier = await openGateway(url + path, { apiKey: "hunter2" });
          await courier.answer(task, { ok: true });
        });
        expect(error).toMatchObject({
          code: "unexpected-answer",
          message: expect.stringContaining("redirect") as string,
        });
      }
    }
    expect(reached).toBe(0);
  });

  it.each([
    ["a page", (_request, response) => void response.end("<html>hello</html>")],
    ["nothing", (_request, response) => void response.writeHead(204).end()],
    ["its own credentials", (request, response) => void response.writeHead(500).end(JSON.stringify(request.headers))],
    ["too much", (_request, response) => void response.end("x".repeat(2_000_000))],
    ["a list", (_request, response) => void response.end("[]")],
  ] satisfies [string, RequestListener][])("and sends %s is named as no gateway", async (_name, listener) => {
    const url = await listen(listener);
    for (const path of ["", "a2a/", "api/v1/mesh/"]) {
      const error = await failureOf(async () => {
        const courier = await openGateway(url + path, { apiKey: "hunter2", token: "hunter3" });
        await courier.answer(task, { ok: true });
      });
      expect(error.code).toBe("unexpected-answer");
      expect(error.message).not.toMatch(/hunter/u);
      expect(error.message.length).toBeLessThan(600);
    }
  });

  it("or nobody at all, in time, is unreachable, and it is said whether something may have been sent", async () => {
    const silent = await listen(() => undefined);
    const slow = await failureOf(async () => {
      const courier = await openGateway(`${silent}api/v1/mesh/`, { timeoutMs: 200 });
      await courier.cancel(task);
    });
    expect(slow).toMatchObject({ code: "unreachable", outcome: "not-applied" });
    const sends = await listen((request, response) => {
      if (request.method === "GET") response.writeHead(200).end('{"status":"paused"}');
    });
    const sent = await failureOf(async () => {
      const courier = await openGateway(`${sends}api/v1/mesh/`, { timeoutMs: 200 });
      await courier.answer(task, { ok: true });
    });
    expect(sent).toMatchObject({ code: "unreachable", outcome: "unknown" });
    const closed = await failureOf(async () => {
      const courier = await openGateway("http://127.0.0.1:9/a2a/");
      await courier.answer(task, { ok: true });
    });
    expect(closed).toMatchObject({ code: "unreachable", outcome: "not-applied" });
  });

  it("is left alone once the caller has given up", async () => {
    const silent = await listen(() => undefined);
    const controller = new AbortController();
    const courier = await openGateway(`${silent}a2a/`);
    const answering = courier.answer(task, { ok: true }, { signal: controller.signal });
    controller.abort();
    await expect(answering).rejects.toMatchObject({ name: "AbortError" });
  });
});
