import { DriverFailureError } from "@holdpoint/core/driver";
import { Client } from "pg";
import type { ClientConfig } from "pg";

/**
 * A client that goes on only if the proof of its password is bound to the TLS connection, so that nobody in between can
 * pass it on. `pg` alone takes what the server offers.
 *
 * @see https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNECT-CHANNEL-BINDING
 */
export class ChannelBoundClient extends Client {
  constructor(config: ClientConfig) {
    super(config);
    let isBound = false;
    const refuse = (): void => {
      this.connection.stream.destroy(unboundError());
    };
    this.connection.on("authenticationSASL", ({ mechanisms }: { readonly mechanisms: readonly string[] }) => {
      isBound = config.ssl !== false && mechanisms.includes("SCRAM-SHA-256-PLUS");
      if (!isBound) refuse();
    });
    this.connection.on("authenticationCleartextPassword", refuse);
    this.connection.on("authenticationMD5Password", refuse);
    this.connection.on("authenticationOk", () => {
      if (!isBound) refuse();
    });
  }
}

function unboundError(): DriverFailureError {
  return new DriverFailureError({
    code: "permission-denied",
    retryable: false,
    outcome: "not-applied",
    message:
      "the server does not bind the password's proof to the TLS connection, which channel_binding=require asks for",
    remedy: "Use TLS and SCRAM-SHA-256 passwords, or channel_binding=prefer.",
  });
}
