import fc from "fast-check";

/** What stands for somebody's data wherever {@link strangeJson} has text; no error may repeat it. */
export const privateText = "hunter2";

const deep = (open: string, close: string, levels: number): string => open.repeat(levels) + close.repeat(levels);

/** Texts of JSON values, and of some that only look like it. */
export const strangeJson: fc.Arbitrary<string> = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.stringify(value)),
  fc.constantFrom(
    "null",
    "true",
    '""',
    `"${privateText}"`,
    String.raw`"\ud800"`,
    String.raw`"a\u0000\r\n\u001b[31m"`,
    '"\u009b31m\u2028\u0085"',
    '"../../etc/passwd"',
    "[]",
    `["a","${privateText}"]`,
    '["a",1]',
    "{}",
    `{"a":"${privateText}"}`,
    '{"a":1,"a":2}',
    '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}',
    '{"toString":null,"toJSON":1,"length":-1,"then":{}}',
    "1.0",
    "-0",
    "1e999",
    "12345678901234567890",
    "9".repeat(400),
    "0.".padEnd(400, "1"),
    "NaN",
    "01",
    "'a'",
    "",
    deep("[", "]", 2_000),
    deep('{"a":', "}", 2_000).replace("}", "1}"),
    deep("[", "", 100_000),
    deep("[", "]", 100_000),
  ),
);

const names = fc.constantFrom(
  "id",
  "parent_id",
  "route",
  "headers",
  "status",
  "payload",
  "prev",
  "curr",
  "next",
  "__proto__",
  "constructor",
  "toString",
  "",
  privateText,
);

/** Objects whose members may have any value, be there twice, or name a prototype. */
const strangeObject = (base: readonly string[]): fc.Arbitrary<string> =>
  fc
    .array(
      fc.tuple(names, strangeJson).map(([name, value]) => `${JSON.stringify(name)}:${value}`),
      { maxLength: 3 },
    )
    .map((members) => `{${[...base, ...members].join(",")}}`);

/** Bodies of requests: envelopes that are right, changed, doubled in part, cut off, or nothing of the kind. */
export const strangeBodies: fc.Arbitrary<Uint8Array> = fc.oneof(
  strangeObject(['"id":"task-1"', '"route":{"curr":"a"}', `"payload":{"a":"${privateText}"}`]).map(encode),
  strangeObject([]).map(encode),
  strangeObject(['"curr":"a"']).map((route) => encode(`{"id":"t","route":${route},"payload":{}}`)),
  strangeJson.map(encode),
  fc
    .tuple(
      strangeObject(['"id":"task-1"', '"route":{"curr":"a"}', '"payload":{}']),
      fc.nat(),
      fc.uint8Array({ maxLength: 3 }),
    )
    .map(([text, length, rest]) => Buffer.concat([encode(text).subarray(0, length % (text.length + 1)), rest])),
  fc.uint8Array(),
  fc.constantFrom(
    encode('\ufeff{"id":"t","route":{"curr":"a"},"payload":{}}'),
    encode(" \n"),
    Uint8Array.of(0xff, 0xfe),
  ),
);

function encode(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}
