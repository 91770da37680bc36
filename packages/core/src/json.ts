export { exactJson } from "./json/exact-json.ts";
export { exactNumber } from "./json/json-number.ts";
export { isNestedDeeper } from "./json/json-nesting.ts";
export { jsonProblem } from "./json/json-problem.ts";
export { isSameJson } from "./json/same-json.ts";
export {
  canonicalJson,
  describeJsonError,
  isCanonical,
  isJsonNumber,
  isJsonObject,
  parseLosslessJson,
} from "./json/lossless-json.ts";
export type { JsonObject } from "./json/lossless-json.ts";
