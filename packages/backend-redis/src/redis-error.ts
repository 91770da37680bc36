import { connectionFailure, DriverFailureError, isError } from "@holdpoint/core/driver";
import type { DriverFailure } from "@holdpoint/core/driver";

/** There was no usable connection, so the request was never sent. */
export class RequestNotSentError extends Error {
  override readonly name = "RequestNotSentError";

  constructor(cause: unknown) {
    super("the request was not sent", { cause });
  }
}

/** The request was sent, and the connection ended before its answer came. */
export class AnswerLostError extends Error {
  override readonly name = "AnswerLostError";

  constructor(cause: unknown) {
    super("the connection ended before the answer came", { cause });
  }
}

/** Says what an error of ioredis, of the server, of Node or of this package means. Never throws. */
export function classifyRedisError(error: unknown): DriverFailure {
  if (error instanceof DriverFailureError) return error.failure;
  if (error instanceof RequestNotSentError) return classifyConnection(error.cause, "not-applied");
  if (error instanceof AnswerLostError) {
    const { code } = (error.cause ?? {}) as NodeJS.ErrnoException;
    const reason = code === undefined ? "" : ` (${code})`;
    return unavailable(`the connection ended before the answer came${reason}`, "unknown");
  }
  if (isReplyError(error)) return classifyReply(error.message);
  return classifyConnection(error, "unknown");
}

/** Whether the server said this. By name, because an error of another installed copy of ioredis is one too. */
export function isReplyError(error: unknown): error is Error {
  return isError(error) && error.name === "ReplyError";
}

/** Whether the server is a replica, as it says when it is asked to write. */
export function isReadOnlyError(error: Error): boolean {
  return codeWord(error.message) === "READONLY";
}

/** Whether ioredis has asked all sentinels in vain. It goes on asking. */
export function isSentinelError(error: unknown): boolean {
  return isError(error) && error.message.startsWith("All sentinels are unreachable");
}

/**
 * Removes the arguments of the failed command from an error of ioredis: they may be a password (`AUTH`, `HELLO`) or the
 * whole body of a checkpoint, and would be printed with the error. A server that does not know a command repeats its
 * arguments, too.
 */
export function withoutArguments(error: unknown): unknown {
  if (!isError(error)) return error;
  if ("command" in error) delete error.command;
  if ("lastNodeError" in error) withoutArguments(error.lastNodeError);
  const args = error.message.indexOf(", with args beginning with");
  if (args >= 0) {
    error.message = error.message.slice(0, args);
    error.stack = `${error.name}: ${error.message}`;
  }
  return error;
}

const applyLaterMs = 1_000;

interface ReplyMeaning {
  readonly code: DriverFailure["code"];
  readonly message: string;
  readonly remedy?: string;
  /** Left out: asking again soon does not help. */
  readonly retryAfterMs?: number;
}

// Each of these the server answers instead of running the command.
const replyMeanings: Readonly<Record<string, ReplyMeaning>> = {
  WRONGTYPE: {
    code: "corrupt",
    message: "under this key the server has a value of another type than string, which no checkpoint store wrote",
    remedy: "Look at the key with TYPE, and give the store a prefix of its own.",
  },
  OOM: {
    code: "unavailable",
    message: "the server has reached its maxmemory and accepts no writes",
    remedy: "Raise maxmemory or remove data. An eviction policy other than noeviction would lose checkpoints.",
  },
  MISCONF: {
    code: "unavailable",
    message: "the server cannot save to its disk and therefore accepts no writes",
    remedy: "See the server's log and the space on its disk.",
  },
  READONLY: {
    code: "unavailable",
    message: "the server is a replica and accepts no writes",
    remedy: "Give the address of the master, or use Sentinel or Cluster, which find it.",
    retryAfterMs: applyLaterMs,
  },
  MASTERDOWN: {
    code: "unavailable",
    message: "the server is a replica that has lost its master",
    remedy: "Wait for the failover, or give the address of the master.",
    retryAfterMs: applyLaterMs,
  },
  NOREPLICAS: {
    code: "unavailable",
    message: "the server has fewer connected replicas than its min-replicas-to-write",
    remedy: "Look at the replicas.",
    retryAfterMs: applyLaterMs,
  },
  LOADING: {
    code: "unavailable",
    message: "the server has just started and is still loading its data",
    remedy: "Try again when it has.",
    retryAfterMs: applyLaterMs,
  },
  CLUSTERDOWN: {
    code: "unavailable",
    message: "the cluster does not serve this key now",
    remedy: "See CLUSTER INFO and CLUSTER NODES: is every slot served by a master that is up?",
    retryAfterMs: applyLaterMs,
  },
  TRYAGAIN: {
    code: "unavailable",
    message: "the key's slot is being moved to another node of the cluster",
    retryAfterMs: 100,
  },
  BUSY: {
    code: "unavailable",
    message: "the server is busy with somebody's long-running script",
    remedy: "Wait for it, or end it with SCRIPT KILL.",
    retryAfterMs: applyLaterMs,
  },
  MOVED: {
    code: "unsupported",
    message: "the server is one node of a cluster and sends the client to another",
    remedy: "Open the store with cluster=true, or hand in an ioredis Cluster instead of a Redis.",
  },
  DENIED: {
    code: "permission-denied",
    message: "the server is in protected mode and lets in nobody from another host",
    remedy: "Give it a password, or bind it to an address, as its documentation says.",
  },
  NOAUTH: {
    code: "permission-denied",
    message: "the server demands a password, and none was given",
    remedy: "Put user name and password into the URL, or set REDIS_USERNAME and REDIS_PASSWORD.",
  },
  WRONGPASS: {
    code: "permission-denied",
    message: "the server refused the user name or the password",
    remedy: "Check both, and that special characters in the URL are percent-encoded.",
  },
  NOPERM: {
    code: "permission-denied",
    message: "the server's ACL does not let this user run the command on this key",
    remedy: "Grant what the README of @holdpoint/backend-redis lists under “Permissions it needs”.",
  },
  NOSCRIPT: {
    code: "unavailable",
    message: "the server forgot a script between two requests",
    retryAfterMs: 0,
  },
};

