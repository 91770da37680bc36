import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";

import { openStore } from "@holdpoint/core";
import type { CheckpointStore } from "@holdpoint/core";
import type { Holds } from "@holdpoint/core/holds";
import { createHolds } from "@holdpoint/core/holds";
import { testProgram } from "@holdpoint/test-servers";
import { describe, expect, it } from "vitest";

import { findFreePorts } from "../../../tooling/servers/src/free-ports.ts";
import { createRandom } from "../../../tooling/torture/src/random.ts";
import { apiTokenDigest } from "../src/index.ts";
import { killAtEachWrite, KilledInbox } from "./killed-inbox.ts";
import type { KilledInboxOptions } from "./killed-inbox.ts";
import type { PostServer } from "./post-server.ts";
import { startPostServer } from "./post-server.ts";

const python = testProgram("python3");
const secret = `whsec_${Buffer.from("thirty-two bytes of a test secret").toString("base64")}`;
const token = `billing-token-${"x".repeat(32)}`;
const poll = { timeout: 60_000, interval: 50 };
const seed = "20261130";
/** So many instants are drawn. */
const randomKills = 6;
/** A hold is mostly acted on within that time. */
const storyMs = 3_000;

/** A program of Python that is called, through a server that counts how often. */
interface Place extends AsyncDisposable {
  readonly holds: Holds;
  readonly store: CheckpointStore;
  readonly calls: PostServer;
  /** Called when a call has come, before the program hears of it. */
  onCall: () => void;
  /** Called when the program has answered, before the inbox hears of it. */
  onAnswer: () => void;
  readonly payments: () => Promise<readonly string[]>;
  readonly startInbox: (killAt?: KilledInboxOptions["killAt"]) => KilledInbox;
}

async function openPlace(): Promise<Place> {
  const stack = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), "going-on-"));
  stack.defer(async () => await rm(directory, { recursive: true }));
  const effect = join(directory, "payments");
  const state = join(directory, "state");
  await mkdir(state);
  const storeUrl = pathToFileURL(state).href;
  const store = stack.use(await openStore(storeUrl));
  const [port = 0] = await findFreePorts(1);
  const script = join(import.meta.dirname, "../examples/be_called.py");
  const env = {
    PATH: process.env["PATH"],
    INBOX_URL: `http://127.0.0.1:${port}/`,
    INBOX_TOKEN: token,
    WEBHOOK_SECRET: secret,
  };
  const program = spawn(python ?? "python3", [script, effect], { env, stdio: ["ignore", "pipe", "inherit"] });
  stack.defer(() => void program.kill("SIGKILL"));
  const [programPort] = (await once(createInterface(program.stdout), "line")) as [string];
  const calls = stack.use(await startPostServer());
  calls.answer = async ({ headers, body }) => {
    place.onCall();
    const names = ["webhook-id", "webhook-timestamp", "webhook-signature"] as const;
    const signed = Object.fromEntries(names.map((name) => [name, String(headers[name])]));
    const { status } = await fetch(`http://127.0.0.1:${programPort}/`, { method: "POST", headers: signed, body });
    place.onAnswer();
    return { status };
  };
  const person = { issuer: "https://programs.example.com", subject: "billing" };
  const apiTokens = [{ digest: apiTokenDigest(token), person, scopes: ["read" as const, "act" as const] }];
  const webhook = { url: calls.url, secret };
  const place: Place = {
    holds: createHolds(store),
    store,
    calls,
    onCall: () => undefined,
    onAnswer: () => undefined,
    payments: async () => (await readFile(effect, "utf8").catch(() => "")).split("\n").filter(Boolean),
    startInbox: (killAt) => new KilledInbox({ storeUrl, port, webhook, apiTokens, killAt }),
    [Symbol.asyncDispose]: async () => await stack.disposeAsync(),
  };
  return place;
}

/** When the inbox is killed in one story. */
type Kill =
  | NonNullable<KilledInboxOptions["killAt"]>
  | { readonly as: "it is called" | "it has answered" }
  | { readonly afterMs: number };

/** From the ask to the receipt, with an amount that is this story's own. Resolves to how often the inbox was killed. */
async function story(place: Place, amount: number, kill: Kill | undefined): Promise<number> {
  const { holds, store, calls } = place;
  const id = `refund-${amount}`;
  await using inbox = place.startInbox(kill !== undefined && "write" in kill ? kill : undefined);
  const killAs = (what: string) => (): void => {
    if (kill !== undefined && "as" in kill && kill.as === what) inbox.kill();
  };
  place.onCall = killAs("it is called");
  place.onAnswer = killAs("it has answered");
  if (kill !== undefined && "afterMs" in kill) void sleep(kill.afterMs).then(() => inbox.kill());

  await holds.open(id, { ask: { message: `Refund ${amount}?` }, content: { amount } }, { by: "agent" });
  await inbox.answerAt(`${inbox.url}hold?id=${id}`, "hold", { decision: "approve" });
  const openDeliveries = async (): Promise<number> => {
    const keys = await Array.fromAsync(store.list({ prefix: "hold-deliveries/billing/" }));
    return keys.filter(({ key }) => key.includes("/open/")).length;
  };
  await expect.poll(async () => (await holds.inspect(id))?.state, poll).toBe("done");
  await expect.poll(async () => await doneDeliveries(store), poll).toBeGreaterThanOrEqual(amount);
  await expect.poll(openDeliveries, poll).toBe(0);

  expect(await holds.inspect(id)).toMatchObject({ answer: { by: "ada" }, receipt: { paid: amount } });
  expect((await place.payments()).filter((payment) => payment.startsWith(`${amount} `))).toHaveLength(1);
  const mine = calls.posted.filter(({ body }) => (JSON.parse(body) as { data: { id: string } }).data.id === id);
  expect(new Set(mine.map(({ headers, body }) => `${String(headers["webhook-id"])} ${body}`)).size).toBe(1);
  // Each call came when the answer stood in the hold.
  expect(mine[0]?.body).toContain('"type":"hold.answered"');
  return inbox.kills;
}

async function doneDeliveries(store: CheckpointStore): Promise<number> {
  const keys = await Array.fromAsync(store.list({ prefix: "hold-deliveries/billing/done/" }));
  return keys.length;
}

describe.skipIf(python === undefined)("a program that is called acts once, and misses nothing", () => {
  it("whichever write the inbox is killed before or after", { timeout: 600_000 }, async () => {
    await using place = await openPlace();
    let amount = 1;
    expect(await story(place, amount, undefined)).toBe(0);
    expect(place.calls.posted).toHaveLength(1);
    const writes = await killAtEachWrite(async (killAt) => {
      amount += 1;
      return await story(place, amount, killAt);
    });
    // The answer, that it calls, the claim and the receipt of who is called, that it was taken, and what is removed then.
    expect(writes).toBeGreaterThan(6);
  });

  it("where the inbox dies while it calls, or before it hears the answer", { timeout: 300_000 }, async () => {
    await using place = await openPlace();
    expect(await story(place, 1, { as: "it is called" })).toBe(1);
    const before = place.calls.posted.length;
    expect(await story(place, 2, { as: "it has answered" })).toBe(1);
    expect(place.calls.posted.length - before).toBe(2);
  });

  it(`at instants that are drawn with the seed ${seed}`, { timeout: 600_000 }, async () => {
    await using place = await openPlace();
    const random = createRandom(seed);
    for (let index = 0; index < randomKills; index += 1) {
      const afterMs = random.integer(0, storyMs);
      expect(await story(place, index + 1, { afterMs })).toBeLessThanOrEqual(1);
    }
  });
});
