import { expect, it } from "vitest";

import type { Capabilities } from "./capabilities.ts";
import type { CheckpointDriver, DriverFailure } from "./checkpoint-driver.ts";
import { openDriver } from "./open-driver.ts";

const capabilities: Capabilities = { conditionalDelete: false, ttl: false, uniqueVersions: true, maxBodyBytes: 8 };

/** A driver that knows what its server can do once it has asked it. */
class LateDriver implements CheckpointDriver {
  readonly backend = "late";
  readonly location = "late://here";
  capabilities = capabilities;
  timesClosed = 0;

  async read(): Promise<null> {
    return null;
  }

  async write(): Promise<{ readonly version: string }> {
    return { version: "v1" };
  }

  async remove(): Promise<boolean> {
    return false;
  }

  async *list(): AsyncGenerator<never[]> {
    yield [];
  }

  async check(): Promise<void> {
    this.capabilities = { ...capabilities, conditionalDelete: true, ttl: true, maxBodyBytes: 16 };
  }

  async close(): Promise<void> {
    this.timesClosed += 1;
  }

  classify(error: unknown): DriverFailure {
    return { code: "not-found", retryable: false, outcome: "not-applied", message: (error as Error).message };
  }
}

class MissingDriver extends LateDriver {
  override async check(): Promise<void> {
    throw new Error("there is no such shelf");
  }
}

it("goes by what the driver can do once it was checked", async () => {
  const store = await openDriver(new LateDriver());

  expect(store.capabilities).toEqual({ conditionalDelete: true, ttl: true, uniqueVersions: true, maxBodyBytes: 16 });
  await expect(store.put("a", new Uint8Array(16), { ttlMs: 1 })).resolves.toEqual({ version: "v1" });
  await expect(store.put("a", new Uint8Array(17))).rejects.toMatchObject({ code: "too-large" });
  await expect(store.delete("a", { ifVersion: "v1" })).resolves.toBe(false);
});

it("closes a driver whose check fails, and says what the check said", async () => {
  const driver = new MissingDriver();
  await expect(openDriver(driver)).rejects.toMatchObject({
    code: "not-found",
    message: "late: cannot check at late://here: there is no such shelf.",
  });
  expect(driver.timesClosed).toBe(1);
});

it("closes a driver of which no store can be made", async () => {
  const driver = new LateDriver();
  await expect(openDriver(driver, { maxAttempts: 0 })).rejects.toMatchObject({ code: "invalid-argument" });
  expect(driver.timesClosed).toBe(1);
});

it("says why a driver cannot be used rather than why it cannot be closed", async () => {
  const driver = new MissingDriver();
  driver.close = () => Promise.reject(new Error("cannot close"));
  await expect(openDriver(driver)).rejects.toMatchObject({ code: "not-found" });
});