/** The wording of errors that have no code word of their own, or hide it. */
const wordings: readonly (readonly [RegExp, ReplyMeaning])[] = [
  // The wording of an ACL's refusal inside a script, in 6.2 and 7.0, and since 7.2:
  [/The user executing the script can't|ACL failure in script/u, meaningOf("NOPERM")],
  [/invalid password/iu, meaningOf("WRONGPASS")],
  [
    /max number of clients/u,
    {
      code: "unavailable",
      message: "the server has as many clients as its maxclients allows",
      remedy: "Close some, or raise maxclients.",
      retryAfterMs: applyLaterMs,
    },
  ],
  [
    /DB index is out of range|invalid DB index|SELECT is not allowed/u,
    {
      code: "invalid-argument",
      message: "the server has no database with this number",
      remedy: "Give another number as the path of the URL. A cluster has only number 0.",
    },
  ],
  [
    /invalid bulk length|invalid multibulk length|string exceeds maximum allowed size/u,
    {
      code: "too-large",
      message: "the body is larger than this server accepts",
      remedy: "Raise its proto-max-bulk-len, or store less.",
    },
  ],
  [
    /cluster support disabled/u,
    {
      code: "unsupported",
      message: "the server is not part of a cluster",
      remedy: "Leave out cluster=true, or give the address of a node of a cluster.",
    },
  ],
  [
    /unknown command/iu,
    {
      code: "unsupported",
      message: "the server does not know a command that the store needs",
      remedy: "Use Redis 6.2 or newer, or Valkey, with no commands renamed or removed.",
    },
  ],
];

function meaningOf(code: string): ReplyMeaning {
  const meaning = replyMeanings[code];
  if (meaning === undefined) throw new Error(`no meaning for ${code}`);
  return meaning;
}

/** The word that an error of the server begins with. */
function codeWord(message: string): string {
  // Redis 6.2 puts it behind a position if it comes from within a script: "@user_script: 12: -OOM command not allowed …".
  return /^(?:@user_script\S* ?\d*:? ?-?)?([A-Z]+)\b/u.exec(message)?.[1] ?? "";
}

function classifyReply(message: string): DriverFailure {
  const meaning = replyMeanings[codeWord(message)] ?? wordings.find(([wording]) => wording.test(message))?.[1];
  if (meaning === undefined) {
    // A proxy may answer with an error of its own after it has passed the request on.
    return {
      code: "unavailable",
      retryable: false,
      outcome: "unknown",
      message: `the server answered: ${message.trim()}`,
    };
  }
  const { retryAfterMs, ...rest } = meaning;
  return { ...rest, retryable: retryAfterMs !== undefined, outcome: "not-applied", retryAfterMs };
}

/** What a connection that could not be made, or that broke, says about the server. */
function classifyConnection(error: unknown, outcome: DriverFailure["outcome"]): DriverFailure {
  if (error instanceof DriverFailureError) return { ...error.failure, outcome };
  const cause = isError(error) && "lastNodeError" in error ? error.lastNodeError : error;
  if (isReplyError(cause)) return { ...classifyReply(cause.message), outcome };
  if (!isError(cause)) return disconnected(outcome);
  const failure = connectionFailure(cause, {
    outcome,
    tls: "A port that speaks TLS needs rediss:, any other redis:. A server that wants a client certificate needs tlsCertFile and tlsKeyFile.",
    certificate: "Or name the file with tlsCaFile.",
  });
  // Whether the request was sent is known better here.
  if (failure !== undefined) return { ...failure, outcome };
  if (cause.message.includes("Unknown RESP type")) {
    return {
      code: "unsupported",
      retryable: false,
      outcome,
      message: "what answers at this address is not a Redis server",
      remedy: "Check host and port. If the port speaks TLS, use rediss:.",
    };
  }
  if (isSentinelError(cause)) {
    const reason = cause.message.split("Last error: ")[1];
    return unavailable(
      `no sentinel could say where the master is${reason === undefined ? "" : ` (${reason})`}`,
      outcome,
      "Check the addresses of the sentinels, their password, and the name of the master.",
    );
  }
  if (cause.message.includes("subscriber mode")) {
    return {
      code: "invalid-argument",
      retryable: false,
      outcome,
      message: "the client that was handed in is subscribed to a channel and cannot send other commands",
      remedy: "Hand in a client of its own, for example client.duplicate().",
    };
  }
  return disconnected(outcome);
}

function disconnected(outcome: DriverFailure["outcome"]): DriverFailure {
  return unavailable(
    "there is no connection to the server",
    outcome,
    "Check host and port, and that what listens there is a Redis server that takes connections.",
  );
}

function unavailable(message: string, outcome: DriverFailure["outcome"], remedy?: string): DriverFailure {
  return { code: "unavailable", retryable: true, outcome, message, remedy };
}
