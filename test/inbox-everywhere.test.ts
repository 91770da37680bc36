import { openStore } from "@holdpoint/core";
import type { CheckpointStore } from "@holdpoint/core";
import { createHolds } from "@holdpoint/core/holds";
import { slackTarget, webhookCourier } from "@holdpoint/inbox";
import { describe, expect, it, onTestFinished, vi } from "vitest";

import { KilledInbox } from "../packages/inbox/test/killed-inbox.ts";
import type { OpenInbox } from "../packages/inbox/test/open-inbox.ts";
import { openInbox } from "../packages/inbox/test/open-inbox.ts";
import type { PostServer } from "../packages/inbox/test/post-server.ts";
import { startPostServer } from "../packages/inbox/test/post-server.ts";
import { findFreePorts } from "../tooling/servers/src/free-ports.ts";
import { storesUnderTest } from "./every-store.ts";

const secret = `whsec_${Buffer.from("thirty-two bytes of a test secret").toString("base64")}`;
const poll = { timeout: 60_000, interval: 50 };

const told = ({ posted }: PostServer): readonly string[] =>
  posted.map(({ body }) => (JSON.parse(body) as { text: string }).text).toSorted();
const calledWith = ({ posted }: PostServer): readonly string[] =>
  posted.map(({ body }) => (JSON.parse(body) as { data: { id: string } }).data.id).toSorted();

/** What stands beside the holds, by its place. */
async function recordsOf(store: CheckpointStore): Promise<readonly string[]> {
  const places: string[] = [];
  for (const prefix of ["hold-notices/", "hold-deliveries/"]) {
    for await (const { key } of store.list({ prefix })) places.push(key.split("/").slice(0, -1).join("/"));
  }
  return places.toSorted();
}

// The rest of telling and calling is tested on a store in memory and on files, in packages/inbox.
describe.each(storesUnderTest)("$name", (place) => {
  describe.skipIf(place.isMissing)("with its real server", () => {
    const useEnvironment = (): void => {
      for (const [name, value] of Object.entries(place.environment)) vi.stubEnv(name, value);
      onTestFinished(() => void vi.unstubAllEnvs());
    };

    it("of two inboxes, one tells of each question and of its end, and one calls with each decision", async () => {
      useEnvironment();
      const url = place.url();
      await using slack = await startPostServer();
      await using program = await startPostServer();
      await using first = await openStore(url);
      await using second = await openStore(url);
      const open = async (store: CheckpointStore): Promise<OpenInbox> =>
        await openInbox({
          store,
          notices: { targets: [slackTarget({ name: "slack", url: slack.url })], lookEveryMs: 50 },
          couriers: { couriers: [webhookCourier({ name: "billing", url: program.url, secret })], lookEveryMs: 50 },
        });
      await using one = await open(first);
      await using other = await open(second);
      const holds = createHolds(first);
      const ids = Array.from({ length: 10 }, (_, index) => `refund-${index}`);
      await Promise.all(ids.map(async (id) => await holds.open(id, { ask: { message: id } })));
      await expect.poll(() => told(slack).length, poll).toBe(ids.length);
      await Promise.all(ids.map(async (id) => await holds.answer(id, { decision: "approve" }, { by: "ada" })));
      const delivered = [...ids.map(() => "hold-deliveries/billing/done"), "hold-deliveries/billing"].toSorted();
      await expect.poll(async () => await recordsOf(first), poll).toEqual(delivered);
      const notices = ids.flatMap((id) => [`Approved by ada: ${id}`, `A question waits for an answer: ${id}`]);
      expect(told(slack)).toEqual(notices.toSorted());
      expect(calledWith(program)).toEqual(ids);
      expect([...one.errors, ...other.errors]).toEqual([]);
    });

    it("nothing is lost where an inbox is killed between sending and noting that it has", async () => {
      useEnvironment();
      const storeUrl = place.url();
      await using slack = await startPostServer();
      await using program = await startPostServer();
      await using store = await openStore(storeUrl);
      const [port = 0] = await findFreePorts(1);
      const options = { storeUrl, port, slackUrl: slack.url, webhook: { url: program.url, secret } };
      const holds = createHolds(store);
      await holds.open("refund-1", { ask: { message: "Refund?" } });
      {
        await using inbox = new KilledInbox(options);
        slack.answer = () => {
          if (inbox.kills > 0) return { status: 200 };
          inbox.kill();
          return undefined;
        };
        await expect.poll(async () => (await recordsOf(store)).length, poll).toBe(2);
        await expect.poll(() => slack.posted.length, poll).toBe(2);
        expect(inbox.kills).toBe(1);
      }
      slack.answer = () => ({ status: 200 });
      {
        await using inbox = new KilledInbox(options);
        program.answer = () => {
          if (inbox.kills > 0) return { status: 200 };
          inbox.kill();
          return undefined;
        };
        await holds.answer("refund-1", { decision: "approve" }, { by: "ada" });
        const delivered = ["hold-deliveries/billing", "hold-deliveries/billing/done"];
        await expect.poll(async () => await recordsOf(store), poll).toEqual(delivered);
        expect(inbox.kills).toBe(1);
      }
      const [question, again, ...ends] = told(slack);
      expect([question, again]).toEqual(Array.from({ length: 2 }, () => "A question waits for an answer: Refund?"));
      // The inbox may have been killed while it told that, too.
      expect([...new Set(ends)]).toEqual(["Approved by ada: Refund?"]);
      expect(program.posted).toHaveLength(2);
      const said = program.posted.map(({ headers, body }) => `${String(headers["webhook-id"])} ${body}`);
      expect(new Set(said).size).toBe(1);
    });
  });
});
