import { readFile } from "node:fs/promises";
import type { ConnectionOptions } from "node:tls";

import { CheckpointError } from "@holdpoint/core";

import type { PostgresStoreOptions } from "./postgres-options.ts";

/**
 * The ways in which a connection is encrypted, in the order in which they are tried; `false` is not at all.
 *
 * @throws {CheckpointError} `invalid-argument` if a file that the options name cannot be read
 * @see https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-SSLMODE-STATEMENTS
 */
export async function encryptionsOf(options: PostgresStoreOptions): Promise<readonly (ConnectionOptions | false)[]> {
  const { sslMode = "prefer", tlsCaFile, tlsCertFile, tlsKeyFile, tlsKeyPassword, tls } = options;
  if (sslMode === "disable") return [false];
  const [ca, cert, key] = await Promise.all([
    readPemFile("sslrootcert", tlsCaFile),
    readPemFile("sslcert", tlsCertFile),
    readPemFile("sslkey", tlsKeyFile),
  ]);
  const files = {
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
    ...(tlsKeyPassword !== undefined && { passphrase: tlsKeyPassword }),
  };
  const unverified = { ...files, rejectUnauthorized: false, ...tls };
  switch (sslMode) {
    case "allow":
      return [false, unverified];
    case "prefer":
      return [unverified, false];
    case "require":
      // As libpq does: authorities that are named are asked.
      return [ca === undefined ? unverified : { ...files, checkServerIdentity: () => undefined, ...tls }];
    case "verify-ca":
      return [{ ...files, checkServerIdentity: () => undefined, ...tls }];
    case "verify-full":
      return [{ ...files, ...tls }];
  }
}

async function readPemFile(option: string, path: string | undefined): Promise<Buffer | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readFile(path);
  } catch (error) {
    throw new CheckpointError(
      "invalid-argument",
      `postgres: ${option} names ${JSON.stringify(path)}, which cannot be read (${(error as NodeJS.ErrnoException).code}).`,
      { backend: "postgres", cause: error },
    );
  }
}
