import { createPauseLedger } from "@holdpoint/asya";
import { openStore } from "@holdpoint/core";
import { describe, expect, it } from "vitest";

import { createBucket } from "../packages/backend-s3/test/test-server.ts";
import { executable, run } from "../packages/cli/test/run-cli.ts";
import { storesUnderTest } from "./every-store.ts";

/** How tasks come to lie beside: the prefix that who writes has, by a state proxy's rules, and that who looks has. */
const prefixes: Readonly<Record<string, (crew: string) => { readonly writes: string; readonly looks: string }>> = {
  // MinIO takes no name with two slashes, which a prefix with one gets by those rules.
  s3: (crew) => ({ writes: "", looks: crew }),
  minio: (crew) => ({ writes: "", looks: crew }),
  gs: (crew) => ({ writes: `${crew}/`, looks: `${crew}/` }),
  redis: (crew) => ({ writes: crew, looks: crew }),
  "redis (cluster)": (crew) => ({ writes: crew, looks: crew }),
};
const withRules = storesUnderTest.filter(({ name }) => name in prefixes);

describe.each(withRules)("holdpoint ls on $name", (store) => {
  it.skipIf(store.isMissing)("tells of tasks that lie beside an empty place", async () => {
    const url = new URL(store.url());
    const { writes = "", looks = "" } = prefixes[store.name]?.(`crew-${crypto.randomUUID()}`) ?? {};
    // Without the prefix of the URL; and where tasks lie at the top, in a bucket of the test's own.
    if (url.protocol === "gs:") url.pathname = "";
    else if (url.protocol === "minio:") url.pathname = `/${await createBucket()}`;
    else if (url.protocol === "s3:") url.href = `s3://${await createBucket()}${url.search}`;
    else url.searchParams.delete("prefix");
    const environment = { ...store.environment, STATE_PREFIX: looks };
    const byRules = new URL(url);
    byRules.searchParams.set("prefixRules", "state-proxy");
    const ls = async (): Promise<string> => {
      const { stderr } = await run(process.execPath, [executable, "ls", "--store", url.href], { environment });
      return stderr;
    };
    await withVariables(environment, async () => {
      // What the rules of ours make of the prefix is empty, and nothing is beside it yet.
      expect(await ls()).toContain("No such task or hold at");
      await using written = await openStore(byRules.href, { environment: { ...environment, STATE_PREFIX: writes } });
      const envelope = { id: "task-1", route: { prev: [], curr: "x-pause", next: [] }, payload: {} };
      await createPauseLedger(written).pause(envelope);
      const said = await ls();
      expect(said).toContain("No such task or hold at");
      expect(said).toContain(`but there are tasks beside it: ${written.location}`);
      const there = { ...environment, STATE_PREFIX: "" };
      const found = await run(process.execPath, [executable, "ls", "--store", written.location], {
        environment: there,
      });
      expect(found.stdout).toContain("task-1");
    });
  });
});

async function withVariables(variables: Readonly<Record<string, string>>, work: () => Promise<void>): Promise<void> {
  const before = { ...process.env };
  Object.assign(process.env, variables);
  try {
    await work();
  } finally {
    for (const name of Object.keys(variables)) {
      if (before[name] === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = before[name];
    }
  }
}
