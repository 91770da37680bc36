import { describe, expect, it } from "vitest";

import { inspectActorEnvironment } from "../../actors/src/actor-environment.ts";
import { parseGcsUrl } from "../../backend-gcs/src/gcs-options.ts";
import { parseNatsUrl } from "../../backend-nats/src/nats-options.ts";
import { parsePostgresUrl } from "../../backend-postgres/src/postgres-options.ts";
import { parseRedisUrl } from "../../backend-redis/src/redis-options.ts";
import { parseMinioUrl } from "../../backend-s3/src/minio/minio-options.ts";
import { parseS3Url } from "../../backend-s3/src/s3-options.ts";
import { executable, run } from "./run-cli.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** An environment in which every variable there could be is set to the same text, whichever a backend looks up. */
const allSetTo = (text: string): Environment => new Proxy<Environment>({}, { get: () => text });

const outcomeOf = (parse: (environment: Environment) => unknown, environment: Environment): unknown => {
  try {
    return parse(environment);
  } catch (error) {
    return (error as Error).message;
  }
};

const parsers: readonly (readonly [url: string, parse: (url: URL, environment: Environment) => unknown])[] = [
  ["s3://bucket", parseS3Url],
  ["s3://", parseS3Url],
  ["minio://host/bucket", parseMinioUrl],
  ["minio://host", parseMinioUrl],
  ["minio:///bucket", parseMinioUrl],
  ["gs://bucket", parseGcsUrl],
  ["gs://", parseGcsUrl],
  ["redis://host", parseRedisUrl],
  ["redis://host?prefixRules=state-proxy", parseRedisUrl],
  ["redis:", parseRedisUrl],
  ["nats://host/bucket", parseNatsUrl],
  ["nats://host", parseNatsUrl],
  ["nats:///bucket", parseNatsUrl],
  ["postgres://host/app", parsePostgresUrl],
  ["postgres:", parsePostgresUrl],
];

describe.each(["", " ", "\t\n"])("variables that are all set to %j count as not set", (text) => {
  it.each(parsers)("for %s", (url, parse) => {
    const at = (environment: Environment): unknown => parse(new URL(url), environment);
    expect(outcomeOf(at, allSetTo(text))).toEqual(outcomeOf(at, {}));
  });

  it("for the actors", () => {
    expect(inspectActorEnvironment(allSetTo(text))).toEqual(inspectActorEnvironment({}));
  });
});

// What a script gives whose own variable is not set: another store than the one that was meant would be worse.
it.each([
  ["ls", "--store", ""],
  ["prune", "--store= ", "--older-than", "30d"],
  ["copy", "", "/state"],
])("a store that is given, and empty, is an error and not the environment's store: %j", async (...words) => {
  const environment = { ASYA_PERSISTENCE_MOUNT: "/nowhere" };
  const { exitCode, stderr } = await run(process.execPath, [executable, ...words], { environment });
  expect({ exitCode, stderr }).toEqual({
    exitCode: 2,
    stderr: expect.stringContaining("cannot be read: it is empty."),
  });
});
