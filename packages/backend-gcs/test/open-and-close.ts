import { inspect } from "node:util";

import { CheckpointError, openStore } from "@holdpoint/core";

const [, , url = ""] = process.argv;
try {
  const store = await openStore(url, { timeoutMs: 5000, attemptTimeoutMs: 2000 });
  await store.put("a", new Uint8Array([1]));
  await store.close();
  console.log("opened and closed");
} catch (error) {
  if (!CheckpointError.is(error)) throw error;
  // With everything that a log would show of it.
  console.log(`${error.code}: ${error.message} ${inspect(error, { depth: 20 })}`);
}
