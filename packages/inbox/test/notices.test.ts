import { spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { createPauseLedger } from "@holdpoint/asya";
import { openStore } from "@holdpoint/core";
import type { CheckpointStore } from "@holdpoint/core";
import type { Holds } from "@holdpoint/core/holds";
import { createHolds } from "@holdpoint/core/holds";
import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";

import type { NoticeOptions, NoticeTarget } from "../src/index.ts";
import { InboxError, mailTarget, slackTarget, webhookTarget } from "../src/index.ts";
import type { ServeInboxOptions } from "../src/node.ts";
import { startMailServer } from "./mail-server.ts";
import type { OpenInbox } from "./open-inbox.ts";
import { openInbox } from "./open-inbox.ts";
import type { PostServer } from "./post-server.ts";
import { startPostServer } from "./post-server.ts";
import { withGet } from "./with-get.ts";

const hourMs = 3_600_000;
const secret = `whsec_${Buffer.from("thirty-two bytes of a test secret").toString("base64")}`;
const poll = { timeout: 30_000 };

async function openTelling(
  targets: readonly NoticeTarget[],
  more: Partial<ServeInboxOptions> & { readonly times?: Omit<NoticeOptions, "targets"> } = {},
): Promise<OpenInbox> {
  const { times, ...options } = more;
  return await openInbox({ ...options, notices: { targets, lookEveryMs: 50, ...times } });
}

interface SlackBody {
  readonly text: string;
  readonly blocks: readonly {
    readonly type: string;
    readonly text?: { readonly type: string; readonly text: string };
  }[];
}

const slackBodies = ({ posted }: PostServer): readonly SlackBody[] =>
  posted.map(({ body }) => JSON.parse(body) as SlackBody);
const texts = (server: PostServer): readonly string[] => slackBodies(server).map(({ text }) => text);

async function recordsOf(store: CheckpointStore): Promise<number> {
  return (await Array.fromAsync(store.list({ prefix: "hold-notices/" }))).length;
}

/** Several looks later. */
async function afterLooks(store: CheckpointStore): Promise<void> {
  await createHolds(store).open("later", { ask: { message: "Later?" } });
  await new Promise((resolve) => setTimeout(resolve, 500));
}

describe("a channel of Slack", () => {
  it("is told of a question and of its end, with a link that asks for a login", async () => {
    await using slack = await startPostServer();
    await using inbox = await openTelling([slackTarget({ name: "all", url: `${slack.url}/services/T0/B0/secret` })]);
    const labels = { team: "billing" };
    await inbox.holds.open("a", { ask: { message: "Refund 5000?" }, labels }, { by: "agent" });
    await expect.poll(() => texts(slack), poll).toEqual(["A question waits for an answer: Refund 5000?"]);
    await inbox.holds.answer("a", { decision: "approve" }, { by: "ada" });
    await expect.poll(() => texts(slack)[1], poll).toBe("Approved by ada: Refund 5000?");
    const [opened] = slackBodies(slack);
    expect(opened?.blocks).toMatchObject([
      { type: "section", text: { type: "plain_text", text: "A question waits for an answer" } },
      { type: "section", text: { type: "plain_text", text: "Refund 5000?" } },
      { type: "context", elements: [{ type: "plain_text", text: "asked by agent · team=billing" }] },
      { type: "section", text: { type: "mrkdwn", text: `<${inbox.url}hold?id=a|Look and answer>` } },
    ]);
    const followed = await fetch(`${inbox.url}hold?id=a`);
    expect(new URL(followed.url).pathname).toBe("/login");
    // Of what was told to its end nothing is kept.
    await expect.poll(async () => await recordsOf(inbox.store), poll).toBe(0);
    await afterLooks(inbox.store);
    expect(texts(slack).filter((text) => text.includes("Refund"))).toHaveLength(2);
    expect(inbox.errors).toEqual([]);
  });

  it("is told of whom a program names that it was the program that said so", async () => {
    await using slack = await startPostServer();
    await using inbox = await openTelling([slackTarget({ name: "all", url: `${slack.url}/services/T0/B0/secret` })]);
    await inbox.holds.open("a", { ask: { message: "Refund?" } }, { by: "ada", via: "portal" });
    await expect.poll(() => slackBodies(slack).length, poll).toBe(1);
    expect(JSON.stringify(slackBodies(slack)[0])).toContain("asked by ada via portal");
    const via = { issuer: "https://programs.example.com", subject: "portal" };
    await inbox.holds.answer("a", { decision: "approve" }, { by: "grace", via });
    await expect.poll(() => texts(slack)[1], poll).toBe("Approved by grace via portal: Refund?");
  });

  it("is addressed by nothing that an asker writes, in no text", async () => {
    await using slack = await startPostServer();
    await using inbox = await openTelling([slackTarget({ name: "all", url: slack.url })]);
    const attack = "<!channel> <https://evil.example|click> &lt;!here&gt; \n*bold*\u202e";
    const ask = { message: attack, decisions: [{ name: "yes", label: attack, approving: true }] };
    await inbox.holds.open(`${attack}|x>`, { ask, labels: { [attack]: attack } }, { by: attack });
    await expect.poll(() => slack.posted.length, poll).toBe(1);
    await inbox.holds.answer(`${attack}|x>`, { decision: "yes" }, { by: attack });
    await expect.poll(() => slack.posted.length, poll).toBe(2);
    for (const { text, blocks } of slackBodies(slack)) {
      const links = blocks.flatMap((block) => (block.text?.type === "mrkdwn" ? [block.text.text] : []));
      expect(links).toHaveLength(1);
      expect(links[0]).toMatch(/^<http:\/\/127\.0\.0\.1:\d+\/hold\?id=[\w%.*+-]+\|[\w ]+>$/u);
      const rest = JSON.stringify([text, blocks]).replace(JSON.stringify(links[0]).slice(1, -1), "");
      expect(rest).not.toMatch(/[<>\u202e]/u);
      expect(rest).not.toContain("\\n");
      expect(rest).toContain("&lt;!channel&gt;");
      expect(rest).toContain("&amp;lt;!here");
    }
  });

  it("is told within the limits of Slack, however long the texts are", async () => {
    await using slack = await startPostServer();
    await using inbox = await openTelling([slackTarget({ name: "all", url: slack.url })]);
    const labels = Object.fromEntries(
      Array.from({ length: 16 }, (_, index) => [`${index}${"<".repeat(60)}`, "&".repeat(60)]),
    );
    await inbox.holds.open("a", { ask: { message: "<".repeat(16_384) }, labels });
    await expect.poll(() => slack.posted.length, poll).toBe(1);
    const pieces = JSON.stringify(slackBodies(slack)[0]?.blocks).match(/"text":"[^"]*"/gu) ?? [];
    expect(pieces.length).toBeGreaterThan(2);
    for (const piece of pieces) {
      expect(piece.length - '"text":""'.length).toBeLessThanOrEqual(3_000);
      expect(piece).not.toMatch(/&(?!amp;|lt;|gt;)/u);
    }
  });
});

describe("who is told", () => {
  it("is who has one of the labels, or has none set", async () => {
    await using server = await startPostServer();
    const target = (name: string, labels?: readonly string[]): NoticeTarget =>
      slackTarget({ name, url: `${server.url}/${name}`, labels });
    await using inbox = await openTelling([
      target("billing", ["team=billing"]),
      target("any", ["team=*"]),
      target("all"),
    ]);
    await inbox.holds.open("a", { ask: { message: "A?" }, labels: { team: "billing" } });
    await inbox.holds.open("b", { ask: { message: "B?" }, labels: { team: "rockets" } });
    await inbox.holds.open("c", { ask: { message: "C?" } });
    const ledger = createPauseLedger(inbox.store);
    const envelope = { id: "t", route: { prev: ["a"], curr: "x-pause", next: ["b"] }, payload: {} };
    await ledger.pause(envelope, { metadata: { prompt: "T?", fields: [] } });
    const told = (): readonly string[] =>
      server.posted.map(({ path, body }) => `${path} ${(JSON.parse(body) as SlackBody).text.slice(-2)}`).toSorted();
    await expect
      .poll(told, poll)
      .toEqual(["/all A?", "/all B?", "/all C?", "/all T?", "/any A?", "/any B?", "/billing A?"]);
    await ledger.cancel("t");
    await expect.poll(() => texts(server).at(-1), poll).toBe("Canceled: T?");
  });

  it("is reminded before it expires, once, and told that it has", async () => {
    await using slack = await startPostServer();
    let now = new Date();
    await using inbox = await openTelling([slackTarget({ name: "all", url: slack.url })], { now: () => now });
    await inbox.holds.open("a", { ask: { message: "Refund?" }, expiresInMs: 10 * hourMs });
    await expect.poll(() => slack.posted.length, poll).toBe(1);
    now = new Date(now.getTime() + 9.5 * hourMs);
    await expect.poll(() => texts(slack)[1], poll).toBe("A question expires in 30 minutes: Refund?");
    now = new Date(now.getTime() + hourMs);
    await expect.poll(() => texts(slack)[2], poll).toBe("Expired: Refund?");
    await afterLooks(inbox.store);
    expect(texts(slack).filter((text) => text.includes("Refund"))).toHaveLength(3);
  });

  it("hears nothing of what had ended before, and of an answer only who had heard the question", async () => {
    await using slack = await startPostServer();
    const store = await openStore("memory:");
    const holds = createHolds(store);
    await holds.open("old", { ask: { message: "Old?" } });
    await holds.answer("old", { decision: "approve" });
    await using inbox = await openTelling([slackTarget({ name: "all", url: slack.url })], { store });
    await holds.open("new", { ask: { message: "New?" } });
    await expect.poll(() => texts(slack).length, poll).toBe(1);
    await afterLooks(inbox.store);
    expect(texts(slack).join(" ")).not.toContain("Old?");
  });
});

describe("a program", () => {
  it("is told by requests signed as Standard Webhooks say, under one id however often", async () => {
    await using server = await startPostServer();
    server.answer = () => ({ status: server.posted.length === 1 ? 503 : 204 });
    await using inbox = await openTelling([webhookTarget({ name: "audit", url: `${server.url}/hook`, secret })]);
    await inbox.holds.open("a", { ask: { message: "<!channel>" }, labels: { team: "billing" } }, { by: "agent" });
    await expect.poll(() => server.posted.length, poll).toBe(2);
    const [first, second] = server.posted;
    expect(second?.headers["webhook-id"]).toMatch(/^notice_[\da-f]{32}$/u);
    expect(second?.headers["webhook-id"]).toBe(first?.headers["webhook-id"]);
    const headers = second?.headers as Record<string, string>;
    const body = second?.body ?? "";
    expect(new Webhook(secret).verify(body, headers)).toMatchObject({
      type: "hold.opened",
      data: {
        id: "a",
        message: "<!channel>",
        askedBy: "agent",
        labels: { team: "billing" },
        url: inbox.at("hold?id=a"),
      },
    });
    // By the letter of the specification, besides by its library.
    const signed = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`;
    const key = Buffer.from(secret.slice("whsec_".length), "base64");
    expect(headers["webhook-signature"]).toBe(`v1,${createHmac("sha256", key).update(signed).digest("base64")}`);
    await inbox.holds.answer(
      "a",
      { decision: "reject" },
      { by: { issuer: "https://login.example.com", subject: "ada" } },
    );
    await expect.poll(() => server.posted.length, poll).toBe(3);
    expect(JSON.parse(server.posted[2]?.body ?? "")).toMatchObject({
      type: "hold.decided",
      data: { outcome: "Rejected", decidedBy: { issuer: "https://login.example.com", subject: "ada" } },
    });
    expect(server.posted[2]?.headers["webhook-id"]).not.toBe(headers["webhook-id"]);
    expect(inbox.errors.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^Telling "audit" of the hold "a" failed: it answered 503\. It is tried again in \d s\.$/u),
    ]);
  });

  it("is told again when it wants to be, and of the rest while it refuses one for good", async () => {
    await using server = await startPostServer();
    const idsOf = (): readonly string[] =>
      server.posted.map(({ body }) => (JSON.parse(body) as { data: { id: string } }).data.id);
    server.answer = ({ body }) =>
      body.includes("Poison") ? { status: 429, headers: { "retry-after": "2" } } : { status: 200 };
    await using inbox = await openTelling([webhookTarget({ name: "audit", url: server.url, secret })]);
    await inbox.holds.open("poison", { ask: { message: "Poison" } });
    await expect.poll(() => inbox.errors.length, poll).toBe(1);
    for (const id of ["a", "b"]) await inbox.holds.open(id, { ask: { message: id } });
    const beganAt = performance.now();
    await expect.poll(idsOf, poll).toEqual(expect.arrayContaining(["a", "b"]));
    await expect.poll(() => idsOf().filter((id) => id === "poison").length, poll).toBeGreaterThan(2);
    expect(performance.now() - beganAt).toBeGreaterThan(1_900);
    expect(inbox.errors[0]?.message).toBe(
      'Telling "audit" of the hold "poison" failed: it answered 429. It is tried again in 2 s.',
    );
  });

  it("is told at its own address, and at none that it leads to", async () => {
    await using elsewhere = await startPostServer();
    await using server = await startPostServer();
    server.answer = () => ({ status: 307, headers: { location: elsewhere.url } });
    await using inbox = await openTelling([webhookTarget({ name: "audit", url: server.url, secret })]);
    await inbox.holds.open("a", { ask: { message: "A?" } });
    await expect.poll(() => inbox.errors.map(({ message }) => message).join(" "), poll).toContain("it answered 307");
    expect(elsewhere.posted).toEqual([]);
  });
});

describe("a person", () => {
  it("is told by mail in one thread, in which an asker makes no header and no recipient", async () => {
    await using mail = await startMailServer();
    const target = mailTarget({ name: "ada", server: mail.url, from: "inbox@example.com", to: "ada@example.com" });
    await using inbox = await openTelling([target]);
    const attack = "Refund?\r\nBcc: eve@example.com\r\n\r\nHello\u2028\u202e";
    await inbox.holds.open("a", { ask: { message: attack } }, { by: attack });
    await expect.poll(() => mail.mails.length, poll).toBe(1);
    await inbox.holds.answer("a", { decision: "approve" }, { by: "ada" });
    await expect.poll(() => mail.mails.length, poll).toBe(2);
    const [opened, decided] = mail.mails.map(({ raw }) => raw.split("\r\n\r\n"));
    for (const { recipients } of mail.mails) expect(recipients).toEqual(["ada@example.com"]);
    for (const [head = ""] of [opened ?? [], decided ?? []]) {
      const unfolded = head.replaceAll(/\r\n[ \t]+/gu, " ");
      expect(unfolded).not.toMatch(/^Bcc:/imu);
      expect(unfolded).toMatch(/^Subject: .*Refund\? Bcc: eve@example\.com Hello\\u2028\\u202e$/imu);
      expect(unfolded).toMatch(/^Auto-Submitted: auto-generated$/imu);
    }
    const messageId = /^Message-ID: (\S+)$/imu.exec(opened?.[0] ?? "")?.[1] ?? "";
    expect(messageId).toMatch(/^<notice_[\da-f]{32}@example\.com>$/u);
    expect(decided?.[0]).toContain(`In-Reply-To: ${messageId}`);
    expect(mail.mails[0]?.raw).toContain(`${inbox.url}hold?id=a`);
  });

  it.each(["look", "answer"] as const)(
    "gets a link that is signed for them alone, with the right to %s",
    async (right) => {
      await using mail = await startMailServer();
      const linkKeys = ["a key of at least thirty-two characters"];
      const ada = { name: "ada", server: mail.url, from: "inbox@example.com", to: "ada@example.com" };
      await using inbox = await openTelling([mailTarget({ ...ada, signedLinks: right })], { linkKeys });
      await inbox.holds.open("a", { ask: { message: "Refund?" } });
      await expect.poll(() => mail.mails.length, poll).toBe(1);
      const text = (mail.mails[0]?.raw ?? "").replaceAll("=\r\n", "").replaceAll("=3D", "=");
      const page = await fetch(/http\S+\/link\?token=\S+/u.exec(text)?.[0] ?? "");
      expect(page.status).toBe(200);
      const html = await page.text();
      expect(html).toContain("Refund?");
      expect(html.includes("<form")).toBe(right === "answer");
      expect(await inbox.holds.inspect("a")).toMatchObject({ state: "waiting" });
    },
  );

  it("is not told that a server has refused what it was given, password and all", async () => {
    await using mail = await startMailServer({ user: "inbox", password: "hunter2" });
    const server = mail.url.replace("smtp://", "smtp://inbox:hunter3@");
    const target = mailTarget({ name: "ada", server, from: "inbox@example.com", to: "ada@example.com" });
    await using inbox = await openTelling([target]);
    await inbox.holds.open("a", { ask: { message: "Refund?" } });
    await expect.poll(() => inbox.errors.length, poll).toBeGreaterThan(0);
    expect(inbox.errors[0]?.message).toContain("its server did not take it (EAUTH 535)");
    expect(JSON.stringify(inbox.errors.map((error) => [error.message, error.stack]))).not.toContain("hunter");
  });

  it("is told nothing by a server of another machine that has no TLS", async () => {
    await using mail = await startMailServer();
    // This machine by an address that does not say so.
    const server = mail.url.replace("127.0.0.1", "[::ffff:127.0.0.1]");
    const target = mailTarget({ name: "ada", server, from: "inbox@example.com", to: "ada@example.com" });
    await using inbox = await openTelling([target]);
    await inbox.holds.open("a", { ask: { message: "Refund?" } });
    await expect.poll(() => inbox.errors[0]?.message, poll).toContain("its server did not take it (ETLS");
    expect(mail.mails).toEqual([]);
  });
});

describe("a target that is down", () => {
  it("delays nobody else, and is told when it is back, each question once", async () => {
    await using down = await startPostServer();
    await using up = await startPostServer();
    down.answer = () => undefined;
    const targets = [slackTarget({ name: "down", url: down.url }), slackTarget({ name: "up", url: up.url })];
    await using inbox = await openTelling(targets, { times: { timeoutMs: 2_000 } });
    for (const id of ["a", "b", "c"]) await inbox.holds.open(id, { ask: { message: `${id}?` } });
    await expect.poll(() => up.posted.length, poll).toBe(3);
    expect(
      texts(up)
        .map((text) => text.slice(-2))
        .toSorted(),
    ).toEqual(["a?", "b?", "c?"]);
    await expect.poll(() => inbox.errors.length, poll).toBeGreaterThan(0);
    const before = down.posted.length;
    down.answer = () => ({ status: 200 });
    await expect
      .poll(
        () =>
          texts(down)
            .slice(before)
            .map((text) => text.slice(-2))
            .toSorted(),
        poll,
      )
      .toEqual(["a?", "b?", "c?"]);
    await afterLooks(inbox.store);
    expect(
      texts(down)
        .slice(before)
        .filter((text) => !text.endsWith("Later?")),
    ).toHaveLength(3);
    expect(up.posted.length).toBeLessThanOrEqual(4);
    expect(inbox.errors[0]?.message).toContain('Telling "down" of the hold "');
    expect(inbox.errors[0]?.message).toContain("it did not answer in time. It is tried again in");
    expect(inbox.errors.every((error) => InboxError.is(error, "not-told"))).toBe(true);
    expect(inbox.errors.join(" ")).not.toContain(down.url);
  });
});

describe("of several inboxes on one store", () => {
  it("one tells, also where both have seen at the same time that nobody had", async () => {
    await using slack = await startPostServer();
    await using store = await openStore("memory:");
    const meeting = meetAtFirstRead(store);
    const open = async (): Promise<OpenInbox> =>
      await openTelling([slackTarget({ name: "all", url: slack.url })], { store: meeting.store });
    const holds = createHolds(store);
    const ids = Array.from({ length: 10 }, (_, index) => `hold-${index}`);
    for (const id of ids) await holds.open(id, { ask: { message: id } });
    await using one = await open();
    await using two = await open();
    await expect.poll(async () => (await toldOf(store)).length, poll).toBe(ids.length);
    expect(meeting.met()).toBe(ids.length);
    for (const id of ids) await holds.answer(id, { decision: "approve" }, { by: "ada" });
    await expect.poll(async () => await recordsOf(store), poll).toBe(0);
    const expected = ids.flatMap((id) => [`A question waits for an answer: ${id}`, `Approved by ada: ${id}`]);
    expect(texts(slack).toSorted()).toEqual(expected.toSorted());
    expect([...one.errors, ...two.errors]).toEqual([]);
  });

  it("another tells again what one was killed over, between telling it and saying so", async () => {
    await using place = await openKilling(1);
    const { store, slack, holds } = place;
    await holds.open("a", { ask: { message: "Refund?" } });
    await place.killed;
    expect(await toldOf(store)).toEqual([]);
    place.start();
    await expect.poll(async () => await toldOf(store), poll).toEqual(["opened"]);
    expect(texts(slack)).toEqual(Array.from({ length: 2 }, () => "A question waits for an answer: Refund?"));
  });

  it("another tells again of an end that one was killed over", async () => {
    await using place = await openKilling(2);
    const { store, slack, holds } = place;
    await holds.open("a", { ask: { message: "Refund?" } });
    await expect.poll(async () => await toldOf(store), poll).toEqual(["opened"]);
    await holds.answer("a", { decision: "approve" }, { by: "ada" });
    await place.killed;
    expect(await recordsOf(store)).toBe(1);
    place.start();
    await expect.poll(async () => await recordsOf(store), poll).toBe(0);
    expect(texts(slack).slice(1)).toEqual(Array.from({ length: 2 }, () => "Approved by ada: Refund?"));
  });

  it("another tells the end to whoever may have heard of the question from one that was killed", async () => {
    await using place = await openKilling(1);
    const { store, slack, holds } = place;
    await holds.open("a", { ask: { message: "Refund?" } });
    await place.killed;
    await holds.answer("a", { decision: "approve" }, { by: "ada" });
    place.start();
    await expect.poll(async () => await recordsOf(store), poll).toBe(0);
    expect(texts(slack).slice(1)).toEqual(["Approved by ada: Refund?"]);
  });
});

it("an inbox that is started tells of a new question before it has read what was told, and reads only that", async () => {
  await using slack = await startPostServer();
  await using store = await openStore("memory:");
  const target = slackTarget({ name: "all", url: slack.url });
  const holds = createHolds(store);
  const ids = Array.from({ length: 60 }, (_, index) => `told-${index}`);
  {
    await using earlier = await openTelling([target], { store });
    await Promise.all(ids.map(async (id) => await holds.open(id, { ask: { message: id } })));
    await expect.poll(async () => (await toldOf(store)).length, poll).toBe(ids.length);
    expect(earlier.errors).toEqual([]);
  }
  await holds.open("new", { ask: { message: "New?" } });
  const goOn = Promise.withResolvers<void>();
  const reads: string[] = [];
  const slow = withGet(store, async (key, options) => {
    const checkpoint = await store.get(key, options);
    reads.push(key.split("/")[0] ?? "");
    if (key.startsWith("hold-notices/") && checkpoint !== null) await goOn.promise;
    return checkpoint;
  });
  await using inbox = await openTelling([target], { store: slow });
  await expect.poll(() => texts(slack).slice(ids.length), poll).toEqual(["A question waits for an answer: New?"]);
  goOn.resolve();
  await holds.answer("told-0", { decision: "approve" }, { by: "ada" });
  await expect.poll(() => texts(slack).at(-1), poll).toBe("Approved by ada: told-0");
  const readsOf = (prefix: string): number => reads.filter((each) => each === prefix).length;
  // Each was listed once; the new one was looked at, and the one that was answered twice.
  expect(readsOf("holds")).toBeLessThan(ids.length + 10);
  expect(readsOf("hold-notices")).toBeLessThan(ids.length + 10);
  expect(slack.posted).toHaveLength(ids.length + 2);
  expect(inbox.errors).toEqual([]);
});

describe("what stands of who was told", () => {
  it("goes once nothing but a stub is left, of a target that is not there any more too", async () => {
    await using slack = await startPostServer();
    await using store = await openStore("memory:");
    const holds = createHolds(store);
    const gone = await openTelling([slackTarget({ name: "gone", url: slack.url })], { store });
    for (const id of ["pruned", "waits"]) await holds.open(id, { ask: { message: id } });
    await expect.poll(() => slack.posted.length, poll).toBe(2);
    await expect.poll(async () => (await toldOf(store)).length, poll).toBe(2);
    await gone[Symbol.asyncDispose]();
    await holds.cancel("pruned");
    await holds.prune({ olderThanMs: 0 });
    await using inbox = await openTelling([slackTarget({ name: "other", url: slack.url })], { store });
    // What waits is told to the new target, and keeps what the old one was told.
    await expect.poll(() => slack.posted.length, poll).toBe(3);
    await expect.poll(async () => (await toldOf(store)).length, poll).toBe(2);
    expect(texts(slack)[2]).toContain("waits");
    expect(inbox.errors).toEqual([]);
  });

  it("goes although something beside it cannot be read, which is said", async () => {
    await using store = await openStore("memory:");
    const garbage = "hold-notices/gone/0.json";
    const record = { kind: "hold", id: "nothing", occasion: "", told: ["opened"] };
    await store.put(garbage, new TextEncoder().encode("{"));
    await store.put("hold-notices/gone/1.json", new TextEncoder().encode(JSON.stringify(record)));
    await using inbox = await openTelling([], { store });
    const keysOf = async (): Promise<readonly string[]> =>
      (await Array.fromAsync(store.list({ prefix: "hold-notices/" }))).map(({ key }) => key);
    await expect.poll(keysOf, poll).toEqual([garbage]);
    expect(inbox.errors.map(({ message }) => message)).toEqual([
      expect.stringContaining(`"${garbage}" does not say who was told of what`),
    ]);
  });

  it("is of one question: the next under its id is told of again", async () => {
    await using slack = await startPostServer();
    await using store = await openStore("memory:");
    const holds = createHolds(store);
    const target = slackTarget({ name: "all", url: slack.url, notices: ["opened"] });
    await using inbox = await openTelling([target], { store });
    for (const message of ["First?", "Second?"]) {
      await holds.open("a", { ask: { message } });
      await expect.poll(() => texts(slack).at(-1), poll).toContain(message);
      await holds.cancel("a");
      await holds.forget("a");
    }
    expect(slack.posted).toHaveLength(2);
    expect(inbox.errors).toEqual([]);
  });
});

it.each<[string, () => unknown, string]>([
  [
    "plain HTTP to elsewhere",
    () => slackTarget({ name: "a", url: "http://hooks.example.com/x" }),
    "begins with https://",
  ],
  [
    "a user in an address",
    () => webhookTarget({ name: "a", url: "https://a:hunter2@b.example", secret }),
    "without a user",
  ],
  [
    "a short secret",
    () => webhookTarget({ name: "a", url: "https://b.example", secret: "whsec_aHVudGVyMg==" }),
    "24 to 64",
  ],
  ["another server", () => mailTarget({ name: "a", server: "https://x", from: "a@b", to: "a@b" }), "expected smtp://"],
  [
    "a password that is not encoded",
    () => mailTarget({ name: "a", server: "smtp://a:hunter2%@x", from: "a@b", to: "a@b" }),
    "expected smtp://",
  ],
  [
    "settings of a server",
    () => mailTarget({ name: "a", server: "smtp://x?requireTLS=false", from: "a@b", to: "a@b" }),
    "expected smtp://",
  ],
  [
    "two recipients",
    () => mailTarget({ name: "a", server: "smtp://x", from: "a@b", to: "a@b, c@d" }),
    "expected one address",
  ],
])("refuses %s", (_what, make, says) => {
  expect(make).toThrow(InboxError);
  expect(make).toThrow(says);
  expect(make).not.toThrow("hunter2");
});

it("refuses targets that cannot be told apart, and signed links without keys", async () => {
  const ada = { name: "ada", server: "smtp://localhost", from: "a@b", to: "ada@b" };
  await expect(openTelling([mailTarget(ada), mailTarget(ada)])).rejects.toThrow("there are two of this name");
  await expect(openTelling([mailTarget({ ...ada, name: "A/b" })])).rejects.toThrow("expected a name");
  await expect(openTelling([mailTarget({ ...ada, labels: ["team"] })])).rejects.toThrow("expected labels");
  await expect(openTelling([mailTarget({ ...ada, signedLinks: "look" })])).rejects.toThrow("no keys");
  await expect(openTelling([], { times: { timeoutMs: 0 } })).rejects.toThrow("notices.timeoutMs");
});

/** What was told of all that has a record. */
async function toldOf(store: CheckpointStore): Promise<readonly string[]> {
  const keys = await Array.fromAsync(store.list({ prefix: "hold-notices/" }));
  const checkpoints = await Promise.all(keys.map(async ({ key }) => await store.get(key)));
  return checkpoints.flatMap((checkpoint) =>
    checkpoint === null ? [] : (JSON.parse(Buffer.from(checkpoint.body).toString()) as { told: string[] }).told,
  );
}

/** A store on which the first read of what somebody was told ends only when another one has read that too. */
function meetAtFirstRead(store: CheckpointStore): { readonly store: CheckpointStore; readonly met: () => number } {
  const meetings = new Map<string, PromiseWithResolvers<void>>();
  let met = 0;
  const get: CheckpointStore["get"] = async (key, options) => {
    const checkpoint = await store.get(key, options);
    if (!key.startsWith("hold-notices/") || checkpoint !== null) return checkpoint;
    const meeting = meetings.get(key);
    if (meeting === undefined) {
      const first = Promise.withResolvers<void>();
      meetings.set(key, first);
      await first.promise;
    } else {
      met += 1;
      meeting.resolve();
    }
    return checkpoint;
  };
  return { store: withGet(store, get), met: () => met };
}

interface Killing extends AsyncDisposable {
  readonly store: CheckpointStore;
  readonly holds: Holds;
  readonly slack: PostServer;
  /** Resolves once the first inbox is dead. */
  readonly killed: Promise<unknown>;
  /** Starts another one. */
  readonly start: () => void;
}

/** An inbox in a process of its own that is killed as soon as Slack has been told so often, and never hears that it was. */
async function openKilling(afterNotices: number): Promise<Killing> {
  const stack = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), "telling-"));
  stack.defer(async () => await rm(directory, { recursive: true }));
  const storeUrl = pathToFileURL(directory).href;
  const store = stack.use(await openStore(storeUrl));
  const slack = stack.use(await startPostServer());
  const start = (): { readonly kill: () => void; readonly ended: Promise<unknown> } => {
    const script = fileURLToPath(new URL("telling-main.ts", import.meta.url));
    const child = spawn(process.execPath, ["--conditions=source", script, storeUrl, slack.url], { stdio: "inherit" });
    const ended = once(child, "exit");
    const kill = (): void => void child.kill("SIGKILL");
    stack.defer(async () => {
      kill();
      await ended;
    });
    return { kill, ended };
  };
  const first = start();
  slack.answer = () => {
    if (slack.posted.length !== afterNotices) return { status: 200 };
    first.kill();
    return undefined;
  };
  return {
    store,
    holds: createHolds(store),
    slack,
    killed: first.ended,
    start,
    [Symbol.asyncDispose]: async () => await stack.disposeAsync(),
  };
}
