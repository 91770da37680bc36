import type { KeyNames, PrefixRules } from "@holdpoint/core/driver";
import { stateProxyNames } from "@holdpoint/core/driver";

import {
  keyOfObjectName,
  keyPrefixOfDirectory,
  objectNameOfKey,
  objectNamePrefix,
  objectNamePrefixes,
} from "./s3-key.ts";

const ownNames: KeyNames = {
  nameOf: objectNameOfKey,
  keyOf: keyOfObjectName,
  prefixOf: objectNamePrefix,
  prefixesOf: objectNamePrefixes,
  directoryOf: keyPrefixOfDirectory,
};

/** The names of objects in a store with these rules. */
export function objectNames(rules: PrefixRules = "holdpoint"): KeyNames {
  return rules === "holdpoint" ? ownNames : stateProxyNames(ownNames, "=");
}
