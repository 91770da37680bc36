import { describeCheckpointStore } from "@holdpoint/conformance";
import { openStore } from "@holdpoint/core";
import { connect, headers } from "@nats-io/transport-node";
import { connect as connectLegacy } from "nats";
import type { NatsConnection } from "nats";
import { testServer } from "@holdpoint/test-servers";
import { afterAll, beforeAll, describe } from "vitest";

import { createNatsStore } from "../src/index.ts";
import { bodyHeader } from "../src/nats-headers.ts";
import { escapeNatsKey } from "../src/nats-key.ts";
import { conformanceUrl } from "./conformance-url.ts";

const nats = testServer("nats");

describe.skipIf(nats.isMissing)("conformance", () => {
  describeCheckpointStore("nats", {
    open: async (namespace, options) => await openStore(conformanceUrl(nats.url, namespace), options),
    worker: { module: new URL("./conformance-worker.ts", import.meta.url), argument: nats.url },
    // Of all that is stored, only the entry of a large value has a form of its own.
    corrupt: async (namespace, key) => {
      const connection = await connect({ servers: new URL(nats.url).host });
      const own = headers();
      own.set(bodyHeader, "no such body");
      const subject = `$KV.conformance.${escapeNatsKey(`${namespace}/${key}`)}`;
      await connection.request(subject, "{", { timeout: 5_000, headers: own });
      await connection.close();
    },
  });

  // Keys without anything before them, with what is special at the beginning of a subject.
  describeCheckpointStore(
    "nats, a bucket each",
    { open: async (namespace, options) => await openStore(`${nats.url}/conformance-${namespace}`, options) },
    { groups: ["keys", "listing"] },
  );

  describe("with a client of the package nats 2.x", () => {
    let client: NatsConnection;

    beforeAll(async () => {
      client = await connectLegacy({ servers: new URL(nats.url).host });
    });

    afterAll(async () => {
      await client?.close();
    });

    describeCheckpointStore(
      "nats, client 2.x",
      {
        open: async (namespace, options) =>
          await createNatsStore({ ...options, bucket: "conformance-2x", prefix: `${namespace}/`, client }),
      },
      { groups: ["bytes", "conditions", "ttl", "cancellation", "errors"] },
    );
  });
});
