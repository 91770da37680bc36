// The inbox on the embedded store, with three questions to answer.
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { hostname, tmpdir, userInfo } from "node:os";
import { join } from "node:path";

import { openStore } from "@holdpoint/core";
import { createHolds } from "@holdpoint/core/holds";
import { InboxError, localLogin } from "@holdpoint/inbox";
import { serveInbox } from "@holdpoint/inbox/node";

import { sampleHolds } from "./sample-holds.ts";

const directory = await mkdtemp(join(tmpdir(), "holdpoint-inbox-"));
try {
  await runInbox(join(directory, "state"));
} finally {
  await rm(directory, { recursive: true });
}

async function runInbox(state: string): Promise<void> {
  await mkdir(state);
  await using store = await openStore(state);
  const holds = createHolds(store);
  for (const { id, request, by } of sampleHolds) await holds.open(id, request, { by });
  const address = Promise.withResolvers<string>();
  const authentication = localLogin({
    person: `${userInfo().username}@${hostname()}`,
    print: (token) => void address.promise.then((url) => console.log(`\nOpen  ${url}login?token=${token}`)),
  });
  const options = { store, authentication, onError: console.error };
  await using inbox = await serveInbox(options).catch(async (error: unknown) => {
    if (InboxError.is(error, "in-use")) return await serveInbox({ ...options, port: 0 });
    throw error;
  });
  console.log("Three questions wait for an answer. They are kept until Ctrl-C.");
  address.resolve(inbox.url);
  authentication.printToken();
  const ended = Promise.withResolvers<void>();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => ended.resolve());
  await ended.promise;
}
