import type { KeyNames, PrefixRules } from "@holdpoint/core/driver";
import { stateProxyNames } from "@holdpoint/core/driver";

import { keyOf, keyPrefixOfDirectory, namePrefixesOf, namePrefixOf, objectNameOf } from "./gcs-key.ts";

const ownNames: KeyNames = {
  nameOf: objectNameOf,
  keyOf,
  prefixOf: namePrefixOf,
  prefixesOf: namePrefixesOf,
  directoryOf: keyPrefixOfDirectory,
};

/** The names of objects in a store with these rules. */
export function objectNames(rules: PrefixRules = "holdpoint"): KeyNames {
  return rules === "holdpoint" ? ownNames : stateProxyNames(ownNames, "%");
}
