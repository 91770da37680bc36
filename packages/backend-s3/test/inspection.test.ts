import { PutBucketLifecycleConfigurationCommand } from "@aws-sdk/client-s3";
import type { LifecycleRule } from "@aws-sdk/client-s3";
import type { StoreFinding } from "@holdpoint/core";
import { describe, expect, it } from "vitest";

import { awsClient, createBucket, minio } from "./test-server.ts";
import { clients } from "./two-clients.ts";

async function setRules(bucket: string, ...rules: readonly LifecycleRule[]): Promise<void> {
  const client = awsClient();
  const LifecycleConfiguration = { Rules: [...rules] };
  await client.send(new PutBucketLifecycleConfigurationCommand({ Bucket: bucket, LifecycleConfiguration }));
  client.destroy();
}

function rule(prefix: string, parts: Partial<LifecycleRule> = {}): LifecycleRule {
  const ID = `rule-${prefix}`;
  return { ID, Status: "Enabled", Filter: { Prefix: prefix }, Expiration: { Days: 30 }, ...parts };
}

describe.skipIf(minio.isMissing).each(Object.entries(clients))(
  "inspect through %s",
  (_name, { open, openAnonymously }) => {
    const inspect = async (bucket: string): Promise<readonly StoreFinding[]> => {
      await using store = await open({ bucket, prefix: "team-a" });
      return (await store.inspect?.()) ?? [];
    };

    it("finds a rule that removes waiting tasks, and no other", async () => {
      const bucket = await createBucket();
      expect((await inspect(bucket))[0]).toMatchObject({ level: "ok", found: "the bucket has no rules" });
      const off = rule("", { Status: "Disabled" });
      await setRules(bucket, rule("team-b/"), rule("team-a/hold-leases/"), off);
      expect((await inspect(bucket))[0]).toMatchObject({ subject: "lifecycle", level: "ok" });
      await setRules(bucket, rule("team-a/"));
      expect((await inspect(bucket))[0]).toMatchObject({
        level: "warning",
        found: 'the rule "rule-team-a/" removes objects under "team-a/" after 30 days',
      });
      await setRules(bucket, rule("team-a/holds/"));
      expect((await inspect(bucket))[0]).toMatchObject({ level: "warning" });
      const tagged = rule("", { Filter: { Tag: { Key: "temporary", Value: "yes" } } });
      await setRules(bucket, tagged, rule("team-b/"));
      expect((await inspect(bucket))[0]).toMatchObject({ level: "ok" });
    });

    it("says whether older versions are kept", async () => {
      expect((await inspect(await createBucket()))[1]).toMatchObject({
        subject: "versioning",
        found: expect.stringMatching(/^off/u),
      });
      expect((await inspect(await createBucket({ versioned: true })))[1]).toMatchObject({
        found: expect.stringMatching(/^on/u),
      });
    });

    it("says what the server does not tell", async () => {
      const bucket = await createBucket({ allow: ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"] });
      await using store = await openAnonymously({ bucket });
      expect(await store.inspect?.()).toMatchObject([
        { subject: "lifecycle", level: "unknown", found: "the bucket's rules could not be asked (AccessDenied)" },
        { subject: "versioning", level: "unknown" },
      ]);
    });
  },
);
