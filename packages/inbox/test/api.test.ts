import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import type { Schema } from "@cfworker/json-schema";
import { Validator } from "@cfworker/json-schema";
import { testProgram } from "@holdpoint/test-servers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { ApiScope } from "../src/index.ts";
import { apiTokenDigest } from "../src/index.ts";
import { followStream } from "./follow-stream.ts";
import type { OpenInbox } from "./open-inbox.ts";
import { openInbox } from "./open-inbox.ts";

const python = testProgram("python3");
const execute = promisify(execFile);
const issuer = "https://programs.example.com";
const tokenOf = (name: string): string => `${name}-token-${"x".repeat(32)}`;
const everything: readonly ApiScope[] = ["read", "ask", "answer", "act", "settle"];
const refund = { ask: { message: "Refund 5000?" }, content: { amount: 5_000 } };

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: object;
}
interface Operation {
  readonly operationId: string;
  readonly requestBody?: Media | undefined;
  readonly responses: Readonly<Record<string, Media>>;
}
interface Media {
  readonly content?: Readonly<Record<string, { readonly schema: object }>> | undefined;
}

let inbox: OpenInbox;
let document: Document;
const seen = new Set<string>();

beforeEach(async () => {
  const token = (name: string, scopes: readonly ApiScope[], more: object = {}) => ({
    digest: apiTokenDigest(tokenOf(name)),
    person: { issuer, subject: name },
    scopes,
    ...more,
  });
  inbox = await openInbox({
    askersMayApprove: false,
    rules: { administrators: ["admins"], labels: { "team=billing": { answer: ["billing"] } } },
    apiTokens: [
      token("agent", everything, { labels: ["team=billing", "order=*"] }),
      token("answerer", everything, { groups: ["billing"] }),
      token("reader", ["read"], { groups: ["admins"] }),
      token("stranger", everything),
      token("portal", [...everything, "behalf"], { groups: ["billing"], labels: ["team=billing"] }),
      token("asker", ["ask"], { groups: ["admins"], labels: ["team=billing"] }),
    ],
  });
  document = (await (await fetch(inbox.at("api/v1/openapi.json"))).json()) as Document;
});
afterEach(async () => await inbox[Symbol.asyncDispose]());

