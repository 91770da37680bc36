import { Redis } from "ioredis";

/** The address of the tests' Redis, or nothing if it could not be had. */
export const redisUrl: string = process.env["HOLDPOINT_TEST_REDIS_URL"] ?? "";

/** The address of one node of the tests' cluster, or nothing if it could not be had. */
export const clusterUrl: string = process.env["HOLDPOINT_TEST_REDIS_CLUSTER_URL"] ?? "";

/** What the README grants under “Permissions it needs”, so that the tests notice when it is not enough. */
export const documentedPermissions: readonly string[] = [
  "+info",
  "+get",
  "+evalsha",
  "+eval",
  "+getrange",
  "+exists",
  "+set",
  "+del",
  "+scan",
];

/** A client of the tests' own, to look at what the store does. The caller closes it. */
export function inspector(url: string = redisUrl): Redis {
  return new Redis(url, { maxRetriesPerRequest: 0 });
}
