import { describeCheckpointStore } from "@holdpoint/conformance";
import { createStore } from "@holdpoint/core/driver";

import { createMemoryNamespaces } from "./memory-namespaces.ts";
import { SharedMemoryDriver } from "./shared-memory-driver.ts";

const namespaces = createMemoryNamespaces();

describeCheckpointStore("memory", {
  open: async (namespace, options) => createStore(new SharedMemoryDriver(await namespaces(namespace)), options),
});
