import { createHash } from "node:crypto";

import type { HoldDetails, HoldRequest, Person } from "@holdpoint/core/holds";
import { isSamePerson } from "@holdpoint/core/holds";
import { describeJsonError, isJsonObject, parseLosslessJson } from "@holdpoint/core/json";
import type { JsonObject } from "@holdpoint/core/json";
import type { Context } from "hono";
import { Hono } from "hono";
import * as v from "valibot";

import { personProblem, personSchema } from "../config/person-schema.ts";
import { showAsNow } from "../hold/show-as-now.ts";
import type { InboxContext } from "../inbox-context.ts";
import type { ListedItem } from "../listing/listed-item.ts";
import { streamChanges } from "../live/stream-changes.ts";
import { labelledHold } from "../rules/access.ts";
import { apiHold, apiSummary } from "./api-hold.ts";
import { ApiRefusal, problemOf, problemResponse } from "./api-problem.ts";
import type { ApiCaller, ApiScope } from "./api-token.ts";
import { findCaller } from "./api-token.ts";
import { openApiDocument } from "./open-api.ts";

/** What is known of a request of the API. */
interface ApiFrame {
  Variables: { caller: ApiCaller };
}

type ApiContext = Context<ApiFrame>;

const pageLength = 100;
const maxWaitMs = 55_000;

