import { strictEqual } from "node:assert/strict";

import type { CaseContext, ConformanceCase } from "../conformance-case.ts";
import { bodyOf } from "../expect/body-of.ts";
import { expectMissing, expectStored } from "../expect/expect-body.ts";
import { expectKeys } from "../expect/expect-keys.ts";
import { expectRejection } from "../expect/expect-rejection.ts";
import { forEachConcurrently } from "../expect/for-each-concurrently.ts";
import { withoutRequest } from "../expect/without-request.ts";

/** All of the keys hold values of their own at the same time, are listed as they were given, and go one by one. */
async function expectApart({ store, settings }: CaseContext, keys: readonly string[]): Promise<void> {
  const { concurrency } = settings;
  await forEachConcurrently(keys, concurrency, (key) =>
    store.put(key, bodyOf(`the value of ${key}`), { ifAbsent: true }),
  );
  await forEachConcurrently(keys, concurrency, (key) => expectStored(store, key, bodyOf(`the value of ${key}`)));
  await expectKeys(store, keys);
  const removed = keys.filter((_, index) => index % 2 === 0);
  const kept = keys.filter((_, index) => index % 2 === 1);
  await forEachConcurrently(removed, concurrency, async (key) => {
    strictEqual(await store.delete(key), true, `delete ${JSON.stringify(key)}`);
  });
  await forEachConcurrently(removed, concurrency, (key) => expectMissing(store, key));
  await forEachConcurrently(kept, concurrency, (key) => expectStored(store, key, bodyOf(`the value of ${key}`)));
  await expectKeys(store, kept);
}

function keysCase(id: `keys/${string}`, breaks: string, keys: readonly string[]): ConformanceCase {
  return { id, breaks, run: (context) => expectApart(context, keys) };
}

