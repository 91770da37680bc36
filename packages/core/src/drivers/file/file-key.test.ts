import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { escapeKey, unescapeDirectory, unescapeKey } from "./file-key.ts";
import type { FileNames } from "./file-key.ts";

/** A name as the worst filesystem of its kind would take it. */
function seenAs(path: string, names: FileNames): string {
  return names === "exact" ? path : path.normalize("NFC").toLowerCase();
}

const styles = ["exact", "portable"] as const;

/** Keys made of what could go wrong: separators, dots, our own markers, names of our own, long runs, other scripts. */
const piece = fc.oneof(
  fc.constantFrom(
    "/",
    "//",
    ".",
    "..",
    "%",
    "%25",
    "%2e",
    "%=",
    "%+",
    "%-",
    "\\",
    ".json",
    ".holdpoint",
    "a",
    "A",
    "é",
    "e\u0301",
  ),
  fc.constantFrom(
    "\0",
    "\n",
    "\u007f",
    " ",
    "~",
    "İ",
    "ß",
    "文",
    "🛑",
    "a".repeat(199),
    "é".repeat(101),
    `${"b".repeat(195)}.json`,
  ),
  fc.string({ unit: "grapheme", maxLength: 4 }),
);
const key = fc
  .array(piece, { minLength: 1, maxLength: 6 })
  .map((pieces) => pieces.join(""))
  .filter((text) => text !== "" && text.isWellFormed());

test.for([
  ["paused/msg-123.json", "paused/msg-123.json"],
  ["paused/Msg_A1 (é).json", "paused/Msg_A1 (é).json"],
  ["paused/msg-123", "paused/msg-123%="],
  ["a/b.json/c", "a/b%2ejson/c%="],
  ["../../etc/passwd", "%2e./%2e./etc/passwd%="],
  [".holdpoint/locks/1.lock", "%2eholdpoint/locks/1.lock%="],
  ["/a//b/", "%-/a/%-/b/%="],
  ["50%.json", "50%25.json"],
  ["a\\b\n.json", "a%5cb%0a.json"],
  [`${"a".repeat(200)}..json`, `${"a".repeat(200)}%+/%2e.json`],
  [`${"a".repeat(198)}.json`, `${"a".repeat(198)}.j%+/son%=`],
])("the file of %j is %j", ([text, path]) => {
  expect(escapeKey(text ?? "", "exact")).toBe(path);
  expect(unescapeKey(path ?? "", "exact")).toBe(text);
});

test("portable names have nothing that a filesystem could take for something else", () => {
  expect(escapeKey("Paused./é.json", "portable")).toBe("%50aused%2e/%c3%a9.json");
});

describe.for(styles)("%s names", (names: FileNames) => {
  test("every key comes back from its path", () => {
    fc.assert(
      fc.property(key, (text) => {
        expect(unescapeKey(escapeKey(text, names), names)).toBe(text);
      }),
    );
  });

  test("every path stays within the directory, visible, and within the limits of filesystems", () => {
    fc.assert(
      fc.property(key, (text) => {
        for (const name of escapeKey(text, names).split("/")) {
          expect(name).toMatch(
            names === "exact" ? /^[^.\p{Cc}\\][^\p{Cc}\\]*$/u : /^[a-z0-9_%-]([a-z0-9_%=+.-]*[^.])?$/u,
          );
          expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
        }
      }),
    );
  });

  test("no key's file is another key's directory", () => {
    fc.assert(
      fc.property(key, key, (file, other) => {
        expect(escapeKey(other, names).startsWith(`${escapeKey(file, names)}/`)).toBe(false);
        expect(escapeKey(`${file}/${other}`, names).startsWith(`${escapeKey(file, names)}/`)).toBe(false);
      }),
    );
  });

  test("two keys never share a file, whatever a filesystem does to the case or the Unicode form of portable names", () => {
    fc.assert(
      fc.property(key, key, (one, other) => {
        fc.pre(one !== other);
        expect(seenAs(escapeKey(one, names), names)).not.toBe(seenAs(escapeKey(other, names), names));
      }),
    );
  });

  test("a directory tells what the keys in it start with", () => {
    fc.assert(
      fc.property(key, (text) => {
        const path = escapeKey(text, names);
        const start = unescapeDirectory(path.slice(0, path.lastIndexOf("/") + 1));
        expect(start).toBeDefined();
        expect(text.startsWith(start ?? "never")).toBe(true);
      }),
    );
  });
});

test.for([
  "paused/msg",
  "a%=/b.json",
  "%41.json",
  "%2E.json",
  "%zz.json",
  "%.json",
  ".hidden.json",
  "%=",
  "a.json/b.json",
  "",
])("the foreign file %j is no key's", (path) => {
  expect(unescapeKey(path, "exact")).toBeUndefined();
});
