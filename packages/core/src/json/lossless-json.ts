/** A JSON object as `JSON.parse` makes it. */
export type JsonObject = { readonly [name: string]: unknown };

// ECMAScript's "JSON.parse source text access", which TypeScript's library does not describe yet.
// https://github.com/tc39/proposal-json-parse-with-source
interface JsonWithSource {
  rawJSON(text: string): object;
  isRawJSON(value: unknown): boolean;
  parse(
    text: string,
    reviver: (name: string, value: unknown, context: { readonly source?: string }) => unknown,
  ): unknown;
}

const json = JSON as unknown as JsonWithSource;

// A number of 16 characters or more may hold more digits than a double; one with an exponent, a trailing zero after the
// point, or a negative zero would come back as an integer, or as another number. It begins at the sign that every number
// stands behind, not at a space: texts are full of those, and looking would take four times as long.
const delicateNumber = /[[:,]\s*(-0(?=[\s,\]}]|$)|-?(?:\d[\d.]{15}|[\d.]+[eE]|\d+\.\d*0(?=[\s,\]}]|$))[\d.eE+-]*)/gu;

/**
 * `JSON.parse`, except that a number which a double cannot hold (an integer past 2^53, `1.0`) keeps its text: it becomes
 * a `JSON.rawJSON` value, which `JSON.stringify` writes as it was. For messages that are stored and passed on rather
 * than computed with.
 *
 * @example
 * ```ts
 * JSON.stringify(parseLosslessJson('{"order":12345678901234567890}')); // '{"order":12345678901234567890}'
 * ```
 * @throws {SyntaxError} if the text is not JSON
 */