interface Answered {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** Sends a request as a program would, and holds what is sent and what comes to the document. */
async function call(
  name: string,
  method: "GET" | "POST",
  path: string,
  body?: object | string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answered> {
  const response = await fetch(inbox.at(`api/v1${path}`), {
    method,
    headers: { authorization: `Bearer ${tokenOf(name)}`, ...headers },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const pattern = path.split("?")[0]?.replace(/^\/holds\/[^/]+/u, "/holds/{id}") ?? "";
  const operation = document.paths[pattern]?.[method.toLowerCase()];
  if (operation !== undefined) {
    seen.add(operation.operationId);
    const media = operation.responses[String(response.status)];
    expect(media, `${operation.operationId} ${response.status} ${text}`).toBeDefined();
    const [type, { schema }] = Object.entries(media?.content ?? {})[0] ?? ["", { schema: undefined }];
    expect(response.headers.get("content-type") ?? "").toBe(type);
    if (schema !== undefined) expect(faultsOf(schema, JSON.parse(text))).toEqual([]);
    const sent = operation.requestBody?.content?.["application/json"]?.schema;
    if (response.ok && sent !== undefined && typeof body === "object") expect(faultsOf(sent, body)).toEqual([]);
  }
  return { status: response.status, body: text === "" ? {} : (JSON.parse(text) as Record<string, unknown>) };
}

function faultsOf(schema: object, value: unknown): readonly string[] {
  const whole = { ...schema, components: document.components } as Schema;
  const { errors } = new Validator(whole, "2020-12", false).validate(value);
  return errors.map(({ instanceLocation, error }) => `${instanceLocation}: ${error}`);
}

describe("a program", () => {
  it("asks once, by an id or by a key, waits, and is told the answer", async () => {
    const request = { id: "a", ...refund, labels: { team: "billing" } };
    expect(await call("agent", "POST", "/holds", request)).toMatchObject({ status: 201, body: { outcome: "opened" } });
    expect(await call("agent", "POST", "/holds", request)).toMatchObject({ status: 200, body: { outcome: "found" } });
    const other = { ...request, content: { amount: 1 } };
    expect(await call("agent", "POST", "/holds", other)).toMatchObject({
      status: 409,
      body: { code: "different-hold" },
    });
    const key = { "idempotency-key": "order 42" };
    const [first, again] = [
      await call("agent", "POST", "/holds", refund, key),
      await call("agent", "POST", "/holds", refund, key),
    ];
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(again.body["id"]).toBe(first.body["id"]);
    expect(await call("agent", "POST", "/holds", refund)).toMatchObject({ status: 400 });

    expect((await call("agent", "GET", "/holds/a/wait?waitMs=50")).body).toMatchObject({ state: "waiting" });
    const waiting = call("agent", "GET", "/holds/a/wait");
    const answered = await call("answerer", "POST", "/holds/a/answer", { decision: "approve", comment: "Fine." });
    expect(answered).toMatchObject({ status: 200, body: { outcome: "answered", approvalsLeft: 0 } });
    expect((await waiting).body).toMatchObject({
      state: "answered",
      answer: { decision: "approve", by: { issuer, subject: "answerer" } },
    });
    expect(await inbox.holds.inspect("a")).toMatchObject({ openedBy: { issuer, subject: "agent" } });
    const late = await call("answerer", "POST", "/holds/a/answer", { decision: "reject" });
    expect(late).toMatchObject({ status: 409, body: { code: "already-answered", agrees: false } });
  });

  it("acts once: claims, shows that it lives, and keeps its receipt; the same requests again are safe", async () => {
    await call("agent", "POST", "/holds", {
      id: "a",
      ...refund,
      labels: { team: "billing" },
      savedState: "where I was",
    });
    expect(await call("agent", "POST", "/holds/a/claim", {})).toMatchObject({
      status: 409,
      body: { code: "not-answered" },
    });
    await call("answerer", "POST", "/holds/a/answer", { decision: "approve" });
    const key = { "idempotency-key": "run 1" };
    const claim = await call("agent", "POST", "/holds/a/claim", { leaseMs: 60_000 }, key);
    expect(claim.body).toMatchObject({
      outcome: "claimed",
      attempt: 1,
      content: { amount: 5_000 },
      savedState: { text: "where I was" },
    });
    expect((await call("agent", "POST", "/holds/a/claim", { leaseMs: 60_000 }, key)).body).toEqual(claim.body);
    expect((await call("agent", "POST", "/holds/a/claim", {})).body).toMatchObject({ code: "acting" });
    const { token } = claim.body;
    expect(await call("agent", "POST", "/holds/a/renew", { token })).toMatchObject({ status: 204 });
    expect(await call("agent", "POST", "/holds/a/renew", { token: "x".repeat(20) })).toMatchObject({
      body: { code: "claim-lost" },
    });
    const receipt = { token, receipt: { paid: 5_000 } };
    for (let count = 0; count < 2; count += 1) {
      expect(await call("agent", "POST", "/holds/a/receipt", receipt)).toMatchObject({ status: 204 });
    }
    expect((await call("agent", "POST", "/holds/a/claim", {})).body).toMatchObject({
      outcome: "done",
      receipt: { paid: 5_000 },
    });
    expect(await inbox.holds.inspect("a")).toMatchObject({ state: "done", receipt: { paid: 5_000 } });
  });

  it("frees its claim where nothing happened, and says where nobody knows, which somebody settles", async () => {
    await call("agent", "POST", "/holds", { id: "a", ...refund, labels: { team: "billing" } });
    await call("answerer", "POST", "/holds/a/answer", { decision: "approve" });
    const first = await call("agent", "POST", "/holds/a/claim", {});
    await call("agent", "POST", "/holds/a/receipt", { token: first.body["token"], notApplied: "The bank is closed." });
    const second = await call("agent", "POST", "/holds/a/claim", {});
    expect(second.body).toMatchObject({ attempt: 2, idempotencyKey: first.body["idempotencyKey"] });
    expect(await call("answerer", "POST", "/holds/a/settle", { applied: true })).toMatchObject({
      body: { code: "acting" },
    });
    await call("agent", "POST", "/holds/a/receipt", { token: second.body["token"], problem: "The line broke." });
    expect((await call("agent", "GET", "/holds/a")).body).toMatchObject({
      state: "in-doubt",
      doubt: { problem: "The line broke." },
    });
    expect((await call("agent", "POST", "/holds/a/claim", {})).body).toMatchObject({ code: "in-doubt" });
    const settled = { applied: true, receipt: { paid: 1 }, reason: "It is on the statement." };
    expect(await call("answerer", "POST", "/holds/a/settle", settled)).toMatchObject({ status: 200 });
    expect((await call("agent", "POST", "/holds/a/claim", {})).body).toMatchObject({
      outcome: "done",
      receipt: { paid: 1 },
    });
  });

  it("is told what changes of what it may see, by ids, and what changed is listed", async () => {
    const follow = async (name: string) => {
      const headers = { authorization: `Bearer ${tokenOf(name)}` };
      const response = await fetch(inbox.at("api/v1/events"), { headers });
      expect(response.headers.get("content-type")).toBe("text/event-stream");
      const { said } = followStream(response);
      await expect.poll(said).toContain("event: ready");
      return said;
    };
    const [agent, stranger] = [await follow("agent"), await follow("stranger")];
    seen.add("followHolds");
    await call("agent", "GET", "/holds");
    await call("agent", "POST", "/holds", { id: "a", ask: { message: "private words" }, labels: { team: "billing" } });
    await call("stranger", "POST", "/holds", { id: "theirs", ...refund });
    await expect.poll(agent, { timeout: 30_000 }).toContain('"a"');
    await expect.poll(stranger, { timeout: 30_000 }).toContain('"theirs"');
    await call("answerer", "POST", "/holds/a/answer", { decision: "approve" });
    await expect.poll(agent, { timeout: 30_000 }).toMatch(/"a"[^]*"a"/u);
    for (const [said, id] of [
      [agent, "a"],
      [stranger, "theirs"],
    ] as const) {
      const messages = Array.from(said().matchAll(/^event: changed\ndata: (.*)$/gmu), ([, data = ""]) =>
        JSON.parse(data),
      );
      for (const message of messages) {
        expect(faultsOf({ $ref: "#/components/schemas/Changed" }, message)).toEqual([]);
        expect(message).toEqual({ ids: [id], isComplete: true });
      }
      expect(said()).not.toContain("private");
    }
    expect(await call("asker", "GET", "/events")).toMatchObject({ status: 403, body: { code: "forbidden" } });
  });

  it("that listens is told that more has changed than can be named", async () => {
    const headers = { authorization: `Bearer ${tokenOf("agent")}` };
    const { said } = followStream(await fetch(inbox.at("api/v1/events"), { headers }));
    await call("agent", "GET", "/holds");
    const list = inbox.store.list.bind(inbox.store);
    const all = Promise.withResolvers<void>();
    const listAll = async function* (...parameters: Parameters<typeof list>) {
      await all.promise;
      yield* list(...parameters);
    };
    Object.defineProperty(inbox.store, "list", { value: listAll });
    const by = { issuer, subject: "agent" };
    for (let index = 0; index < 1_001; index += 1) await inbox.holds.open(`a-${index}`, refund, { by });
    all.resolve();
    await expect.poll(said, { timeout: 30_000 }).toContain('data: {"ids":[],"isComplete":false}');
  });

  it("that may name others asks, answers, settles and cancels as them, and the record has both", async () => {
    const [ada, grace] = ["ada", "grace"].map((subject) => ({ issuer: "https://login.example.com", subject }));
    const via = { issuer, subject: "portal" };
    await call("portal", "POST", "/holds", { id: "a", ...refund, by: ada });
    expect((await call("portal", "GET", "/holds/a")).body).toMatchObject({ openedBy: ada, openedVia: via });
    await expect
      .poll(async () => (await call("portal", "GET", "/holds?state=waiting")).body["holds"])
      .toMatchObject([{ id: "a", openedBy: ada, openedVia: via }]);
    await call("portal", "POST", "/holds/a/cancel", { by: grace });
    const labels = { team: "billing" };
    await call("portal", "POST", "/holds", { id: "b", ...refund, labels, by: ada });
    const answer = (id: string, by?: unknown) =>
      call("portal", "POST", `/holds/${id}/answer`, { decision: "approve", ...(by === undefined ? {} : { by }) });
    // Neither whoever asked nor whoever asked for them approves.
    for (const by of [ada, undefined]) expect(await answer("b", by)).toMatchObject({ status: 403 });
    for (const by of [null, 1, {}, "", { ...grace, more: 1 }]) {
      expect(await answer("b", by)).toMatchObject({ status: 400, body: { code: "invalid-argument" } });
    }
    expect(await answer("b", grace)).toMatchObject({ status: 200 });
    const waited = await call("portal", "GET", "/holds/b/wait");
    expect(waited.body).toMatchObject({ answer: { by: grace, via } });
    const { body: claim } = await call("portal", "POST", "/holds/b/claim", {});
    expect(claim).toMatchObject({ answer: { by: grace, via } });
    await call("portal", "POST", "/holds/b/receipt", { token: claim["token"], problem: "The line broke." });
    await call("portal", "POST", "/holds/b/settle", { applied: true, by: ada });
    // A program that asks as itself approves in nobody's name.
    await call("portal", "POST", "/holds", { id: "c", ...refund, labels });
    expect(await answer("c", grace)).toMatchObject({ status: 403 });
    const log = async (id: string) =>
      (await inbox.holds.inspect(id))?.log.flatMap((entry) => (entry.via === undefined ? [] : [[entry.did, entry.by]]));
    expect(await log("a")).toEqual([
      ["opened", ada],
      ["canceled", grace],
    ]);
    expect(await log("b")).toEqual([
      ["opened", ada],
      ["answered", grace],
      ["settled", ada],
    ]);
    expect(await log("c")).toEqual([]);
  });

  it("without that right names nobody, whatever it does", async () => {
    await call("agent", "POST", "/holds", { id: "a", ...refund, labels: { team: "billing" } });
    for (const [path, body] of [
      ["/holds", { id: "b", ...refund }],
      ["/holds/a/answer", { decision: "approve" }],
      ["/holds/a/settle", { applied: true }],
      ["/holds/a/cancel", {}],
    ] as const) {
      const refused = await call("answerer", "POST", path, { ...body, by: "ada" });
      expect(refused).toMatchObject({ status: 403, body: { code: "forbidden" } });
    }
    expect(await inbox.holds.inspect("a")).toMatchObject({ state: "waiting", log: [{ did: "opened" }] });
    expect(await inbox.holds.inspect("b")).toBeNull();
  });

  it("cancels what it has asked", async () => {
    await call("agent", "POST", "/holds", { id: "a", ...refund });
    expect(await call("agent", "POST", "/holds/a/cancel", { reason: "Changed" })).toMatchObject({
      body: { isNew: true },
    });
    expect(await call("agent", "POST", "/holds/a/cancel", {})).toMatchObject({ body: { isNew: false } });
  });

  it("that may ask and nothing else cancels its own, and nobody else's", async () => {
    await call("asker", "POST", "/holds", { id: "a", ...refund });
    await call("agent", "POST", "/holds", { id: "b", ...refund });
    expect(await call("asker", "POST", "/holds/b/cancel", {})).toMatchObject({ status: 403 });
    expect(await call("asker", "GET", "/holds/a")).toMatchObject({ status: 403 });
    expect(await call("asker", "POST", "/holds/a/cancel", {})).toMatchObject({ status: 200 });
    expect(await inbox.holds.inspect("b")).toMatchObject({ state: "waiting" });
  });

  it("gets numbers back as they were written, and what an expiry means", async () => {
    const text = `{"id":"a","ask":{"message":"?"},"content":{"n":12345678901234567890},"expiresAt":"${new Date(Date.now() + 60_000).toISOString()}"}`;
    expect(await call("agent", "POST", "/holds", text)).toMatchObject({ status: 201 });
    const response = await fetch(inbox.at("api/v1/holds/a"), {
      headers: { authorization: `Bearer ${tokenOf("agent")}` },
    });
    const got = await response.text();
    expect(got).toContain('"content":{"n":12345678901234567890}');
    expect(got).toContain('"expiresAt":"');
    expect(await call("agent", "POST", "/holds", { ask: { message: "?" }, id: "b", expiresAt: "soon" })).toMatchObject({
      status: 400,
    });
  });

  it.skipIf(python === undefined)(
    "in Python, without a library, asks, waits and acts once, however often it runs",
    async () => {
      const directory = await mkdtemp(join(tmpdir(), "hp-python-"));
      const effect = join(directory, "payments");
      const script = join(import.meta.dirname, "../examples/ask_and_act.py");
      const env = { ...process.env, INBOX_URL: inbox.url, INBOX_TOKEN: tokenOf("agent") };
      const run = async (): Promise<string> =>
        (await execute(python ?? "python3", [script, "refund-42", effect], { env })).stdout.trim();
      const first = run();
      await expect.poll(async () => await inbox.holds.inspect("refund-42"), { timeout: 60_000 }).not.toBeNull();
      await inbox.holds.answer("refund-42", { decision: "approve" }, { by: "ada" });
      expect(JSON.parse(await first)).toEqual({ outcome: "paid" });
      expect(JSON.parse(await run())).toEqual({ outcome: "done", receipt: { paid: 5_000 } });
      expect((await readFile(effect, "utf8")).trim().split("\n")).toHaveLength(1);
      await rm(directory, { recursive: true });
    },
  );
});

describe("a token", () => {
  it.each(["", "Bearer", "Bearer short", `Basic ${tokenOf("agent")}`, `Bearer ${tokenOf("nobody")}`])(
    "that is not one of them lets nobody in: %j",
    async (authorization) => {
      const response = await fetch(inbox.at("api/v1/holds"), { headers: { authorization } });
      expect(response.status).toBe(401);
      expect(response.headers.get("www-authenticate")).toBe('Bearer realm="holdpoint"');
      expect(await response.json()).toMatchObject({
        code: "unauthenticated",
        type: "urn:holdpoint:problem:unauthenticated",
      });
    },
  );

  it("is good for nothing but the API, and a login for nothing there", async () => {
    const page = await fetch(inbox.at(""), {
      headers: { authorization: `Bearer ${tokenOf("agent")}` },
      redirect: "manual",
    });
    expect(page.status).toBe(303);
  });

  it("does what its scopes say, sees what the rules say, and sets the labels that it may", async () => {
    await call("agent", "POST", "/holds", { id: "a", ...refund, labels: { team: "billing", order: "42" } });
    expect(await call("agent", "POST", "/holds", { id: "b", ...refund, labels: { team: "rockets" } })).toMatchObject({
      status: 403,
    });
    expect(await call("answerer", "POST", "/holds", { id: "b", ...refund, labels: { team: "billing" } })).toMatchObject(
      { status: 403 },
    );
    await call("stranger", "POST", "/holds", { id: "mine", ...refund });
    const idsOf = async (name: string): Promise<unknown> =>
      ((await call(name, "GET", "/holds?state=waiting")).body["holds"] as { readonly id: string }[]).map(
        ({ id }) => id,
      );
    await expect.poll(async () => await idsOf("reader")).toEqual(["a", "mine"]);
    expect(await idsOf("answerer")).toEqual(["a"]);
    expect(await idsOf("stranger")).toEqual(["mine"]);
    for (const [method, path] of [
      ["GET", "/holds/a"],
      ["GET", "/holds/a/wait"],
      ["POST", "/holds/a/answer"],
      ["POST", "/holds/a/claim"],
      ["POST", "/holds/a/settle"],
      ["POST", "/holds/a/cancel"],
    ] as const) {
      const hidden = await call("stranger", method, path, method === "POST" ? {} : undefined);
      const missing = await call("stranger", method, path.replace("/a", "/none"), method === "POST" ? {} : undefined);
      expect(hidden.status).toBe(404);
      expect(JSON.stringify(hidden.body)).toBe(JSON.stringify(missing.body).replaceAll("none", "a"));
    }
    for (const path of ["/holds", "/holds/a/answer", "/holds/a/claim", "/holds/a/settle", "/holds/a/cancel"]) {
      expect(await call("reader", "POST", path, { decision: "approve" })).toMatchObject({
        status: 403,
        body: { code: "forbidden" },
      });
    }
    expect(await call("agent", "POST", "/holds/a/answer", { decision: "approve" })).toMatchObject({ status: 403 });
    expect(await inbox.holds.inspect("a")).toMatchObject({ state: "waiting" });
    expect(JSON.stringify(inbox.refusals)).not.toContain("-token-");
  });
});

describe("a request", () => {
  it("that makes no sense gets one problem that says why", async () => {
    await call("agent", "POST", "/holds", { id: "a", ...refund, labels: { team: "billing" } });
    const schema = { type: "object", properties: { n: { type: "integer" } } };
    await call("agent", "POST", "/holds", { id: "b", ask: { message: "?", schema }, labels: { team: "billing" } });
    for (const [path, body, status, code] of [
      ["/holds/a/answer", "{", 400, "not-json"],
      ["/holds/a/answer", "[]", 400, "not-json"],
      ["/holds/a/answer", { decision: "perhaps" }, 422, "invalid-answer"],
      ["/holds/b/answer", { value: { n: "x" } }, 422, "invalid-answer"],
      ["/holds/b/answer", { wrong: 1 }, 400, "invalid-argument"],
      ["/holds/none/answer", { decision: "approve" }, 404, "not-found"],
    ] as const) {
      expect(await call("answerer", "POST", path, body)).toMatchObject({ status, body: { code, status } });
    }
    expect(await call("agent", "POST", "/holds", { id: "..", ...refund })).toMatchObject({ status: 400 });
    expect(await call("agent", "POST", "/holds", { id: "c" })).toMatchObject({
      status: 400,
      body: { code: "invalid-argument" },
    });
    expect(await call("agent", "GET", "/nowhere")).toMatchObject({ status: 404, body: { code: "unknown-address" } });
  });

  it("that is refused before anybody reads it is told so in the same way", async () => {
    const large = await call("agent", "POST", "/holds", { id: "a", ...refund, content: "x".repeat(9_000_000) });
    expect(large).toMatchObject({ status: 413, body: { code: "too-large" } });
    const headers = { authorization: `Bearer ${tokenOf("agent")}`, origin: "https://evil.example" };
    const foreign = await fetch(inbox.at("api/v1/holds"), { method: "POST", headers, body: JSON.stringify(refund) });
    expect(foreign.headers.get("content-type")).toBe("application/problem+json");
    expect([foreign.status, await foreign.json()]).toMatchObject([403, { code: "forbidden" }]);
  });

  it("of every kind that the document has was made above", () => {
    const operations = Object.values(document.paths).flatMap((path) =>
      Object.values(path).map(({ operationId }) => operationId),
    );
    expect([...seen].toSorted()).toEqual(operations.toSorted());
  });
});
