import { assert, property, string } from "fast-check";
import { describe, expect, test } from "vitest";

import { escapeNatsKey, natsKeyFilter, unescapeNatsKey } from "./nats-key.ts";

const key = string({ unit: "binary", minLength: 1, maxLength: 40 });
// Where the rules about dots, wildcards and escapes meet.
const awkward = string({ unit: "grapheme-ascii", minLength: 1, maxLength: 12 }).map((text) =>
  text.replaceAll(/[a-m]/gu, ".").replaceAll(/[n-s]/gu, "="),
);

/** What a server makes of a filter. */
function lets(filter: string, subject: string): boolean {
  if (!filter.endsWith(">")) return filter === subject;
  const tokens = filter.slice(0, -1);
  return subject.startsWith(tokens) && subject.length > tokens.length;
}

describe("the key in NATS", () => {
  test.each([
    ["paused/msg-123.json", "paused/msg-123.json"],
    ["a=b", "a=3Db"],
    ["a b", "a=20b"],
    ["tasks/*/>", "tasks/=2A/=3E"],
    ["..", "=2E=2E"],
    ["a..b", "a.=2Eb"],
    [".hidden.", "=2Ehidden=2E"],
    ["_kv", "=5Fkv"],
    ["é", "=C3=A9"],
    ["💾", "=F0=9F=92=BE"],
    ["%2F", "=252F"],
  ])("of %j is %j", (plain, escaped) => {
    expect(escapeNatsKey(plain)).toBe(escaped);
    expect(unescapeNatsKey(escaped)).toBe(plain);
  });

  test.each([key, awkward])("is legal and says which key it was", (any) => {
    assert(
      property(any, (plain) => {
        const escaped = escapeNatsKey(plain);
        // What the KV clients of NATS accept, and no empty token, which they accept by mistake.
        expect(escaped).toMatch(/^[-/_=.a-zA-Z0-9]+$/u);
        expect(escaped.split(".")).not.toContain("");
        expect(unescapeNatsKey(escaped)).toBe(plain);
      }),
    );
  });

  test("of the longest key fits the line that a server reads", () => {
    const longest = escapeNatsKey(`${"ä".repeat(128)}${"💾".repeat(128)}`);
    expect(`HPUB $KV.${"b".repeat(240)}.${longest} _INBOX.${"i".repeat(60)} 99999 9999999`.length).toBeLessThan(4096);
  });

  test.each(["=41", "=zz", "=C3", "a..b", "ä", "a=2Eb"])("%j, which nobody escaped so, is no key", (foreign) => {
    expect(unescapeNatsKey(foreign)).toBeUndefined();
  });
});

describe("the filter of a prefix", () => {
  test.each([
    ["", ">"],
    ["paused/", ">"],
    ["team-a.paused/", "team-a.>"],
    ["team-a.", ">"],
    ["a.b.c", "a.b.>"],
    ["a..b", "a.>"],
    [".a.b", "=2Ea.>"],
  ])("%j is %j", (prefix, filter) => {
    expect(natsKeyFilter(prefix)).toBe(filter);
  });

  test.each([key, awkward])("lets every key with that prefix through", (any) => {
    assert(
      property(any, any, (prefix, rest) => {
        for (const plain of [prefix, prefix + rest, `${prefix}.`, `${prefix}..`]) {
          expect(lets(natsKeyFilter(prefix), escapeNatsKey(plain))).toBe(true);
        }
      }),
    );
  });
});
