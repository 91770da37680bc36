import { createPauseActor, createResumeActor } from "@holdpoint/actors";
import { createLocalMesh, serveGateway } from "@holdpoint/actors/mesh";
import type { GatewayGeneration } from "@holdpoint/actors/mesh";
import type { PauseLedger, TaskDetails } from "@holdpoint/asya";
import { createPauseLedger } from "@holdpoint/asya";
import type { GatewayCourier } from "@holdpoint/asya/gateway";
import { findSentAnswers, openGateway, sendAnswer } from "@holdpoint/asya/gateway";
import type { CheckpointStore } from "@holdpoint/core";
import { openStore } from "@holdpoint/core";
import { describe, expect, it } from "vitest";

import type { InboxClient } from "./inbox-client.ts";
import { logIn } from "./inbox-client.ts";
import type { ServeInboxOptions } from "../src/node.ts";
import type { OpenInbox } from "./open-inbox.ts";
import { openInbox } from "./open-inbox.ts";

const metadata = {
  prompt: "Approve the <b>plan</b>?",
  fields: [
    { name: "approved", type: "boolean" as const, prompt: "Approve?" },
    { name: "level", type: "number" as const, default: 3, required: false },
  ],
};
const key = "a key of the gateway";

interface Place extends AsyncDisposable {
  readonly store: CheckpointStore;
  readonly gateway: GatewayCourier;
  readonly ledger: PauseLedger;
  readonly inbox: OpenInbox;
  readonly client: InboxClient;
  readonly received: readonly unknown[];
  /** Ends the gateway alone. */
  readonly closeGateway: () => Promise<void>;
}

/** A mesh with its gateway, a task that waits, and somebody who looks at it. */
async function open(generation: GatewayGeneration, options: Partial<ServeInboxOptions> = {}): Promise<Place> {
  const stack = new AsyncDisposableStack();
  const store = stack.use(await openStore("memory:"));
  const ledger = createPauseLedger(store);
  const received: unknown[] = [];
  const mesh = await createLocalMesh({
    gateway: generation,
    backoffMs: 1,
    actors: {
      "x-pause": createPauseActor({ ledger, metadata }),
      "x-resume": createResumeActor({ ledger }),
      worker: async ({ payload }) => {
        received.push(payload);
        return { payload };
      },
    },
  });
  stack.defer(async () => await mesh.close());
  const server = await serveGateway(mesh, { apiKey: key });
  let isOpen = true;
  const closeGateway = async (): Promise<void> => {
    if (isOpen) await server.close();
    isOpen = false;
  };
  stack.defer(closeGateway);
  await mesh.send(["x-pause", "worker"], { plan: "<script>" }, { id: "task-1" }).outcome;
  const gateway = await openGateway(server.url, { apiKey: key });
  const inbox = stack.use(await openInbox({ ...options, store, gateway }));
  const client = await logIn(inbox);
  return {
    store,
    gateway,
    ledger,
    inbox,
    client,
    received,
    closeGateway,
    [Symbol.asyncDispose]: async () => await stack.disposeAsync(),
  };
}

