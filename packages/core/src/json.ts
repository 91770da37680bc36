export { isNestedDeeper } from "./json/json-nesting.ts";
export { canonicalJson, isJsonNumber, isJsonObject, parseLosslessJson } from "./json/lossless-json.ts";
export type { JsonObject } from "./json/lossless-json.ts";
