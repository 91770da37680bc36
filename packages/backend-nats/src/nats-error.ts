import { connectionFailure, DriverFailureError, isError } from "@holdpoint/core/driver";
import type { DriverFailure } from "@holdpoint/core/driver";

/** JetStream has answered a request with an error. */
export class JetStreamApiError extends Error {
  override readonly name = "JetStreamApiError";
  /** Which error it is. @see https://github.com/nats-io/nats-server/blob/main/server/errors.json */
  readonly errorCode: number;
  /** Its class, as in HTTP. */
  readonly status: number;

  constructor(error: { readonly code?: number; readonly err_code?: number; readonly description?: string }) {
    super(error.description ?? "JetStream has given no reason");
    this.errorCode = error.err_code ?? 0;
    this.status = error.code ?? 0;
  }
}

/** The error codes of JetStream that this driver reacts to. */
export const jetStreamErrors = {
  noMessageFound: 10037,
  streamNotFound: 10059,
  streamNameInUse: 10058,
  wrongLastSequence: 10071,
} as const;

/** The kinds of error that both generations of the NATS client have, under different names. */
type ClientErrorKind = "no-responders" | "timeout" | "permissions" | "authorization" | "closed" | "payload";

// The class names of 3.x, and the codes of 2.x, where all errors are of one class.
const clientErrorKinds: Readonly<Record<string, ClientErrorKind>> = {
  NoResponders: "no-responders",
  "503": "no-responders",
  TimeoutError: "timeout",
  TIMEOUT: "timeout",
  PermissionViolationError: "permissions",
  PERMISSIONS_VIOLATION: "permissions",
  AuthorizationError: "authorization",
  UserAuthenticationExpiredError: "authorization",
  AUTHORIZATION_VIOLATION: "authorization",
  AUTHENTICATION_EXPIRED: "authorization",
  AUTHENTICATION_TIMEOUT: "authorization",
  ACCOUNT_EXPIRED: "authorization",
  ClosedConnectionError: "closed",
  DrainingConnectionError: "closed",
  CONNECTION_CLOSED: "closed",
  CONNECTION_DRAINING: "closed",
  MAX_PAYLOAD_EXCEEDED: "payload",
};

/** Which kind of error a NATS client of either generation has thrown. */
export function clientErrorKind(error: unknown): ClientErrorKind | undefined {
  if (!isError(error)) return undefined;
  const { code } = error as { code?: unknown };
  const known = (typeof code === "string" ? clientErrorKinds[code] : undefined) ?? clientErrorKinds[error.name];
  if (known !== undefined) return known;
  if (error.message.includes("max_payload size exceeded")) return "payload";
  // Requests that were waiting when the connection was closed; 3.x wraps the reason of any other failed request.
  if (error.name === "RequestError" && error.message === "connection closed") return "closed";
  return clientErrorKind(error.cause);
}

/** What an error of the NATS client or of JetStream means. */
export function classifyNatsError(error: unknown): DriverFailure {
  if (error instanceof DriverFailureError) return error.failure;
  if (error instanceof JetStreamApiError) return classifyApiError(error);
  const kind = clientErrorKind(error);
  if (kind === "permissions" && isAboutAnswers(error)) return { ...clientFailures.permissions, outcome: "unknown" };
  if (kind !== undefined) return clientFailures[kind];
  const connection = connectionFailure(error);
  if (connection !== undefined) return connection;
  return {
    code: "unavailable",
    retryable: true,
    outcome: "unknown",
    message: `the NATS client failed with ${isError(error) ? error.name : typeof error}`,
  };
}

/** Whether it is the subscription with the answers that was refused: then the message itself may have arrived. */
function isAboutAnswers(error: unknown): boolean {
  if (!isError(error)) return false;
  // In 3.x and in 2.x.
  const { operation, permissionContext } = error as {
    operation?: unknown;
    permissionContext?: { operation?: unknown };
  };
  const refused = operation ?? permissionContext?.operation;
  return refused === undefined ? isAboutAnswers(error.cause) : refused === "subscription";
}