describe.each(["a2a", "newest"] as const)("a task of the mesh, by a gateway of the generation %s", (generation) => {
  it("waits in the list, is answered on its page, and goes on once with the answer", async () => {
    await using place = await open(generation);
    const { client, ledger, received } = place;
    expect(await (await client.get("")).text()).toContain("Approve the &lt;b&gt;plan&lt;/b&gt;?");
    const page = await (await client.get("task?id=task-1")).text();
    expect(page).toContain("&lt;script&gt;");
    expect(page).toContain("goes to");
    const token = await client.formToken("task?id=task-1");
    const sent = await client.post("task?id=task-1", { token, "value-0": "yes", "value-1": "3" });
    expect(sent.status).toBe(303);
    await expect.poll(() => received).toEqual([{ plan: "<script>", approved: true, level: 3 }]);
    expect(await ledger.inspect("task-1")).toMatchObject({ state: "resumed", input: { approved: true, level: 3 } });
    const after = await (await client.get("task?id=task-1")).text();
    expect(after).not.toContain('<form method="post" action="/task');
    // The gateway has passed on no name, and the page has one.
    expect(after).toContain("Answered by <bdi>ada@laptop</bdi>");
    expect((await client.post("task?id=task-1", { token, "value-0": "no" })).status).toBe(403);
    expect(received).toHaveLength(1);
  });

  it("is found among what somebody has answered, and names them to whoever comes second", async () => {
    await using place = await open(generation);
    const { store, client, ledger } = place;
    const [token, second] = [await client.formToken("task?id=task-1"), await client.formToken("task?id=task-1")];
    await client.post("task?id=task-1", { token, "value-0": "yes" });
    await expect.poll(async () => (await ledger.inspect("task-1"))?.state).toBe("resumed");
    const late = await client.post("task?id=task-1", { token: second, "value-0": "no" });
    expect(await late.text()).toContain("Answered by <bdi>ada@laptop</bdi>");
    expect(await (await client.get("answered")).text()).toContain('href="/task?id=task-1"');
    // Also where it was answered by another inbox, and before this one was started.
    await using other = await openInbox({ store });
    expect(await (await (await logIn(other)).get("answered")).text()).toContain('href="/task?id=task-1"');
    const [task] = await Array.fromAsync(ledger.list({ sentAnswers: true }));
    expect(task?.sentAnswers).toEqual([{ by: "ada@laptop", at: expect.any(Date) }]);
  });

  it("keeps what somebody has typed whose form was too old", async () => {
    let now = new Date();
    await using place = await open(generation, { now: () => now });
    const token = await place.client.formToken("task?id=task-1");
    now = new Date(now.getTime() + 13 * 3_600_000);
    const client = await logIn(place.inbox);
    const sent = await client.post("task?id=task-1", { token, "value-0": "yes", "value-1": "17" });
    expect(sent.status).toBe(409);
    expect(await sent.text()).toContain('value="17"');
  });

  it("keeps of who answered only what it was resumed with, and that as long as it is kept itself", async () => {
    await using place = await open(generation);
    const { store, gateway, ledger, closeGateway } = place;
    const find = async (): Promise<TaskDetails> => {
      const task = await ledger.inspect("task-1");
      if (task === null) throw new Error("there is no task");
      return task;
    };
    const task = await find();
    const ada = { issuer: "https://login.example.com", subject: "ada" };
    await sendAnswer(store, gateway, task, { approved: true }, ada);
    await expect.poll(async () => (await find()).state).toBe("resumed");
    // Both had seen it waiting; what came second was sent as well, or refused.
    await sendAnswer(store, gateway, task, { approved: false }, "bob").catch(() => undefined);
    expect(await findSentAnswers(store, await find())).toEqual([{ by: ada, at: expect.any(Date) }]);
    await closeGateway();
    await expect(sendAnswer(store, gateway, task, { approved: true }, "eve")).rejects.toMatchObject({
      code: "unreachable",
    });
    expect(await findSentAnswers(store, await find())).toEqual([{ by: ada, at: expect.any(Date) }]);
    const notes = async (): Promise<number> => (await Array.fromAsync(store.list({ prefix: "task-answers/" }))).length;
    await ledger.prune({ olderThanMs: 3_600_000 });
    expect(await notes()).toBe(1);
    await ledger.prune({ olderThanMs: 0 });
    expect(await notes()).toBe(0);
  });

  it("is sent nothing that does not fit, and nothing by a form that is another's", async () => {
    await using place = await open(generation);
    const { client, ledger, received } = place;
    const token = await client.formToken("task?id=task-1");
    const empty = await client.post("task?id=task-1", { token });
    expect(empty.status).toBe(422);
    expect(await empty.text()).toContain("This is needed.");
    const other = await client.formToken("", "logout");
    expect((await client.post("task?id=task-1", { token: other, "value-0": "yes" })).status).toBe(403);
    expect(await ledger.inspect("task-1")).toMatchObject({ state: "paused" });
    expect(received).toEqual([]);
  });

  it("says that the gateway is away, and still waits", async () => {
    await using place = await open(generation);
    const { client, ledger, closeGateway } = place;
    const token = await client.formToken("task?id=task-1");
    await closeGateway();
    const sent = await client.post("task?id=task-1", { token, "value-0": "yes", "value-1": "17" });
    expect(sent.status).toBe(409);
    const page = await sent.text();
    expect(page).toContain("The gateway does not answer.");
    expect(page).toContain('value="17"');
    expect(await ledger.inspect("task-1")).toMatchObject({ state: "paused" });
  });
});

it("a task whose gateway is not known is shown, with how to answer it elsewhere", async () => {
  await using inbox = await openInbox();
  const ledger = createPauseLedger(inbox.store);
  const route = { prev: [], curr: "x-pause", next: ["worker"] };
  await ledger.pause({ id: "task-1", route, payload: { n: 1 } }, { metadata });
  const client = await logIn(inbox);
  const page = await (await client.get("task?id=task-1")).text();
  expect(page).toContain("holdpoint resume task-1");
  expect(page).not.toContain('action="/task');
  expect((await client.post("task?id=task-1", { token: "x" })).status).toBe(404);
});

it("a task that has a schema and no fields has an input for each property", async () => {
  const sent: unknown[] = [];
  const gateway: ServeInboxOptions["gateway"] = {
    answer: async (_task, input) => {
      sent.push(input);
      return { before: undefined };
    },
  };
  await using inbox = await openInbox({ gateway });
  const route = { prev: [], curr: "x-pause", next: ["worker"] };
  const schema = { type: "object", properties: { amount: { type: "integer", maximum: 5 } }, required: ["amount"] };
  const asked = { metadata: { prompt: "How much?", fields: [], schema } };
  await createPauseLedger(inbox.store).pause({ id: "task-1", route, payload: {} }, asked);
  const client = await logIn(inbox);
  const send = async (amount: string): Promise<Response> => {
    const token = await client.formToken("task?id=task-1");
    return await client.post("task?id=task-1", { token, "value-0": amount });
  };
  const wrong = await send("7");
  expect([wrong.status, await wrong.text()]).toEqual([422, expect.stringContaining("7 is greater than 5")]);
  expect((await send("3")).status).toBe(303);
  expect(sent).toEqual([{ amount: 3 }]);
});
