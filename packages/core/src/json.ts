export { isNestedDeeper } from "./json/json-nesting.ts";
export { jsonProblem } from "./json/json-problem.ts";
export { canonicalJson, isJsonNumber, isJsonObject, parseLosslessJson } from "./json/lossless-json.ts";
export type { JsonObject } from "./json/lossless-json.ts";