export const keysCases: readonly ConformanceCase[] = [
  keysCase("keys/ordinary", "The keys that the actors use do not work.", [
    "paused/msg-123.json",
    "paused/01J9ZC5X7Q3V8W.json",
    "paused/resume-550e8400-e29b-41d4-a716-446655440000.json",
    "a",
    "0",
    "with_underscore.and-dash~tilde",
  ]),
  keysCase("keys/letter-case", "Two tasks whose ids differ in letter case overwrite each other.", [
    "Task",
    "task",
    "TASK",
    "dir/Key.json",
    "Dir/key.json",
    "ä",
    "Ä",
    "ß",
    "SS",
    "ss",
    "ı",
    "I",
    "i",
    "İ",
  ]),
  keysCase(
    "keys/unicode-normalisation",
    "Two tasks whose ids look alike but are encoded differently overwrite each other.",
    [
      "caf\u00e9",
      "cafe\u0301",
      "\u212b",
      "\u00c5",
      "A\u030a",
      "\ufb01",
      "fi",
      "\u1e9b\u0323",
      "\u1e69",
      "한글",
      "한글".normalize("NFD"),
    ],
  ),
  keysCase("keys/slashes", "Keys with unusual slashes collide, or cannot be stored.", [
    "/",
    "//",
    "/a",
    "//a",
    "a/",
    "a//",
    "a//b",
    "a///b",
    "a/b/",
    "a",
    "a/b",
    "\\",
    "a\\b",
  ]),
  keysCase(
    "keys/dots",
    "A key with dots leaves the store's place and reads or overwrites foreign data, or is refused.",
    [
      ".",
      "..",
      "...",
      "./a",
      "../a",
      "a/.",
      "a/..",
      "a/./b",
      "a/../b",
      "a/...",
      "../../../etc/passwd",
      ".hidden",
      "a.",
      "a..b",
      ".a.",
      "b/.c",
      "a/../../b",
    ],
  ),
  keysCase("keys/escapes", "Two tasks share a value because one id looks like the escaped form of the other.", [
    "%",
    "%%",
    "%2f",
    "%2F",
    "%25",
    "%252f",
    "a/b",
    "a%2fb",
    "a%2Fb",
    "a%252fb",
    "%zz",
    "100%",
    "+",
    "%20",
    "=2F",
    "_2f",
    "~2f",
    "$2f",
    "\\x2f",
    "\\u002f",
    "&#47;",
    "%u002f",
    "a=b&c=d",
    "a?b=c#d",
  ]),
  keysCase("keys/patterns", "A key with a pattern character reads or removes other tasks.", [
    "*",
    "?",
    ">",
    "a*",
    "a?",
    "ab",
    "a.*",
    "a.>",
    "a.b",
    "[ab]",
    "{a,b}",
    "a[b]",
    "^a$",
    "(a|b)",
    "**/a",
    "b/a",
    "!a",
  ]),
  keysCase(
    "keys/spaces-and-controls",
    "Ids with spaces or control characters are trimmed, collide, or break the protocol to the server.",
    [
      " ",
      "  ",
      " a",
      "a ",
      "a b",
      "a",
      "a\tb",
      "a\nb",
      "a\r\nb",
      "a\u0000b",
      "\u0000",
      "\u007f",
      "\u001b[31m",
      "\u00a0",
      "\u2028",
      "\ufeff",
      "\ufeffa",
      "a\u200db",
      "a /b",
      "a/ b",
    ],
  ),
  keysCase("keys/beyond-ascii", "Ids in other scripts or with emoji are damaged.", [
    "审批/消息-一",
    "задача",
    "מטלה",
    "👩‍👩‍👧‍👦",
    "👋🏽",
    "👋",
    "\u{10ffff}",
    "\uffff",
    "\ufffd",
    "\ud7ff",
    "\ue000",
    "é/👋/è",
  ]),
  keysCase("keys/longest", "Long ids are refused or cut, so that two of them share a value.", [
    `${"a".repeat(511)}1`,
    `${"a".repeat(511)}2`,
    "a".repeat(511),
    "A".repeat(512),
    "/".repeat(512),
    "a/".repeat(256),
    ".".repeat(512),
    "%".repeat(512),
    " ".repeat(512),
    "\u0001".repeat(512),
    "👋".repeat(128),
    "é".repeat(256),
    `${"d".repeat(300)}/${"f".repeat(211)}`,
    `${"d".repeat(300)}/${"f".repeat(210)}`,
    "d".repeat(300),
  ]),
  keysCase(
    "keys/prefix-of-another",
    "A task cannot be stored, or hides others, because its id is the start of theirs.",
    ["a", "a/b", "a/b/c", "a/b/c/d", "a.json", "a.json/b", "a.json/b.json", "ab", "a/bc"],
  ),
  keysCase(
    "keys/names-with-a-meaning",
    "An id that means something to a file system, a language or a server is lost or does harm.",
    [
      "__proto__",
      "constructor",
      "toString",
      "hasOwnProperty",
      "NUL",
      "con",
      "aux.txt",
      "C:\\a",
      "a:b",
      "a|b",
      "file.tmp",
      ".lock",
      ".holdpoint/locks/0",
      ".git",
      "~",
      "-rf",
      "$HOME",
      "`id`",
      "'; drop table checkpoints; --",
      '"',
      "undefined",
      "null",
      "{tag}",
    ],
  ),
  {
    id: "keys/listed-by-any-prefix",
    breaks: "A prefix that ends inside a segment, an escaped character or a sign shows too much or too little.",
    async run({ store, settings }) {
      const keys = [
        "a",
        "a/",
        "a//b",
        "a/b",
        "a/b/c",
        "a/bc",
        "ab",
        "A/b",
        "%2f",
        "%2",
        "%",
        "/",
        "/a",
        "..",
        "../a",
        ".a",
      ];
      keys.push(
        "e\u0301",
        "\u00e9",
        "e",
        "👋🏽",
        "👋",
        "👍",
        " ",
        " a",
        "a b",
        "x".repeat(512),
        "x".repeat(300),
        "__proto__",
      );
      await forEachConcurrently(keys, settings.concurrency, (key) => store.put(key, bodyOf(key)));
      const others = ["a/b/", "x", "x".repeat(299), "e\u0301\u0301", "%25", "%2f%", "…", "__", ".", "\u00e8"];
      await forEachConcurrently([...keys, ...others], settings.concurrency, (prefix) =>
        expectKeys(
          store,
          keys.filter((key) => key.startsWith(prefix)),
          prefix,
        ),
      );
    },
  },
  {
    id: "keys/invalid-are-refused",
    breaks: "A broken id is stored under some other key, or comes back as an error that nobody understands.",
    async run({ store }) {
      const invalid: readonly unknown[] = [
        "",
        "\ud800",
        "a\udfff",
        "a".repeat(513),
        "é".repeat(257),
        undefined,
        null,
        7,
        {},
      ];
      for (const value of invalid) {
        const key = value as string;
        const what = typeof value === "string" ? JSON.stringify(value.slice(0, 10)) : String(value);
        await withoutRequest(`the key ${what}`, async () => {
          await expectRejection(`get ${what}`, "invalid-argument", () => store.get(key));
          await expectRejection(`put ${what}`, "invalid-argument", () => store.put(key, bodyOf("a")));
          await expectRejection(`delete ${what}`, "invalid-argument", () => store.delete(key));
        });
      }
      await expectKeys(store, []);
    },
  },
];
