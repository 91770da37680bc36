import { connectionFailure, DriverFailureError, isError, serverWords } from "@holdpoint/core/driver";
import type { DriverFailure } from "@holdpoint/core/driver";

/** No connection could be made, so that nothing was sent. */
export class NotConnectedError extends Error {
  override readonly name = "NotConnectedError";

  /** Which of several hosts, if there are several. */
  readonly host: string | undefined;

  constructor(cause: unknown, host?: string) {
    super("no connection could be made", { cause });
    this.host = host;
  }
}

/** What a server says instead of an answer. */
export interface ServerError extends Error {
  /** https://www.postgresql.org/docs/current/errcodes-appendix.html */
  readonly code: string;
  readonly severity: string;
  /** Where in the server's source the error was raised. PgBouncer gives none. */
  readonly routine?: string | undefined;
}

/** Whether the server itself has said it; true for every copy of `pg`. */
export function isServerError(error: unknown): error is ServerError {
  return (
    isError(error) &&
    "severity" in error &&
    "code" in error &&
    typeof error.code === "string" &&
    /^[0-9A-Z]{5}$/u.test(error.code)
  );
}

/** Whether a connection is of no use after this error. */
export function breaksConnection(error: unknown): boolean {
  return !(isServerError(error) && error.severity === "ERROR" && error.code !== "25006" && !isPoolerError(error));
}

/** What an error of `pg` or of the server means. */
export function classifyPostgresError(error: unknown): DriverFailure {
  return classify(error, "unknown");
}

/** `outcome` is what is known of a write where the error itself does not tell. */
function classify(error: unknown, outcome: DriverFailure["outcome"]): DriverFailure {
  if (error instanceof DriverFailureError) return error.failure;
  if (error instanceof NotConnectedError) {
    const failure = classify(error.cause, "not-applied");
    const message = error.host === undefined ? failure.message : `${failure.message} (the host ${error.host})`;
    return { ...failure, message, outcome: "not-applied" };
  }
  return isServerError(error) ? serverFailure(error) : clientFailure(error, outcome);
}

type Verdict = Pick<DriverFailure, "code" | "message"> & Partial<DriverFailure>;

function serverFailure(error: ServerError): DriverFailure {
  const pooler = isPoolerError(error) ? poolerVerdict(error.message) : undefined;
  const verdict = pooler ?? verdicts[error.code] ?? verdicts[error.code.slice(0, 2)];
  return {
    retryable: false,
    // An error ends the statement and undoes it. What ends the connection may come when the statement was done.
    outcome: error.severity === "ERROR" ? "not-applied" : "unknown",
    ...(verdict ?? { code: "unavailable", message: "the server refused the request" }),
    message: `${verdict?.message ?? "the server refused the request"} (${error.code}${detailOf(error)})`,
  };
}

/** The server's words, where they hold no value of a row. */
function detailOf({ code, message }: ServerError): string {
  // Those of class 22 and 23 quote values; those of 28 the user, and on some services more.
  return /^(?:22|23|28)/u.test(code) ? "" : `: ${serverWords(message)}`;
}

const again = { code: "unavailable", retryable: true } as const;
const denied = { code: "permission-denied", retryable: false } as const;