export function parseLosslessJson(text: string): unknown {
  try {
    // With a reviver, parsing takes several times as long.
    if (!mayLoseNumbers(text)) return JSON.parse(text) as unknown;
    return json.parse(text, (_name, value, { source }) =>
      typeof value === "number" && source !== undefined && String(value) !== source ? json.rawJSON(source) : value,
    );
  } catch (error) {
    // A reviver is called from the inside out, by recursion.
    const { name, message } = error as Error;
    if (name === "RangeError") throw new SyntaxError("the JSON is nested too deep", { cause: error });
    // V8 repeats a part of the text, and the text may hold a password.
    throw new SyntaxError(message.replace(/(?:, )?(?:\.\.\.)?"[^]*$/u, "") || "something else");
  }
}

/**
 * What is wrong with a text that is not JSON, as the end of a sentence, and without a part of the text itself.
 *
 * @example
 * ```ts
 * describeJsonError("{", error); // "it is not complete: it ends in the middle at line 1, column 2"
 * ```
 */
export function describeJsonError(text: string, error: unknown): string {
  const said = error instanceof Error ? error.message : "";
  if (text.trim() === "") return "it is empty";
  const position = /at position (\d+)/u.exec(said)?.[1];
  const before = position === undefined ? undefined : text.slice(0, Number(position)).split("\n");
  const place = before === undefined ? "" : ` at line ${before.length}, column ${(before.at(-1) ?? "").length + 1}`;
  if (/^Unexpected end|^Unterminated/u.test(said)) return `it is not complete: it ends in the middle${place}`;
  const sign = /^Unexpected token '(.)'/u.exec(said)?.[1];
  return `it is not valid JSON${sign === undefined ? "" : `: ${JSON.stringify(sign)} stands where it may not`}${place}`;
}

/** Whether a number, or what looks like one in a string, would be written in another way than it was read. */
function mayLoseNumbers(text: string): boolean {
  // Only a text that is a number and nothing else begins with one.
  if (/^\s*[-\d]/u.test(text)) return true;
  delicateNumber.lastIndex = 0;
  for (let found = delicateNumber.exec(text); found !== null; found = delicateNumber.exec(text)) {
    const [, number] = found;
    if (String(Number(number)) !== number) return true;
  }
  return false;
}

/**
 * Whether a value is a number, also one that {@link parseLosslessJson} kept as text.
 *
 * @example
 * ```ts
 * isJsonNumber(parseLosslessJson("1.0")); // true
 * ```
 */
export function isJsonNumber(value: unknown): boolean {
  // Most values are texts: that they are no raw JSON need not be asked.
  return typeof value === "number" || (typeof value === "object" && json.isRawJSON(value));
}

/**
 * Whether a value is a JSON object: neither an array nor a number that {@link parseLosslessJson} kept as text.
 *
 * @example
 * ```ts
 * isJsonObject(parseLosslessJson("1.0")); // false
 * ```
 */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !json.isRawJSON(value);
}

/** A number that is written as the text says. */
export function rawJsonNumber(text: string): unknown {
  return json.rawJSON(text);
}

/**
 * JSON with the names of every object in order, so that equal values have equal texts.
 *
 * @example
 * ```ts
 * canonicalJson({ b: 1, a: 2 }); // '{"a":2,"b":1}'
 * ```
 */
export function canonicalJson(value: unknown): string {
  // Written at once: a replacer, or a text for each part, takes several times as long.
  return JSON.stringify(inOrder(value, (number) => number));
}

/**
 * Whether the names of every object are in order already, so that `JSON.stringify` writes the value as
 * {@link canonicalJson} does. Names that look like indices count as out of order where they have different lengths.
 *
 * @example
 * ```ts
 * isCanonical({ a: 2, b: 1 }); // true
 * ```
 */
export function isCanonical(value: unknown): boolean {
  if (typeof value !== "object" || value === null || json.isRawJSON(value)) return true;
  if (Array.isArray(value)) return value.every(isCanonical);
  const names = Object.keys(value);
  for (let index = 0; index < names.length; index += 1) {
    const name = names[index] ?? "";
    if (index > 0 && (names[index - 1] ?? "") >= name) return false;
    if (!isCanonical((value as JsonObject)[name])) return false;
  }
  return !("toJSON" in value);
}

/**
 * The value with the names of every object in order, and with every number in the form that is asked for. What is so
 * already is handed back as it is: a copy of everything is most of what comparing costs.
 */
export function inOrder(value: unknown, numberForm: (number: unknown) => unknown): unknown {
  if (typeof value === "number") return numberForm(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    let copy: unknown[] | undefined;
    for (let index = 0; index < value.length; index += 1) {
      const item = inOrder(value[index], numberForm);
      if (item !== value[index]) (copy ??= [...(value as readonly unknown[])])[index] = item;
    }
    return copy ?? value;
  }
  if (json.isRawJSON(value)) return numberForm(value);
  const names = Object.keys(value);
  const wasInOrder = names.every((name, index) => index === 0 || (names[index - 1] ?? "") < name);
  if (!wasInOrder) sort(names);
  // What can write itself in its own way is read, and not asked.
  let copy: Record<string, unknown> | undefined = wasInOrder && !("toJSON" in value) ? undefined : {};
  for (const name of names) {
    const present = (value as JsonObject)[name];
    const item = inOrder(present, numberForm);
    if (copy === undefined && item === present) continue;
    copy ??= { ...value };
    // `Object.fromEntries` takes twice as long. Only this one name must not be assigned.
    if (name === "__proto__") Object.defineProperty(copy, name, { value: item, enumerable: true });
    else copy[name] = item;
  }
  return copy ?? value;
}

const fewNames = 16;

/** Sorts by insertion, as long as names are few: then `Array.sort` takes several times as long. */
function sort(names: string[]): void {
  if (names.length > fewNames) {
    names.sort();
    return;
  }
  for (let end = 1; end < names.length; end += 1) {
    const name = names[end] ?? "";
    let place = end;
    for (; place > 0 && (names[place - 1] ?? "") > name; place -= 1) names[place] = names[place - 1] ?? "";
    names[place] = name;
  }
}
