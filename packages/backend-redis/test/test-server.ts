import { startServer, testServer } from "@holdpoint/test-servers";
import { Redis } from "ioredis";
import type { TestContext } from "vitest";

/** The tests' Redis. */
export const redis = testServer("redis");

/** One node of the tests' cluster. */
export const cluster = testServer("redis-cluster");

/** What the README grants under “Permissions it needs”, so that the tests notice when it is not enough. */
export const documentedPermissions: readonly string[] = [
  "+info",
  "+get",
  // For `timeToLive` alone.
  "+pttl",
  "+evalsha",
  "+eval",
  "+getrange",
  "+strlen",
  "+exists",
  "+set",
  "+del",
  "+scan",
];

/** What it grants for a cluster in addition. */
export const documentedClusterPermissions: readonly string[] = ["+cluster|slots", "+cluster|nodes", "+asking"];

/** A client of the tests' own, to look at what the store does. The caller closes it. */
export function inspector(url: string = redis.url): DisposableRedis {
  return new DisposableRedis(url, { maxRetriesPerRequest: 0 });
}

/** A Redis that belongs to one test, which may configure and stop it; skips the test if none can be started. */
export async function ownServer(test: TestContext): Promise<OwnServer> {
  const server = await startServer("redis", { own: true });
  if (server.kind === "missing") return test.skip(server.remedy);
  const admin = inspector(server.url);
  return {
    url: server.url,
    port: Number(new URL(server.url).port),
    binary: /: (\/.*)$/u.exec(server.origin)?.[1],
    admin,
    [Symbol.asyncDispose]: async () => {
      admin.disconnect();
      await server.stop();
    },
  };
}

/** What {@link ownServer} starts. */
export interface OwnServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** The program that runs, if it is one on this machine. */
  readonly binary: string | undefined;
  /** A client with all permissions. */
  readonly admin: Redis;
}

/** A client that is closed at the end of its block. */
export class DisposableRedis extends Redis {
  [Symbol.dispose](): void {
    this.disconnect();
  }
}
