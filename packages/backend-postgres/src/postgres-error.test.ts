import { DatabaseError } from "pg";
import { expect, test } from "vitest";

import { classifyPostgresError, NotConnectedError } from "./postgres-error.ts";

/** As `pg` gives it; PgBouncer says nothing beside these. */
function said(message: string, fields: Partial<DatabaseError> = {}): DatabaseError {
  return Object.assign(new DatabaseError(message, message.length, "error"), {
    severity: "FATAL",
    code: "08P01",
    ...fields,
  });
}

// Words of PgBouncer 1.18, which has one code for all.
test.each([
  ["bouncer config error", "unavailable", true],
  ["server conn crashed?", "unavailable", true],
  ["query_wait_timeout", "unavailable", true],
  ["database configuration changed", "unavailable", true],
  ["no more connections allowed (max_client_conn)", "unavailable", true],
  ["no such database: shop", "not-found", false],
  ["no such user", "permission-denied", false],
  ["SASL authentication failed", "permission-denied", false],
  ["SSL required", "permission-denied", false],
  ["unsupported startup parameter: options", "invalid-argument", false],
])("what a pooler says: %s", (words, code, retryable) => {
  expect(classifyPostgresError(said(words))).toMatchObject({ code, retryable, outcome: "unknown" });
  expect(classifyPostgresError(new NotConnectedError(said(words)))).toMatchObject({ code, outcome: "not-applied" });
});

test("the server itself says that it was not understood: once is enough", () => {
  const error = said("invalid frontend message type 0", { routine: "SocketBackend" });
  expect(classifyPostgresError(error)).toMatchObject({ code: "unavailable", retryable: false, outcome: "unknown" });
});
