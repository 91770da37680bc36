import { isJsonObject } from "../json/lossless-json.ts";
import type { JsonObject } from "../json/lossless-json.ts";

/** What a part of a schema asks for. */
export interface AskedSchema {
  /** The part, with what it stands for in its place. */
  readonly schema: JsonObject;
  /** Whether `null` is an answer too. */
  readonly isNullable: boolean;
}

/** A part that still stands for another one after so many steps stands for itself. */
const maxSteps = 20;

/**
 * What a part of a schema asks for, so that people can be asked for it: a reference within the schema, an `allOf` of one
 * and an alternative to `null` are followed, also for the items of a list. Answers are checked by the schema as it is.
 *
 * @param whole what references lead into
 * @param part anything where a schema may stand
 * @example
 * ```ts
 * const whole = { $defs: { region: { enum: ["eu", "us"] } } };
 * const { schema, isNullable } = askedSchema(whole, { anyOf: [{ $ref: "#/$defs/region" }, { type: "null" }] });
 * console.log(schema["enum"], isNullable); // [ 'eu', 'us' ] true
 * ```
 */
export function askedSchema(whole: JsonObject, part: unknown = whole): AskedSchema {
  const asked = follow(whole, part);
  const { items } = asked.schema;
  // Lists of lists are asked for as they are, so one level is enough.
  return items === undefined ? asked : { ...asked, schema: { ...asked.schema, items: follow(whole, items).schema } };
}

function follow(whole: JsonObject, part: unknown): AskedSchema {
  let asked: AskedSchema = { schema: isJsonObject(part) ? part : {}, isNullable: false };
  for (let step = 0; step < maxSteps; step += 1) {
    const next = standsFor(whole, asked.schema);
    if (next === undefined) break;
    asked = { schema: next.schema, isNullable: asked.isNullable || next.isNullable };
  }
  return asked;
}

/** One step nearer to what is asked for; `undefined` for what stands for itself. What stands beside a keyword goes first. */
function standsFor(whole: JsonObject, schema: JsonObject): AskedSchema | undefined {
  const { $ref, ...besideRef } = schema;
  if ($ref !== undefined) {
    // Several may refer to one; its title would not tell them apart.
    const { title: _title, ...target } = partAt(whole, $ref) ?? {};
    return { schema: { ...target, ...besideRef }, isNullable: false };
  }
  const { allOf, ...besideAll } = schema;
  if (Array.isArray(allOf) && allOf.length === 1 && isJsonObject(allOf[0])) {
    return { schema: { ...allOf[0], ...besideAll }, isNullable: false };
  }
  const { type } = schema;
  if (Array.isArray(type)) {
    const types = type.filter((each) => each !== "null");
    const isNullable = types.length < type.length;
    if (types.length === 1) return { schema: { ...schema, type: types[0] }, isNullable };
    if (isNullable) return { schema: { ...schema, type: types }, isNullable };
  }
  for (const keyword of ["anyOf", "oneOf"]) {
    const { [keyword]: alternatives, ...beside } = schema;
    if (!Array.isArray(alternatives)) continue;
    const others = alternatives.filter((each) => !isJsonObject(each) || each["type"] !== "null");
    const isNullable = others.length < alternatives.length;
    if (others.length === 1 && isJsonObject(others[0])) return { schema: { ...others[0], ...beside }, isNullable };
    if (isNullable) return { schema: { ...beside, [keyword]: others }, isNullable };
  }
  return undefined;
}

/** @see https://www.rfc-editor.org/rfc/rfc6901#section-6 */
function partAt(whole: JsonObject, reference: unknown): JsonObject | undefined {
  const [start, ...names] = String(reference).split("/");
  if (start !== "#") return undefined;
  let part: unknown = whole;
  for (const name of names) {
    const at = decoded(name).replaceAll("~1", "/").replaceAll("~0", "~");
    const isThere = (isJsonObject(part) || Array.isArray(part)) && Object.hasOwn(part, at);
    part = isThere ? Reflect.get(part as object, at) : undefined;
  }
  return isJsonObject(part) ? part : undefined;
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
