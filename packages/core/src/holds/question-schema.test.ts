import { beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";

import { openHolds } from "../../test/holds-fixture.ts";
import { parseLosslessJson } from "../json/lossless-json.ts";
import type { HoldError } from "./hold-error.ts";
import type { Holds } from "./holds.ts";
import type { Question } from "./question.ts";

let holds: Holds;
let takeRequests: () => readonly string[];

beforeEach(async () => {
  ({ holds, takeRequests } = await openHolds());
});

const refused = async (promise: Promise<unknown>): Promise<HoldError> =>
  await promise.then(
    () => {
      throw new Error("it was not refused");
    },
    (error: HoldError) => error,
  );

const address = {
  type: "object",
  properties: {
    mail: { type: "string", format: "email", title: "E-mail" },
    count: { type: "integer", minimum: 1, default: 1 },
    sure: { type: "boolean" },
    colours: { type: "array", items: { enum: ["red", "blue"] } },
  },
  required: ["mail"],
  additionalProperties: false,
};

describe("an input", () => {
  it("is taken if it fits, and handed to the work", async () => {
    await holds.open("a", { ask: { message: "Whom?", schema: address } });
    const value = { mail: "ada@example.com", count: 2, sure: true, colours: ["red"] };
    expect(await holds.answer("a", { value })).toMatchObject({ state: "answered" });
    expect(await holds.act("a", ({ answer }) => answer.value)).toMatchObject({ receipt: value });
  });

  it("leaves the schema as it was handed in", async () => {
    const schema = { type: "object", properties: { name: { type: "string" } } };
    const before = structuredClone(Object.getOwnPropertyDescriptors(schema));
    await holds.open("a", { ask: { message: "Whom?", schema } });
    await holds.answer("a", { value: { name: "ada" } });
    expect(Object.getOwnPropertyDescriptors(schema)).toEqual(before);
    expect(Reflect.ownKeys(schema.properties.name)).toEqual(["type"]);
  });

  it("is refused with every fault, and the hold still waits", async () => {
    await holds.open("a", { ask: { message: "Whom?", schema: address } });
    const value = { mail: "nobody", count: 0.5, sure: "yes", colours: ["green"], other: 1 };
    const { code, violations } = await refused(holds.answer("a", { value }));
    expect(code).toBe("invalid-answer");
    expect(violations.map((violation) => violation.split(/: /u)[1])).toEqual(
      expect.arrayContaining(["mail", "count", "sure", "colours/0"]),
    );
    expect(violations.join()).toContain('"other"');
    expect(await refused(holds.answer("a", { decision: "approve" }))).toMatchObject({
      violations: ["decision is given; the question asks for a value", "value is missing"],
    });
    expect(await holds.inspect("a")).toMatchObject({ state: "waiting" });
  });

  it("counts a number that kept its text as the number that it is", async () => {
    await holds.open("a", { ask: { message: "How many?", schema: { type: "integer", maximum: 10 } } });
    expect(await holds.answer("a", { value: parseLosslessJson("1.0") })).toMatchObject({ state: "answered" });
  });

  it("may be asked for by a schema of Zod's, which is kept as JSON Schema", async () => {
    const schema = z.object({ mail: z.email(), count: z.int().min(1) });
    await holds.open("a", { ask: { message: "Whom?", schema } });
    expect((await refused(holds.answer("a", { value: { mail: "nobody", count: 0 } }))).violations).toHaveLength(3);
    expect((await holds.inspect("a"))?.question?.schema).toMatchObject({ type: "object", required: ["mail", "count"] });
    expect(await holds.answer("a", { value: { mail: "ada@example.com", count: 1 } })).toMatchObject({
      state: "answered",
    });
  });

  it("may be asked for by fields, which are kept as they are", async () => {
    const fields = [
      { name: "approved", type: "boolean" as const, prompt: "Fine?", payload_key: "/review/ok", hint: "big" },
      { name: "why", type: "string" as const, options: ["price", "time"], required: false },
      { name: "tags", type: "array" as const, options: ["a", "b"], required: false },
    ];
    await holds.open("a", { ask: { message: "?", fields } });
    expect((await holds.inspect("a"))?.question?.fields).toEqual(fields);
    const { violations } = await refused(holds.answer("a", { value: { approved: "yes", why: "else", other: 1 } }));
    expect(violations.length).toBeGreaterThanOrEqual(3);
    expect(await holds.answer("a", { value: { approved: true, why: null, tags: ["a", "b"] } })).toMatchObject({
      state: "answered",
    });
  });
});

it("the content of an edit has to fit the schema of an approval", async () => {
  const ask = { message: "Refund?", decisions: ["approve", "edit", "reject"], schema: { required: ["amount"] } };
  await holds.open("a", { ask, content: { amount: 5000 } });
  expect((await refused(holds.answer("a", { decision: "edit", content: {} }))).violations).toHaveLength(1);
  expect(await holds.answer("a", { decision: "edit", content: { amount: 5 } })).toMatchObject({ state: "answered" });
});

it("an equal question whose schema is rendered otherwise is the same question", async () => {
  await holds.open("a", { ask: { message: "?", schema: { type: "string" } } });
  expect(await holds.open("a", { ask: { message: "?", schema: { type: ["string"] } } })).toMatchObject({
    outcome: "found",
  });
});

let deep: object = {};
for (let level = 0; level < 100; level += 1) deep = { not: deep };

it.each<readonly [string, Question]>([
  ["is not JSON Schema 2020-12", { message: "?", schema: { $schema: "http://json-schema.org/draft-07/schema#" } }],
  ["leads elsewhere", { message: "?", schema: { $ref: "https://evil.example/schema" } }],
  ["leads elsewhere", { message: "?", schema: { properties: { a: { $ref: "file:///etc/passwd" } } } }],
  ["leads elsewhere", { message: "?", schema: { anyOf: [{ $dynamicRef: "other#a" }] } }],
  ["leads nowhere", { message: "?", schema: { $ref: "#/$defs/missing" } }],
  ["refers to itself without end", { message: "?", schema: { $ref: "#" } }],
  ["is not a regular expression", { message: "?", schema: { properties: { a: { pattern: "(" } } } }],
  ["is not a regular expression", { message: "?", schema: { patternProperties: { "[": {} } } }],
  ["expected one of null, boolean", { message: "?", schema: { type: "text" } }],
  ["expected a list of names", { message: "?", schema: { required: "a" } }],
  ["expected a number", { message: "?", schema: { items: { minimum: "1" } } }],
  ["is not a schema", { message: "?", schema: { properties: { a: 1 } } }],
  ["expected an object of schemas", { message: "?", schema: { properties: [] } }],
  ["nested too deep", { message: "?", schema: deep as never }],
  ["at most 131072", { message: "?", schema: { description: "x".repeat(200_000) } }],
  ["expected a JSON Schema object", { message: "?", schema: [] as never }],
  ["cannot say it as JSON Schema", { message: "?", schema: { "~standard": { version: 1 } } as never }],
  ["expected a list of fields", { message: "?", fields: [] }],
  ["[0].type", { message: "?", fields: [{ name: "a", type: "date" as never }] }],
  ["[0].name", { message: "?", fields: [{ name: "__proto__", type: "string" }] }],
  [
    "expected names that differ",
    {
      message: "?",
      fields: [
        { name: "a", type: "string" },
        { name: "a", type: "string" },
      ],
    },
  ],
])("refuses a schema before anything is stored: %s", async (problem, ask) => {
  const { code, message } = await refused(holds.open("a", { ask }));
  expect(code).toBe("invalid-argument");
  expect(message).toContain(problem);
  expect(takeRequests()).toEqual([]);
});

it("does not take data for a schema", async () => {
  const schema = { const: { type: "no type", $ref: "https://example.com" }, default: { pattern: "(" } };
  expect(await holds.open("a", { ask: { message: "?", schema } })).toMatchObject({ outcome: "opened" });
});

it("stops a pattern that backtracks for ever, and says so; the hold still waits", async () => {
  await holds.open("a", { ask: { message: "?", schema: { type: "string", pattern: "^(a+)+$" } } });
  const began = performance.now();
  const { code, violations } = await refused(holds.answer("a", { value: `${"a".repeat(40)}!` }));
  expect(code).toBe("invalid-answer");
  expect(violations).toEqual(["value cannot be checked: checking took more than 1000 ms"]);
  // Left alone it takes years.
  expect(performance.now() - began).toBeLessThan(60_000);
  expect(await holds.answer("a", { value: "aaa" })).toMatchObject({ state: "answered" });
});
