import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";

import { createLocalMesh, crewActor, serveGateway } from "@holdpoint/actors/mesh";
import type { GatewayGeneration, LocalMesh } from "@holdpoint/actors/mesh";
import { createPauseLedger } from "@holdpoint/asya";
import type { PauseLedger } from "@holdpoint/asya";
import { openStore } from "@holdpoint/core";
import type { CheckpointStore } from "@holdpoint/core";
import { describe, expect, it } from "vitest";

import { findFreePorts } from "../../../tooling/servers/src/free-ports.ts";
import { createRandom } from "../../../tooling/torture/src/random.ts";
import { launchChromium, testChromium } from "./chromium.ts";
import { killAtEachWrite, KilledInbox } from "./killed-inbox.ts";
import type { KilledInboxOptions } from "./killed-inbox.ts";
import type { PostServer } from "./post-server.ts";
import { startPostServer } from "./post-server.ts";

const metadata = {
  prompt: "Publish the report?",
  fields: [
    { name: "approved", type: "boolean", prompt: "Publish?" },
    { name: "note", type: "string", required: false },
  ],
};
const poll = { timeout: 60_000, interval: 50 };
const seed = "20261130";
/** So many instants are drawn. */
const randomKills = 6;
/** A task mostly goes on within that time. */
const storyMs = 4_000;

/** x-pause and x-resume as processes, a gateway, and a channel of Slack. */
interface Place extends AsyncDisposable {
  readonly mesh: LocalMesh;
  readonly ledger: PauseLedger;
  readonly store: CheckpointStore;
  readonly slack: PostServer;
  /** What the actor after x-resume was handed, by task. */
  readonly received: Map<string, unknown[]>;
  onReceived: () => void;
  readonly startInbox: (killAt?: KilledInboxOptions["killAt"]) => KilledInbox;
}

async function openPlace(generation: GatewayGeneration): Promise<Place> {
  const stack = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), "going-on-"));
  stack.defer(async () => await rm(directory, { recursive: true }));
  const storeUrl = pathToFileURL(directory).href;
  const store = stack.use(await openStore(storeUrl));
  const env = { ASYA_PERSISTENCE_MOUNT: directory, ASYA_PAUSE_METADATA: JSON.stringify(metadata) };
  const received = new Map<string, unknown[]>();
  const mesh = stack.use(
    await createLocalMesh({
      gateway: generation,
      actors: {
        "x-pause": crewActor("x-pause", env),
        "x-resume": crewActor("x-resume", env),
        publisher: async ({ payload }) => {
          const { task } = payload as { readonly task: string };
          received.set(task, [...(received.get(task) ?? []), payload]);
          place.onReceived();
          return { payload };
        },
      },
    }),
  );
  const gateway = stack.use(await serveGateway(mesh));
  const slack = stack.use(await startPostServer());
  const [port = 0] = await findFreePorts(1);
  const options = { storeUrl, port, slackUrl: slack.url, gatewayUrl: gateway.url };
  const place: Place = {
    mesh,
    ledger: createPauseLedger(store),
    store,
    slack,
    received,
    onReceived: () => undefined,
    startInbox: (killAt) => new KilledInbox({ ...options, killAt }),
    [Symbol.asyncDispose]: async () => await stack.disposeAsync(),
  };
  return place;
}

/** When the inbox is killed in one story. */
type Kill =
  | NonNullable<KilledInboxOptions["killAt"]>
  | { readonly as: "slack is told" | "it has gone on" }
  | { readonly afterMs: number };

/** What Slack was told of one task, in order. */
function told({ slack }: Place, task: string): readonly string[] {
  return slack.posted
    .filter(({ body }) => body.includes(`task?id=${task}|`))
    .map(({ body }) => (JSON.parse(body) as { readonly text: string }).text);
}

