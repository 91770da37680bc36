import { CheckpointError } from "@holdpoint/core";

import { createRedisStore } from "../src/index.ts";
import { parseRedisUrl } from "../src/redis-options.ts";

// A program that opens a store, says how that went, closes it when it is told to, and then has nothing left to do.
const url = new URL(process.argv[2] ?? "");
try {
  const store = await createRedisStore(parseRedisUrl(url, {}));
  console.log("open");
  process.once("message", () => {
    void store.close().then(() => process.disconnect());
  });
} catch (error) {
  console.log(CheckpointError.is(error) ? error.code : error);
  process.disconnect();
}
