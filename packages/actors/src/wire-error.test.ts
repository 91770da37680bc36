import { LedgerError } from "@holdpoint/asya";
import { CheckpointError } from "@holdpoint/core";
import { describe, expect, it } from "vitest";

import { errorLineage, wireError } from "./wire-error.ts";

class PaymentError extends Error {}
class CardDeclinedError extends PaymentError {
  override readonly name = "CardDeclined";
}

describe("errorLineage", () => {
  it.each([
    [new LedgerError("already-resumed", "…"), ["AlreadyResumedError", "LedgerError", "Error"]],
    [new LedgerError("canceled", "…"), ["TaskCanceledError", "LedgerError", "Error"]],
    [new CheckpointError("unavailable", "…"), ["CheckpointUnavailableError", "CheckpointError", "Error"]],
    [new TypeError("…"), ["TypeError", "Error"]],
    [new PaymentError("…"), ["PaymentError", "Error"]],
    [new CardDeclinedError("…"), ["CardDeclined", "CardDeclinedError", "PaymentError", "Error"]],
    [new DOMException("…", "AbortError"), ["AbortError", "DOMException", "Error"]],
    ["text", ["Error"]],
    [undefined, ["Error"]],
  ])("names %s", (error, lineage) => {
    expect(errorLineage(error)).toEqual(lineage);
  });
});

describe("wireError", () => {
  it("traces causes without their messages", () => {
    const cause = new Error("connect redis://:hunter2@host failed for {payload}");
    const { details } = wireError("processing_error", new PaymentError("cannot pay", { cause }));
    expect(details.message).toBe("cannot pay");
    expect(details.traceback).toMatch(/^PaymentError\n {4}at [^]+\nCaused by: Error\n {4}at /u);
    expect(details.traceback).not.toMatch(/hunter2|payload/u);
  });

  it("masks a password in a message", () => {
    const { details } = wireError("processing_error", new Error("no answer from redis://:hunter2@host"));
    expect(details.message).toBe("no answer from redis://***@host");
  });

  it("ends where causes go in a circle", () => {
    const error = new Error("a");
    error.cause = new Error("b", { cause: error });
    expect(wireError("processing_error", error).details.traceback).toContain("Caused by");
  });
});
