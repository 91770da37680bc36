import { describeCheckpointStore } from "@holdpoint/conformance";
import { createMemoryStore } from "@holdpoint/core";
import { createStore } from "@holdpoint/core/driver";

import { createMemoryShelves } from "./memory-shelf.ts";
import { SharedMemoryDriver } from "./shared-memory-driver.ts";

const shelf = createMemoryShelves();

// A memory store belongs to one client, and the suite opens several.
describeCheckpointStore("memory, shared", {
  open: async (namespace, options) => createStore(new SharedMemoryDriver(await shelf(namespace)), options),
  corrupt: async (namespace, key) => {
    (await shelf(namespace)).damaged.add(key);
  },
});

describeCheckpointStore(
  "memory",
  { open: (_namespace, options) => createMemoryStore(options) },
  { groups: ["bytes", "keys", "ttl", "sizes", "cancellation"] },
);
