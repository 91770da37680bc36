import { describe, expect, it } from "vitest";

import { localLogin } from "../src/index.ts";
import { logIn } from "./inbox-client.ts";
import type { OpenInbox } from "./open-inbox.ts";
import { openInbox } from "./open-inbox.ts";

const rules = {
  administrators: ["admins"],
  labels: { "team=billing": { answer: ["billing"], see: ["support"] } },
};

async function openAs(...groups: readonly string[]): Promise<OpenInbox> {
  const printed: string[] = [];
  const authentication = localLogin({ person: "ada@laptop", print: (token) => void printed.push(token), groups });
  const inbox = await openInbox({ rules, authentication });
  await inbox.holds.open("billing", { ask: { message: "Refund?" }, labels: { team: "billing" } });
  await inbox.holds.open("secret", { ask: { message: "Launch?" }, labels: { team: "rockets" } });
  return {
    ...inbox,
    loginUrl: () => {
      authentication.printToken();
      return inbox.at(`login?token=${printed.at(-1) ?? ""}`);
    },
  };
}

describe("somebody whom the rules let", () => {
  it("see one thing sees nothing else, in no list and by no address", async () => {
    await using inbox = await openAs("support");
    const client = await logIn(inbox);
    const list = await (await client.get("?state=any")).text();
    expect(list).toContain("Refund?");
    expect(list).not.toContain("Launch?");
    expect(list).not.toContain("rockets");
    for (const path of ["hold?id=secret", "content?id=secret"]) {
      const [hidden, missing] = [await client.get(path), await client.get(path.replace("secret", "nothing"))];
      expect(hidden.status).toBe(404);
      // The token of the form that logs out is another one each time.
      const [said, known] = [await hidden.text(), await missing.text()].map((text) =>
        text.replaceAll(/value="[^"]+"/gu, ""),
      );
      expect(said).toBe(known);
    }
    expect(inbox.refusals).toEqual([
      { by: "ada@laptop", why: "see", method: "GET", path: "/hold", id: "secret" },
      { by: "ada@laptop", why: "see", method: "GET", path: "/content", id: "secret" },
    ]);
  });

  it("look gets no form, and one that they make by hand is refused", async () => {
    await using inbox = await openAs("support");
    const client = await logIn(inbox);
    expect(await (await client.get("hold?id=billing")).text()).toContain("You may look at this. Others answer it.");
    expect(await client.formToken("hold?id=billing")).toBe("");
    const sent = await client.post("hold?id=billing", { token: "", decision: "approve" });
    expect(sent.status).toBe(403);
    expect(await inbox.holds.inspect("billing")).toMatchObject({ state: "waiting" });
  });

  it("answer answers, and administrators everything", async () => {
    await using first = await openAs("billing");
    const client = await logIn(first);
    const token = await client.formToken("hold?id=billing");
    expect((await client.post("hold?id=billing", { token, decision: "approve" })).status).toBe(303);
    await using second = await openAs("admins");
    const administrator = await logIn(second);
    const other = await administrator.formToken("hold?id=secret");
    expect((await administrator.post("hold?id=secret", { token: other, decision: "approve" })).status).toBe(303);
  });
});

describe("whoever asked", () => {
  it("may reject, and is not let approve, by whatever form", async () => {
    await using inbox = await openInbox({ askersMayApprove: false });
    await inbox.holds.open("a", { ask: { message: "Refund?" } }, { by: "ada@laptop" });
    const schema = { type: "object", properties: { a: { type: "string" } } };
    await inbox.holds.open("b", { ask: { message: "What?", schema } }, { by: "ada@laptop" });
    const client = await logIn(inbox);
    expect(await (await client.get("hold?id=b")).text()).toContain("You have asked this.");
    const page = await (await client.get("hold?id=a")).text();
    expect(page).toContain('value="reject"');
    expect(page).not.toContain('value="approve"');
    const token = await client.formToken("hold?id=a");
    expect((await client.post("hold?id=a", { token, decision: "approve" })).status).toBe(403);
    expect(inbox.refusals).toMatchObject([{ by: "ada@laptop", why: "answer", id: "a" }]);
    const again = await client.formToken("hold?id=a");
    expect((await client.post("hold?id=a", { token: again, decision: "reject" })).status).toBe(303);
  });

  it("may approve where all who log in are one person", async () => {
    await using inbox = await openInbox();
    await inbox.holds.open("a", { ask: { message: "Refund?" } }, { by: "ada@laptop" });
    const client = await logIn(inbox);
    const token = await client.formToken("hold?id=a");
    expect((await client.post("hold?id=a", { token, decision: "approve" })).status).toBe(303);
  });
});

it("of every refusal is told who, why and where, and nothing that was sent", async () => {
  await using inbox = await openInbox();
  await inbox.holds.open("a", { ask: { message: "Refund?" } });
  const client = await logIn(inbox);
  await client.post("hold?id=a", { token: "hunter2", decision: "approve", comment: "private words" });
  await client.post("hold?id=a", { token: "hunter2" }, { origin: "https://evil.example" });
  await fetch(inbox.at("login"), { method: "POST", body: new URLSearchParams({ token: "hunter2" }) });
  expect(inbox.refusals).toEqual([
    { by: "ada@laptop", why: "form", method: "POST", path: "/hold", id: "a" },
    { by: undefined, why: "origin", method: "POST", path: "/hold" },
    { by: undefined, why: "login", method: "POST", path: "/login" },
  ]);
  expect(JSON.stringify(inbox.refusals)).not.toMatch(/hunter2|private/u);
});