/** The API, for programs in any language. */
export function apiApp(inbox: InboxContext): Hono<ApiFrame> {
  const { holds } = inbox;
  const app = new Hono<ApiFrame>();
  app.get("/openapi.json", (context) => context.json(openApiDocument(inbox.url)));
  app.use(async (context, next) => {
    const caller = findCaller(inbox.apiTokens, context.req.header("authorization") ?? null);
    if (caller === undefined) {
      inbox.refused({ by: undefined, why: "login", method: context.req.method, path: context.req.path });
      context.header("www-authenticate", 'Bearer realm="holdpoint"');
      throw new ApiRefusal(401, "unauthenticated", "Send a token of this API as Authorization: Bearer <token>.");
    }
    context.set("caller", caller);
    await next();
  });

  app.get("/holds", async (context) => {
    const caller = need(inbox, context, "read");
    const { items, isComplete } = await inbox.list.read();
    const [state, label, after] = ["state", "label", "after"].map((name) => context.req.query(name));
    const found = items
      .filter(
        (item) =>
          isListedFor(inbox, caller, item) &&
          (state === undefined || item.state === state) &&
          (label === undefined || Object.entries(item.labels).some(([name, value]) => `${name}=${value}` === label)) &&
          (after === undefined || item.id > after),
      )
      .toSorted((left, right) => (left.id < right.id ? -1 : 1));
    const page = found.slice(0, pageLength);
    const next = found.length > pageLength ? page.at(-1)?.id : undefined;
    return json(context, { holds: page.map(apiSummary), isComplete, next });
  });

  app.post("/holds", async (context) => {
    const caller = need(inbox, context, "ask");
    const { id: given, ifDifferent, expiresAt, by, ...request } = await readBody(context);
    assertLabels(inbox, context, caller, request["labels"]);
    const id = given ?? idOfKey(caller, context.req.header("idempotency-key"));
    if (typeof id !== "string" || id === "." || id === "..") {
      throw new ApiRefusal(400, "invalid-argument", "id: expected text, or an Idempotency-Key to make one of.");
    }
    const expiry = expiresAt === undefined ? {} : { expiresAt: new Date(textOf("expiresAt", expiresAt)) };
    const options = {
      ...doerOf(inbox, context, by),
      ifDifferent: ifDifferent === "keep" ? ("keep" as const) : undefined,
    };
    const result = await holds.open(id, { ...request, ...expiry } as HoldRequest, options);
    return json(context, result, result.outcome === "opened" ? 201 : 200);
  });

  app.get("/events", (context) => {
    const caller = need(inbox, context, "read");
    return streamChanges(inbox, context, {
      nameOf: (item) => (isListedFor(inbox, caller, item) ? item.id : undefined),
      isLet: () => findCaller(inbox.apiTokens, context.req.header("authorization") ?? null) !== undefined,
      messageOf: (ids) => ({ ids: ids ?? [], isComplete: ids !== undefined }),
    });
  });

  app.get("/holds/:id", async (context) => json(context, apiHold(await find(inbox, context, "read"))));

  app.get("/holds/:id/wait", async (context) => {
    const { id } = await find(inbox, context, "read");
    const asked = Number(context.req.query("waitMs") ?? maxWaitMs);
    if (!(asked >= 0)) throw new ApiRefusal(400, "invalid-argument", "waitMs: expected milliseconds.");
    const signal = AbortSignal.any([context.req.raw.signal, inbox.ending]);
    return json(context, await holds.wait(id, { waitMs: Math.min(asked, maxWaitMs), signal }));
  });

  app.post("/holds/:id/answer", async (context) => {
    const hold = await find(inbox, context, "answer");
    const caller = context.get("caller");
    const { by: named, ...answer } = await readBody(context);
    const { by, via } = doerOf(inbox, context, named);
    const decision = hold.question?.decisions.find(({ name }) => name === answer["decision"]);
    const isLet =
      inbox.access.mayAnswer(caller, labelledHold(hold)) &&
      inbox.access.mayDecide(by, hold, decision) &&
      // Whoever has asked in their own name approves in nobody's.
      (via === undefined || inbox.access.mayDecide(via, { ...hold, openedVia: undefined }, decision));
    if (!isLet) throw forbidden(inbox, context, "answer", `You may not answer ${JSON.stringify(hold.id)} so.`);
    const result = await holds.answer(hold.id, answer, { by, via });
    await look(inbox, hold.id);
    return json(context, result);
  });

  app.post("/holds/:id/cancel", async (context) => {
    const caller = context.get("caller");
    const isAnybodys = caller.scopes.includes("settle");
    const hold = await find(inbox, context, isAnybodys ? "settle" : "ask");
    const { reason, by } = await readBody(context);
    if (!isAnybodys && !isOwn(caller, hold)) {
      throw forbidden(inbox, context, "answer", "Somebody else has asked this; canceling it needs the scope settle.");
    }
    const why = reason === undefined ? {} : { reason: textOf("reason", reason) };
    const isNew = await holds.cancel(hold.id, { ...doerOf(inbox, context, by), ...why });
    await look(inbox, hold.id);
    return json(context, { id: hold.id, state: "canceled", isNew });
  });

  app.post("/holds/:id/claim", async (context) => {
    const { id } = await find(inbox, context, "act");
    const caller = context.get("caller");
    const { leaseMs, whenInDoubt, ifActing = "refuse" } = await readBody(context);
    if (whenInDoubt !== undefined && whenInDoubt !== "stop" && whenInDoubt !== "again") {
      throw new ApiRefusal(400, "invalid-argument", "whenInDoubt: expected stop or again.");
    }
    if (leaseMs !== undefined && typeof leaseMs !== "number") {
      throw new ApiRefusal(400, "invalid-argument", "leaseMs: expected milliseconds.");
    }
    const key = context.req.header("idempotency-key");
    const claimed = await holds.claim(id, {
      worker: workerOf(caller.person),
      leaseMs,
      whenInDoubt,
      ifActing: ifActing === "wait" ? "wait" : "refuse",
      // The same request again finds its own claim.
      ...(key === undefined ? {} : { token: inbox.claimToken(JSON.stringify([caller.person, id, key])) }),
      signal: AbortSignal.any([context.req.raw.signal, inbox.ending]),
    });
    if (claimed.outcome !== "claimed") return json(context, claimed);
    const { savedState, ...rest } = claimed;
    const saved =
      typeof savedState === "string"
        ? { text: savedState }
        : savedState && { base64: Buffer.from(savedState).toString("base64") };
    return json(context, { ...rest, savedState: saved });
  });

  app.post("/holds/:id/renew", async (context) => {
    const { id } = await find(inbox, context, "act");
    const { token } = await readBody(context);
    await holds.renew(id, textOf("token", token));
    return context.body(null, 204);
  });

  app.post("/holds/:id/receipt", async (context) => {
    const { id } = await find(inbox, context, "act");
    const { token, receipt, notApplied, problem } = await readBody(context);
    const finish =
      notApplied !== undefined
        ? { notApplied: textOf("notApplied", notApplied) }
        : problem !== undefined
          ? { problem: textOf("problem", problem) }
          : { receipt };
    await holds.finish(id, textOf("token", token), finish);
    await look(inbox, id);
    return context.body(null, 204);
  });

  app.post("/holds/:id/settle", async (context) => {
    const hold = await find(inbox, context, "settle");
    const { applied, receipt, reason, by } = await readBody(context);
    if (typeof applied !== "boolean") throw new ApiRefusal(400, "invalid-argument", "applied: expected true or false.");
    const caller = context.get("caller");
    if (!inbox.access.mayAnswer(caller, labelledHold(hold))) {
      throw forbidden(inbox, context, "answer", `You may not settle ${JSON.stringify(hold.id)}.`);
    }
    const why = reason === undefined ? {} : { reason: textOf("reason", reason) };
    const settlement = applied ? ({ applied, receipt } as const) : ({ applied } as const);
    const options = { ...doerOf(inbox, context, by), ifActing: "refuse", ...why } as const;
    const isNew = await holds.settle(hold.id, settlement, options);
    await look(inbox, hold.id);
    return json(context, { id: hold.id, isNew });
  });

  // What is not found here is the API's to say, not the pages'.
  app.all("*", () => {
    throw new ApiRefusal(404, "unknown-address", "There is nothing at this address.");
  });
  app.onError((error, context) => {
    const { isUnexpected } = problemOf(error);
    // Who has gone meanwhile, as long polls do, is no news.
    if (isUnexpected && !context.req.raw.signal.aborted) inbox.report(error);
    return problemResponse(context, error);
  });
  return app;
}

