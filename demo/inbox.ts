// The inbox with three questions to answer, on the embedded store, or on one of yours:
//   pnpm inbox [--store URL] [--port NUMBER]
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { hostname, tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { openStore } from "@holdpoint/core";
import { createHolds } from "@holdpoint/core/holds";
import { InboxError, localLogin } from "@holdpoint/inbox";
import { serveInbox } from "@holdpoint/inbox/node";

import { sampleHolds } from "./sample-holds.ts";

const { values } = parseArgs({ options: { store: { type: "string" }, port: { type: "string" } } });

if (values.store === undefined) {
  const directory = await mkdtemp(join(tmpdir(), "holdpoint-inbox-"));
  try {
    const state = join(directory, "state");
    await mkdir(state);
    await runInbox(state, "until Ctrl-C");
  } finally {
    await rm(directory, { recursive: true });
  }
} else {
  await runInbox(values.store, "in that store");
}

async function runInbox(place: string, kept: string): Promise<void> {
  await using store = await openStore(place);
  const holds = createHolds(store);
  for (const { id, request, by } of sampleHolds) await holds.open(id, request, { by });
  const address = Promise.withResolvers<string>();
  const authentication = localLogin({
    person: `${userInfo().username}@${hostname()}`,
    print: (token) => void address.promise.then((url) => console.log(`\nOpen  ${url}login?token=${token}`)),
  });
  const port = values.port === undefined ? undefined : Number(values.port);
  const options = { store, authentication, port, onError: console.error };
  await using inbox = await serveInbox(options).catch(async (error: unknown) => {
    if (port === undefined && InboxError.is(error, "in-use")) return await serveInbox({ ...options, port: 0 });
    throw error;
  });
  console.log(`Three questions wait for an answer. They are kept ${kept}.`);
  address.resolve(inbox.url);
  authentication.printToken();
  const ended = Promise.withResolvers<void>();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => ended.resolve());
  await ended.promise;
}