const clientFailures: Readonly<Record<ClientErrorKind, DriverFailure>> = {
  "no-responders": {
    code: "unavailable",
    retryable: true,
    // The server says so before anything else has seen the message.
    outcome: "not-applied",
    message: "nobody answers for the bucket at the moment (no responders); its stream has no leader",
    remedy: "Look at the state of the cluster with: nats stream info.",
  },
  timeout: {
    code: "timeout",
    retryable: true,
    outcome: "unknown",
    message: "there was no answer in time",
    remedy: "Check that the server is reachable, or allow more time with timeoutMs.",
  },
  permissions: {
    code: "permission-denied",
    retryable: false,
    outcome: "not-applied",
    message: "the server refused the operation to this user (permissions violation)",
    remedy: "Give the user the permissions that the README of @holdpoint/backend-nats lists.",
  },
  authorization: {
    code: "permission-denied",
    retryable: false,
    outcome: "unknown",
    message: "the server refused the credentials (authorization violation)",
    remedy: "Check the user, password, token or .creds file, and whether they have expired.",
  },
  closed: {
    code: "unavailable",
    retryable: false,
    outcome: "unknown",
    message: "the connection to NATS is closed",
    remedy: "Open the store anew.",
  },
  payload: {
    code: "too-large",
    retryable: false,
    outcome: "not-applied",
    message: "the message exceeds the max_payload of the server",
    remedy: "Raise max_payload in the server's configuration.",
  },
};

const invalidSize: Partial<DriverFailure> = {
  code: "too-large",
  retryable: false,
  remedy: "Raise the bucket's maximum value size.",
};
const askAgain: Partial<DriverFailure> = { retryable: true };
const noRoom: Partial<DriverFailure> = {
  retryable: false,
  remedy: "Raise the limits of the bucket, of the account or of the server's storage, or remove what is not needed.",
};

// https://github.com/nats-io/nats-server/blob/main/server/errors.json
const apiFailures: Readonly<Record<number, Partial<DriverFailure>>> = {
  [jetStreamErrors.wrongLastSequence]: {
    code: "conflict",
    retryable: false,
    message: "the precondition does not hold: somebody else has written or removed the value",
  },
  // In a cluster: another write to the same key is on its way, and nobody can say yet whether it will be there.
  10158: askAgain,
  10163: askAgain,
  10164: askAgain,
  10167: askAgain,
  // The meta leader or the leader of the stream is being elected.
  10008: askAgain,
  10009: askAgain,
  10118: askAgain,
  [jetStreamErrors.streamNotFound]: {
    code: "not-found",
    retryable: false,
    remedy: "Create the bucket, or open the store anew, which creates it.",
  },
  10054: invalidSize,
  10097: invalidSize,
  10002: noRoom,
  10023: noRoom,
  10026: noRoom,
  10027: noRoom,
  10028: noRoom,
  10047: noRoom,
  10113: noRoom,
  10120: noRoom,
  10122: noRoom,
  10039: {
    code: "unsupported",
    retryable: false,
    remedy: "Enable JetStream for the account, or use an account that has it.",
  },
  10076: { code: "unsupported", retryable: false, remedy: "Start the server with JetStream (nats-server -js)." },
  // Not enough servers for so many replicas.
  10005: { retryable: false, remedy: "Ask for fewer replicas, or add servers to the cluster." },
  10074: { code: "invalid-argument", retryable: false, remedy: "Leave out replicas, or run NATS as a cluster." },
  10166: {
    code: "unsupported",
    retryable: false,
    remedy: "Allow per-message TTL on the bucket's stream (allow_msg_ttl), and open the store anew.",
  },
};

function classifyApiError(error: JetStreamApiError): DriverFailure {
  // A write that failed while it was being stored may have been stored on other replicas; a full bucket refuses before.
  const isStoreFailure = error.errorCode === 10077;
  const isFull = isStoreFailure && error.message.startsWith("maximum ");
  return {
    code: "unavailable",
    retryable: error.status >= 500 && !isFull,
    outcome: isStoreFailure && !isFull ? "unknown" : "not-applied",
    message: `JetStream answered "${error.message}" (error ${error.errorCode})`,
    ...(isFull ? noRoom : apiFailures[error.errorCode]),
  };
}