/** By SQLSTATE, or else by its class. */
const verdicts: Readonly<Record<string, Verdict>> = {
  "08": { ...again, message: "the connection failed", outcome: "unknown" },
  "08001": { ...again, message: "no connection to the server behind the pooler could be made", outcome: "not-applied" },
  "08004": { ...again, message: "the server rejected the connection", outcome: "not-applied" },
  "08P01": { code: "unavailable", message: "the server did not understand what it was told", outcome: "unknown" },
  "0A000": { code: "unsupported", message: "the server does not support the request" },
  "22": { code: "invalid-argument", message: "the server takes a value for malformed" },
  "22021": {
    code: "unsupported",
    message: "the database cannot hold a character of the key",
    remedy: "Use a database with ENCODING 'UTF8'.",
  },
  "22P05": {
    code: "unsupported",
    message: "the database cannot hold a character of the key",
    remedy: "Use a database with ENCODING 'UTF8'.",
  },
  "23": {
    code: "unsupported",
    message: "a constraint of the table forbids the write",
    remedy: "Remove constraints from the table that the store did not make.",
  },
  "25006": {
    ...again,
    message: "the server is read-only: a standby, or a primary that takes no writes",
    outcome: "not-applied",
    remedy: "Name the primary, or all hosts, of which the primary is then found.",
  },
  "25P02": {
    code: "invalid-argument",
    message: "the client that was handed in is in a transaction that has failed",
    remedy: "Hand in a client for the store alone, or a pool.",
  },
  "25P03": {
    ...again,
    message: "the server ended the connection because a transaction on it was idle",
    outcome: "not-applied",
    remedy: "Hand in a client for the store alone, or a pool.",
  },
  "25P04": { ...again, message: "the transaction took longer than transaction_timeout allows" },
  "26000": {
    ...again,
    message: "a pooler has mixed up prepared statements",
    remedy: "Use a pooler in transaction or session mode, not in statement mode.",
  },
  "28": {
    ...denied,
    message: "the server does not let this user in",
    remedy: "Check user, database and sslmode against the server's pg_hba.conf.",
  },
  "28P01": { ...denied, message: "the server rejects the password of this user", remedy: "Check user and password." },
  "3D000": { code: "not-found", message: "there is no such database", remedy: "Create it, or name another." },
  "3F000": { code: "not-found", message: "there is no such schema", remedy: "Create it, or name another." },
  "40": { ...again, message: "the server undid the transaction because of another one" },
  "40001": { ...again, message: "the write cannot be put in order with another one that ran at the same time" },
  "40003": { ...again, message: "the server does not know whether the statement was completed", outcome: "unknown" },
  "40P01": { ...again, message: "the server has broken a deadlock at the cost of this request" },
  "42501": {
    ...denied,
    message: "the role may not do this",
    remedy: "Grant it what the documentation lists, such as SELECT, INSERT, UPDATE and DELETE on the table.",
  },
  "42703": { code: "unsupported", message: "the table has not the columns that the store needs" },
  "42P01": {
    code: "not-found",
    message: "the table is gone",
    remedy: "Restore it, or open the store anew, which makes it.",
  },
  "53": { ...again, message: "the server lacks resources" },
  "53100": {
    code: "unavailable",
    message: "the server's disk is full",
    remedy: "Free space on the server.",
  },
  "53300": {
    ...again,
    message: "the server has too many connections already",
    outcome: "not-applied",
    remedy: "Allow fewer with maxConnections, put PgBouncer before it, or raise its max_connections.",
  },
  "53400": { code: "unavailable", message: "a limit in the server's configuration is reached" },
  "54": { code: "too-large", message: "the server takes the request for too large" },
  "55": { ...again, message: "the server is not in a state for this request" },
  "55P03": { ...again, message: "another transaction holds the row longer than lock_timeout allows" },
  "57": { ...again, message: "the server intervened" },
  "57014": {
    code: "timeout",
    retryable: true,
    message: "the server canceled the statement, for its statement_timeout or at somebody's request",
    remedy: "Look for locks that are held long, or raise statement_timeout.",
  },
  "57P01": { ...again, message: "the server is being shut down, or the connection was ended by an administrator" },
  "57P02": { ...again, message: "another process of the server crashed" },
  "57P03": { ...again, message: "the server is starting up, shutting down or recovering", outcome: "not-applied" },
  "57P04": { code: "not-found", message: "the database was dropped" },
  "57P05": { ...again, message: "the server ended the connection because it was idle", outcome: "not-applied" },
  "58": { ...again, message: "the server's system failed", outcome: "unknown" },
  XX: { code: "unavailable", message: "the server met an internal error", outcome: "unknown" },
  XX001: { code: "corrupt", message: "the server found damaged data" },
  XX002: { code: "corrupt", message: "the server found a damaged index", remedy: "Run: REINDEX TABLE on the table." },
};

/** What PgBouncer says has one code, whatever it is: https://www.pgbouncer.org/usage.html */
function isPoolerError(error: ServerError): boolean {
  return error.code === "08P01" && error.routine === undefined;
}

function poolerVerdict(message: string): Verdict {
  if (/startup parameter/iu.test(message)) {
    return {
      code: "invalid-argument",
      message: "a pooler before the server does not let a parameter pass",
      remedy: "Leave out the parameter options, or let PgBouncer pass it with ignore_startup_parameters.",
    };
  }
  if (/no such database/iu.test(message)) return { code: "not-found", message: "the pooler knows no such database" };
  if (/no such user|authentication failed|login rejected/iu.test(message)) {
    return {
      ...denied,
      message: "the pooler before the server does not let this user in",
      remedy: "Check user and password.",
    };
  }
  if (/SSL required/iu.test(message)) {
    return {
      ...denied,
      message: "the pooler before the server lets nobody in without TLS",
      remedy: "Set sslmode=require, or verify-full.",
    };
  }
  // All else is about its connections to the server, in many words. "bouncer config error" is among them: one that was
  // lost while a client was let in.
  return { ...again, message: "the pooler has no connection to the server, or has lost it", outcome: "unknown" };
}

/** In the words of `pg`, which gives these no code. */
const driverVerdicts: readonly (readonly [RegExp, Verdict])[] = [
  [
    /does not support SSL/u,
    {
      code: "unsupported",
      message: "the server has no TLS",
      remedy: "Switch it on there, or set sslmode=disable or sslmode=prefer.",
    },
  ],
  [/establishing an SSL/u, { code: "unavailable", message: "what answers at this address is no PostgreSQL" }],
  [
    /^SASL|SCRAM/u,
    {
      ...denied,
      message: "no password is known that the server accepts",
      remedy: "Give a password in the URL, in PGPASSWORD or in ~/.pgpass.",
    },
  ],
  [
    /not queryable|^Cannot use a pool/u,
    { ...again, message: "the connection of the client is lost", outcome: "not-applied" },
  ],
  [
    /timeout/iu,
    {
      code: "timeout",
      retryable: true,
      message: "no connection was made in time",
      remedy: "Check the address, that no firewall drops the packets, and that maxConnections is enough.",
    },
  ],
];

const broken: Verdict = { ...again, message: "the connection broke" };

const hints = {
  tls: "Check the host and the port, and whether sslmode and sslnegotiation ask for the TLS that the server has.",
  certificate: "Or name the authority's certificate with sslrootcert.",
};

function clientFailure(error: unknown, outcome: DriverFailure["outcome"]): DriverFailure {
  const message = isError(error) ? error.message : "";
  const verdict = driverVerdicts.find(([words]) => words.test(message))?.[1];
  return verdict === undefined
    ? (connectionFailure(error, { ...hints, outcome }) ?? { retryable: false, outcome, ...broken })
    : { retryable: false, outcome, ...verdict };
}
