import type { OpenWorkerStore } from "@holdpoint/conformance";
import { openStore as open } from "@holdpoint/core";

import { conformanceUrl } from "./conformance-url.ts";

/** How another process of the conformance suite opens a store; the argument is the address of the server. */
export const openStore: OpenWorkerStore = async (namespace, argument) =>
  await open(conformanceUrl(String(argument), namespace));
