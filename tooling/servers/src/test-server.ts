import type { ServerName } from "./server-definition.ts";
import { serverDefinitions } from "./server-definitions.ts";

/** A server as tests find it. */
export interface TestServer {
  /** Whether it could not be had, so that what needs it is skipped: `describe.skipIf(redis.isMissing)`. */
  readonly isMissing: boolean;
  /** Its address; where it is missing, one at which nothing listens, because a skipped `describe` runs all the same. */
  readonly url: string;
}

/**
 * The server that this run's tests share.
 *
 * @example
 * ```ts
 * const redis = testServer("redis");
 * describe.skipIf(redis.isMissing)("listing", () => {});
 * ```
 */
export function testServer(name: ServerName): TestServer {
  const definition = serverDefinitions[name];
  const url = process.env[definition.environmentVariable];
  if (url !== undefined) return { isMissing: false, url };
  return { isMissing: true, url: definition.url(Array.from({ length: definition.portCount }, () => discardPort)) };
}

// Where nothing has listened for decades.
const discardPort = 9;
