import { CheckpointError } from "@holdpoint/core";
import { expect } from "vitest";

import { secret } from "./strange-store-urls.ts";

/** What a parser makes of its input; `undefined` if it refused it, which it may only do in one way and without the secret. */
export function readOrRefuse<Result>(read: () => Result): Result | undefined {
  try {
    return read();
  } catch (error) {
    if (!CheckpointError.is(error)) throw error;
    expect(error.code).toBe("invalid-argument");
    expect(error.message).not.toContain(secret);
    return undefined;
  }
}

/** Tries to open a store where no server is; resolves to the error's code. The error may not hold the secret. */
export async function refusalToOpen(open: () => Promise<AsyncDisposable>): Promise<string | undefined> {
  try {
    await (await open())[Symbol.asyncDispose]();
  } catch (error) {
    if (!CheckpointError.is(error)) throw error;
    expect(error.message).not.toContain(secret);
    return error.code;
  }
  return undefined;
}

/**
 * Options with which a store gives up after its first attempt. Nothing listens where it looks, which it learns at once,
 * so no deadline is needed; a short one is missed on a busy machine, where loading the certificates for the first
 * connection with TLS can take a second.
 */
export const impatient = { maxAttempts: 1 };

/** Whether the secret stands only where credentials stand: a prefix or a bucket that somebody gave is shown. */
export function isOnlyCredential(url: URL, environment: Readonly<Record<string, string>>): boolean {
  const { STATE_PREFIX = "", STATE_BUCKET = "", NATS_KV_BUCKET = "" } = environment;
  const values = Object.entries(environment).flatMap(([name, value]) =>
    /_URL$|_HOST$/u.test(name) ? withoutCredentials(value) : [],
  );
  return ![url.search, STATE_PREFIX, STATE_BUCKET, NATS_KV_BUCKET, ...values].some((text) => text.includes(secret));
}

/** What is not before an at sign is a host, even if it looks like a password. */
function withoutCredentials(url: string): string {
  return url.includes("@") ? url.replace(/^[^?#]*/u, "") : url;
}
