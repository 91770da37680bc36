/** What the API takes and gives, as OpenAPI 3.1 has it. The tests hold every answer to it. */
export function openApiDocument(url: string): object {
  return {
    openapi: "3.1.0",
    info: {
      title: "Holdpoint inbox",
      version: "1",
      description:
        "Ask a person, wait, and act once. Numbers keep the digits that they were written with. A request that may have been taken may be sent again: an answer counts once, and what is asked or claimed under an Idempotency-Key is found again.",
    },
    servers: [{ url: `${url}api/v1` }],
    security: [{ token: [] }],
    paths: {
      "/holds": {
        get: {
          operationId: "listHolds",
          summary: "What may be seen, by id; scope read",
          parameters: [query("state", state), query("label", text), query("after", text)],
          responses: { 200: body("A page of them", ref("HoldPage")), ...problems(401, 403, 503) },
        },
        post: {
          operationId: "openHold",
          summary: "Ask; scope ask. Without an id, one is made of the Idempotency-Key.",
          parameters: [idempotencyKey],
          requestBody: content(ref("HoldRequest")),
          responses: {
            200: body("It was asked before", ref("Opened")),
            201: body("It is asked", ref("Opened")),
            ...problems(400, 401, 403, 409, 413, 503),
          },
        },
      },
      "/events": {
        get: {
          operationId: "followHolds",
          summary:
            "What changes of what may be seen, as server-sent events; scope read. After `ready`, list once; the data of each `changed` is a Changed.",
          responses: {
            200: {
              description: "Until either side ends it",
              content: { "text/event-stream": { schema: eventStream } },
            },
            ...problems(401, 403),
          },
        },
      },
      "/holds/{id}": {
        get: {
          operationId: "getHold",
          summary: "One hold; scope read",
          parameters: [id],
          responses: { 200: body("The hold", ref("Hold")), ...problems(401, 403, 404, 503) },
        },
      },
      "/holds/{id}/wait": {
        get: {
          operationId: "waitForHold",
          summary: "Waits until it waits no more, at most 55 seconds; scope read. With the state waiting, ask again.",
          parameters: [id, query("waitMs", { type: "number", minimum: 0 })],
          responses: { 200: body("Where it stands", ref("Waited")), ...problems(400, 401, 403, 404, 503) },
        },
      },
      "/holds/{id}/answer": post("answerHold", "Answer, as the token's own person; scope answer", ref("Answer"), {
        200: body("It is answered, or has this vote", ref("Answered")),
        ...problems(400, 401, 403, 404, 409, 413, 422, 503),
      }),
      "/holds/{id}/cancel": post(
        "cancelHold",
        "End what one has asked; scope ask, or settle for anybody's",
        ref("Cancel"),
        {
          200: body("It is canceled", ref("Canceled")),
          ...problems(400, 401, 403, 404, 409, 413, 503),
        },
      ),
      "/holds/{id}/claim": {
        post: {
          operationId: "claimHold",
          summary:
            "The right to act, of which there is one; scope act. Under the same Idempotency-Key it is found again.",
          parameters: [id, idempotencyKey],
          requestBody: content(ref("Claim")),
          responses: {
            200: body("The claim, or how it ended", { oneOf: [ref("Claimed"), ref("Ended")] }),
            ...problems(400, 401, 403, 404, 409, 413, 503),
          },
        },
      },
      "/holds/{id}/renew": post(
        "renewClaim",
        "Show that the work goes on, a few times within its lease; scope act",
        ref("Renewal"),
        {
          204: { description: "It is shown" },
          ...problems(400, 401, 403, 404, 409, 413, 503),
        },
      ),
      "/holds/{id}/receipt": post("endClaim", "What came of the work; scope act", ref("Receipt"), {
        204: { description: "It is kept" },
        ...problems(400, 401, 403, 404, 409, 413, 503),
      }),
      "/holds/{id}/settle": post(
        "settleHold",
        "Say what happened to a hold that is in doubt; scope settle",
        ref("Settlement"),
        {
          200: body("It is settled", ref("Settled")),
          ...problems(400, 401, 403, 404, 409, 413, 503),
        },
      ),
    },
    components: {
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
      schemas,
    },
  };
}

const text = { type: "string", minLength: 1 };
const time = { type: "string", format: "date-time" };
const count = { type: "integer", minimum: 0 };
const flag = { type: "boolean" };
const state = {
  enum: ["waiting", "answered", "acting", "in-doubt", "done", "rejected", "canceled", "expired", "corrupt"],
};
const labels = { type: "object", additionalProperties: text };
const person = { oneOf: [text, object({ issuer: text, subject: text })] };
const named = { ...person, description: "Who does it, where that is not the token's person; scope behalf" };
const decisions = { type: "array", items: { oneOf: [text, object({ name: text }, { label: text, approving: flag })] } };
const givenEntries = { decision: text, value: {}, content: {}, comment: { type: "string" } };
const answer = object({ by: person, at: time, approving: flag, byExpiry: flag }, { via: person, ...givenEntries });
const summaryEntries = {
  required: { id: text, state, labels },
  optional: { message: text, openedAt: time, openedBy: person, openedVia: person, since: time, expiresAt: time },
};
const whenInDoubt = { enum: ["stop", "again"] };