/** From x-pause to the actor after x-resume. Resolves to how often the inbox was killed. */
async function story(place: Place, task: string, kill: Kill | undefined): Promise<number> {
  const { mesh, ledger, store, slack, received } = place;
  await using inbox = place.startInbox(kill !== undefined && "write" in kill ? kill : undefined);
  const isAs = (what: string): boolean => kill !== undefined && "as" in kill && kill.as === what;
  slack.answer = () => {
    if (!isAs("slack is told") || inbox.kills > 0) return { status: 200 };
    inbox.kill();
    return undefined;
  };
  place.onReceived = () => {
    if (isAs("it has gone on")) inbox.kill();
  };
  if (kill !== undefined && "afterMs" in kill) void sleep(kill.afterMs).then(() => inbox.kill());

  await mesh.send(["x-pause", "publisher"], { task, report: "Q3" }, { id: task }).outcome;
  // What it died over is told again, unless the task has gone on before that.
  const messages = isAs("slack is told") ? 2 : 1;
  await expect.poll(() => told(place, task).length, poll).toBeGreaterThanOrEqual(messages);
  const link = /<(http[^|>]+)\|/u.exec(slack.posted.find(({ body }) => body.includes(`task?id=${task}|`))?.body ?? "");
  await inbox.answerAt(link?.[1] ?? "", "task", { "value-0": "yes", "value-1": "fine" });
  await expect.poll(() => received.get(task)?.length, poll).toBe(1);
  // It is told to its end, and nothing is left of that.
  await expect.poll(async () => (await Array.fromAsync(store.list({ prefix: "hold-notices/" }))).length, poll).toBe(0);

  expect(received.get(task)).toEqual([{ task, report: "Q3", approved: true, note: "fine" }]);
  expect(await ledger.inspect(task)).toMatchObject({ state: "resumed", input: { approved: true, note: "fine" } });
  const texts = told(place, task);
  const again = texts.length - new Set(texts).size;
  expect([...new Set(texts)]).toEqual([
    "A question waits for an answer: Publish the report?",
    "Answered by ada: Publish the report?",
  ]);
  // One message each. A second one only where it died between sending it and noting that it had.
  expect(again).toBeLessThanOrEqual(inbox.kills);
  return inbox.kills;
}

describe.each(["newest", "a2a"] as const)("a task that pauses, behind a gateway of the generation %s", (generation) => {
  it("goes on once, whichever write the inbox is killed before or after", { timeout: 600_000 }, async () => {
    await using place = await openPlace(generation);
    expect(await story(place, "untroubled", undefined)).toBe(0);
    expect(told(place, "untroubled")).toHaveLength(2);
    const writes = await killAtEachWrite((killAt) => story(place, `${killAt.when}-${killAt.write}`, killAt));
    // It says that it tells, and that it has, of the question and of its end.
    expect(writes).toBeGreaterThan(4);
  });

  it("goes on once, also where the inbox dies while others do what it asked for", { timeout: 300_000 }, async () => {
    await using place = await openPlace(generation);
    expect(await story(place, "told", { as: "slack is told" })).toBe(1);
    expect(told(place, "told")).toHaveLength(3);
    expect(await story(place, "sent", { as: "it has gone on" })).toBe(1);
  });

  it(`goes on once, at instants that are drawn with the seed ${seed}`, { timeout: 600_000 }, async () => {
    await using place = await openPlace(generation);
    const random = createRandom(seed);
    for (let index = 0; index < randomKills; index += 1) {
      const afterMs = random.integer(0, storyMs);
      expect(await story(place, `random-${index}`, { afterMs })).toBeLessThanOrEqual(1);
    }
  });
});

it.skipIf(testChromium === undefined)(
  "a person in a browser follows the link, logs in, answers, and the task goes on",
  { timeout: 120_000 },
  async () => {
    await using place = await openPlace("newest");
    await using inbox = place.startInbox();
    const browser = await launchChromium();
    try {
      await place.mesh.send(["x-pause", "publisher"], { task: "seen" }, { id: "seen" }).outcome;
      await expect.poll(() => told(place, "seen").length, poll).toBe(1);
      const page = await browser.newPage();
      await page.goto(/<(http[^|>]+)\|/u.exec(place.slack.posted[0]?.body ?? "")?.[1] ?? "");
      await page.getByLabel("Token").fill(inbox.token);
      await page.getByRole("button", { name: "Log in" }).click();
      await page.getByRole("heading", { name: "Publish the report?" }).waitFor();
      await page.getByLabel("Yes").check();
      await page.getByRole("button", { name: "Send the answer" }).click();
      await page.getByRole("heading", { name: "Answered" }).waitFor();
      await expect.poll(() => place.received.get("seen"), poll).toEqual([{ task: "seen", approved: true }]);
      await expect.poll(() => told(place, "seen"), poll).toHaveLength(2);
    } finally {
      await browser.close();
    }
  },
);