/** Who sends the request, if they may do so. */
function need(inbox: InboxContext, context: ApiContext, scope: ApiScope): ApiCaller {
  const caller = context.get("caller");
  if (caller.scopes.includes(scope)) return caller;
  throw forbidden(inbox, context, "see", `This needs a token with the scope ${scope}.`);
}

/** A hold that the caller may see. Whether there is one that they may not, they are not told. */
async function find(inbox: InboxContext, context: ApiContext, scope: ApiScope): Promise<HoldDetails> {
  const caller = need(inbox, context, scope);
  const id = context.req.param("id") ?? "";
  const hold = await inbox.holds.inspect(id);
  const isSeen = hold !== null && (isOwn(caller, hold) || inbox.access.maySee(caller, labelledHold(hold)));
  if (isSeen) return hold;
  if (hold !== null)
    inbox.refused({ by: caller.person, why: "see", method: context.req.method, path: context.req.path, id });
  throw new ApiRefusal(404, "not-found", `There is no hold ${JSON.stringify(id)}, or it is not for you.`);
}

function forbidden(inbox: InboxContext, context: ApiContext, why: "see" | "answer", message: string): ApiRefusal {
  const { person } = context.get("caller");
  inbox.refused({ by: person, why, method: context.req.method, path: context.req.path });
  return new ApiRefusal(403, "forbidden", message);
}

/** Whether a listing shows it to a caller. Tasks of the mesh are nothing that the API knows. */
function isListedFor({ access }: InboxContext, caller: ApiCaller, item: ListedItem): boolean {
  return (
    item.kind === "hold" &&
    (isOwn(caller, { openedBy: item.askedBy, openedVia: item.askedVia }) || access.maySee(caller, item))
  );
}

/** Whether a caller has asked, in their own name or in somebody's. */
function isOwn({ person }: ApiCaller, { openedBy, openedVia }: Pick<HoldDetails, "openedBy" | "openedVia">): boolean {
  return [openedBy, openedVia].some((asker) => asker !== undefined && isSamePerson(asker, person));
}

/** Whose doing it is: the caller's own, or that of somebody whom they name. */
function doerOf(
  inbox: InboxContext,
  context: ApiContext,
  named: unknown,
): { readonly by: Person; readonly via?: Person } {
  const { person, scopes } = context.get("caller");
  if (named === undefined) return { by: person };
  if (!scopes.includes("behalf")) {
    throw forbidden(inbox, context, "answer", "by: naming somebody needs a token with the scope behalf.");
  }
  if (!v.is(personSchema, named)) throw new ApiRefusal(400, "invalid-argument", `by: ${personProblem}.`);
  return { by: named, via: person };
}

/** Labels decide who sees and answers, so a token says which it may set. */
function assertLabels(inbox: InboxContext, context: ApiContext, { labels: allowed }: ApiCaller, labels: unknown): void {
  if (allowed === undefined && !inbox.access.hasRules) return;
  const set = isJsonObject(labels) ? Object.entries(labels) : [];
  const isAllowed = ([name, value]: readonly [string, unknown]): boolean =>
    allowed?.some((label) => label === `${name}=${String(value)}` || label === `${name}=*`) ?? false;
  const wrong = set.find((label) => !isAllowed(label));
  if (wrong === undefined) return;
  throw forbidden(inbox, context, "answer", `labels: this token may not set ${JSON.stringify(wrong[0])} so.`);
}

/** The same request again, under the same key, asks the same again. */
function idOfKey({ person }: ApiCaller, key: string | undefined): string | undefined {
  if (key === undefined || key === "") return undefined;
  return `key-${createHash("sha256")
    .update(JSON.stringify([person, key]))
    .digest("hex")
    .slice(0, 32)}`;
}

function workerOf(person: Person): string {
  return typeof person === "string" ? person : `${person.subject} of ${person.issuer}`;
}

async function look(inbox: InboxContext, id: string): Promise<void> {
  const hold = await inbox.holds.inspect(id);
  if (hold !== null) showAsNow(inbox, hold);
}

async function readBody(context: ApiContext): Promise<JsonObject> {
  const text = await context.req.text();
  let value: unknown;
  try {
    value = text === "" ? {} : parseLosslessJson(text);
  } catch (error) {
    throw new ApiRefusal(400, "not-json", `The body: ${describeJsonError(text, error)}.`);
  }
  if (!isJsonObject(value)) throw new ApiRefusal(400, "not-json", "The body: expected a JSON object.");
  return value;
}

function textOf(name: string, value: unknown): string {
  if (typeof value === "string" && value !== "") return value;
  throw new ApiRefusal(400, "invalid-argument", `${name}: expected text.`);
}

function json(context: ApiContext, value: object, status: 200 | 201 = 200): Response {
  // Not the framework's: numbers are written as they were.
  return context.body(JSON.stringify(value), status, { "content-type": "application/json" });
}