/** A stream of events; OpenAPI 3.1 has no way to say what each of them holds. */
const eventStream = { type: "string" };

const schemas = {
  Changed: {
    ...object({ ids: { type: "array", items: text }, isComplete: flag }),
    description: "Which holds have changed. Where that is not complete, more have than could be named: list again.",
  },
  HoldPage: object(
    { holds: { type: "array", items: object(summaryEntries.required, summaryEntries.optional) }, isComplete: flag },
    { next: text },
  ),
  HoldRequest: object(
    {
      ask: object(
        { message: text },
        { details: text, decisions, schema: { type: "object" }, fields: { type: "array" } },
      ),
    },
    {
      id: text,
      content: {},
      savedState: { type: "string" },
      fingerprint: text,
      approvals: { type: "integer", minimum: 1 },
      notBy: { type: "array", items: person },
      labels,
      expiresAt: time,
      expiresInMs: count,
      onExpiry: { oneOf: [{ const: "cancel" }, object({}, givenEntries)] },
      allowOnExpiry: flag,
      ifDifferent: { enum: ["refuse", "keep"] },
      by: named,
    },
  ),
  Opened: object({ outcome: { enum: ["opened", "found", "kept"] }, id: text, state }),
  Hold: object(
    {
      ...summaryEntries.required,
      isDue: flag,
      pruned: flag,
      version: text,
      approvals: count,
      notBy: { type: "array", items: person },
      votes: { type: "array", items: answer },
      log: { type: "array", items: { type: "object" } },
      logCut: count,
    },
    {
      ...summaryEntries.optional,
      question: { type: "object" },
      content: {},
      answer,
      claim: object({ attempt: count, at: time, worker: text, whenInDoubt }),
      doubt: object({ at: time, why: { enum: ["threw", "went-silent"] } }, { problem: { type: "string" } }),
      receipt: {},
      omitted: { enum: ["too-large", "not-json", "pruned"] },
      endedBy: person,
      reason: { type: "string" },
      problem: text,
    },
  ),
  Waited: object({ id: text, state: { enum: [...state.enum, "gone"] } }, { answer }),
  Answer: object({}, { ...givenEntries, by: named }),
  Answered: object({ outcome: { enum: ["answered", "voted", "found"] }, id: text, state, approvalsLeft: count }),
  Cancel: object({}, { reason: text, by: named }),
  Canceled: object({ id: text, state, isNew: flag }),
  Claim: object({}, { leaseMs: { type: "number", minimum: 100 }, whenInDoubt, ifActing: { enum: ["wait", "refuse"] } }),
  Claimed: object(
    {
      outcome: { const: "claimed" },
      id: text,
      token: text,
      leaseMs: { type: "number" },
      attempt: count,
      idempotencyKey: text,
      answer,
      content: {},
    },
    { savedState: { oneOf: [object({ text: { type: "string" } }), object({ base64: { type: "string" } })] } },
  ),
  Ended: object(
    { outcome: { enum: ["done", "rejected", "canceled", "expired"] }, id: text },
    { ran: flag, receipt: {}, omitted: text, at: time, by: person, reason: { type: "string" }, answer },
  ),
  Renewal: object({ token: text }),
  Receipt: object({ token: text }, { receipt: {}, notApplied: text, problem: text }),
  Settlement: object({ applied: flag }, { receipt: {}, reason: text, by: named }),
  Settled: object({ id: text, isNew: flag }),
  Problem: object(
    { type: text, title: text, status: { type: "integer" }, detail: text, code: text },
    { by: person, at: time, agrees: flag, violations: { type: "array", items: text } },
  ),
};

const id = { name: "id", in: "path", required: true, schema: text };
const idempotencyKey = { name: "Idempotency-Key", in: "header", required: false, schema: text };

function object(required: object, optional: object = {}): object {
  const properties = { ...required, ...optional };
  return { type: "object", properties, required: Object.keys(required), additionalProperties: false };
}

function ref(name: keyof typeof schemas): object {
  return { $ref: `#/components/schemas/${name}` };
}

function query(name: string, schema: object): object {
  return { name, in: "query", required: false, schema };
}

function content(schema: object): object {
  return { content: { "application/json": { schema } } };
}

function body(description: string, schema: object): object {
  return { description, ...content(schema) };
}

function post(operationId: string, summary: string, schema: object, responses: object): object {
  return { post: { operationId, summary, parameters: [id], requestBody: content(schema), responses } };
}

function problems(...statuses: readonly number[]): object {
  const problem = { description: "Why not", content: { "application/problem+json": { schema: ref("Problem") } } };
  return Object.fromEntries(statuses.map((status) => [status, problem]));
}
