import type { DriverFailure } from "./checkpoint-driver.ts";

/** What a backend knows of its connections and {@link connectionFailure} does not. */
export interface ConnectionHints {
  /** What is known of a write if the error does not say that it was never sent. @default "unknown" */
  readonly outcome?: DriverFailure["outcome"] | undefined;
  /** What to try where the two sides do not agree on TLS, as a sentence: which option says whether TLS is spoken. */
  readonly tls?: string | undefined;
  /** What to try, besides `NODE_EXTRA_CA_CERTS`, where the server's certificate is not accepted, as a sentence. */
  readonly certificate?: string | undefined;
}

/**
 * What an error of a connection means, by the code that Node.js or the operating system has given it, or an error that
 * it wraps; `undefined` if it has no such code.
 *
 * @example
 * ```ts
 * classify(error: unknown): DriverFailure {
 *   return connectionFailure(error, { tls: "Set tls=false if the server speaks none." }) ?? classifyAnswer(error);
 * }
 * ```
 */
export function connectionFailure(error: unknown, hints: ConnectionHints = {}): DriverFailure | undefined {
  const { code, syscall } = systemErrorOf(error);
  if (code === undefined) return undefined;
  if (isCertificateCode(code)) return certificateFailure(code, hints);
  const { outcome = "unknown" } = hints;
  if (/^(?:EPROTO$|ERR_SSL_|ERR_TLS_)/u.test(code)) {
    const message = `the two sides do not agree on TLS (${code})`;
    return { code: "unavailable", retryable: false, outcome, message, remedy: hints.tls };
  }
  if (code.startsWith("HPE_")) {
    return {
      code: "unavailable",
      retryable: false,
      outcome,
      message: `what answers at this address is not an HTTP server (${code})`,
      remedy: `Check the address and the port.${hints.tls === undefined ? "" : ` ${hints.tls}`}`,
    };
  }
  const unmade = unmadeConnections[code];
  if (unmade !== undefined) {
    // A connection that was made can still lose its network. What never was made has carried nothing.
    const wasMade = syscall === "read" || syscall === "write";
    return {
      code: unmade.code ?? "unavailable",
      retryable: true,
      outcome: wasMade ? outcome : "not-applied",
      message: `${wasMade ? "the connection broke" : unmade.message} (${code})`,
      remedy: unmade.remedy,
    };
  }
  if (!brokenConnections.has(code)) return undefined;
  if (syscall === "connect") {
    return {
      code: code === "ETIMEDOUT" ? "timeout" : "unavailable",
      retryable: true,
      outcome: "not-applied",
      message: `no connection was made (${code})`,
      remedy: "Check the address, and that no firewall drops the packets.",
    };
  }
  const wasSent = outcome === "unknown";
  return {
    code: "unavailable",
    retryable: true,
    outcome,
    message: `the connection broke before ${wasSent ? "the answer was complete" : "it could be used"} (${code})`,
    // Who speaks TLS to a port without it, or the other way round, is often just hung up on.
    remedy: wasSent ? undefined : hints.tls,
  };
}

/** The certificate is looked at before anything is sent, and is the same the next time. */
function certificateFailure(code: string, hints: ConnectionHints): DriverFailure {
  const remedies = [
    certificateCodes.get(code),
    "Add the certificate of a private authority with NODE_EXTRA_CA_CERTS=<file> in the environment of the process.",
    hints.certificate,
  ];
  return {
    code: "unavailable",
    retryable: false,
    outcome: "not-applied",
    message: `the server's certificate is not trusted (${code})`,
    remedy: remedies.filter((remedy) => remedy !== undefined).join(" "),
  };
}

const renew = "Renew the server's certificate, or set the clock that is wrong.";
const revoked = "Look at the revocation list that this process was given.";
const rightName = "Give the host as its certificate names it.";
const anotherCertificate = "Give the server a certificate that a client may accept.";

/**
 * Every code by which Node.js says that it does not trust a certificate, with what may help besides adding its authority.
 *
 * @see https://nodejs.org/api/tls.html#x509-certificate-error-codes
 */
const certificateCodes: ReadonlyMap<string, string | undefined> = new Map([
  ["UNABLE_TO_GET_ISSUER_CERT", undefined],
  ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", undefined],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", undefined],
  ["SELF_SIGNED_CERT_IN_CHAIN", undefined],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", undefined],
  ["CERT_UNTRUSTED", undefined],
  ["CERT_REJECTED", undefined],
  ["INVALID_CA", undefined],
  ["UNABLE_TO_DECRYPT_CERT_SIGNATURE", anotherCertificate],
  ["UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY", anotherCertificate],
  ["CERT_SIGNATURE_FAILURE", anotherCertificate],
  ["CERT_CHAIN_TOO_LONG", anotherCertificate],
  ["PATH_LENGTH_EXCEEDED", anotherCertificate],
  ["INVALID_PURPOSE", anotherCertificate],
  ["OUT_OF_MEM", undefined],
  // What OpenSSL has and Node.js has no name for, such as a key that is too small or a digest that is too weak.
  ["UNSPECIFIED", anotherCertificate],
  ["CERT_NOT_YET_VALID", renew],
  ["CERT_HAS_EXPIRED", renew],
  ["ERROR_IN_CERT_NOT_BEFORE_FIELD", renew],
  ["ERROR_IN_CERT_NOT_AFTER_FIELD", renew],
  ["CERT_REVOKED", revoked],
  ["UNABLE_TO_GET_CRL", revoked],
  ["UNABLE_TO_DECRYPT_CRL_SIGNATURE", revoked],
  ["CRL_SIGNATURE_FAILURE", revoked],
  ["CRL_NOT_YET_VALID", revoked],
  ["CRL_HAS_EXPIRED", revoked],
  ["ERROR_IN_CRL_LAST_UPDATE_FIELD", revoked],
  ["ERROR_IN_CRL_NEXT_UPDATE_FIELD", revoked],
  ["HOSTNAME_MISMATCH", rightName],
  // https://nodejs.org/api/errors.html#err_tls_cert_altname_invalid
  ["ERR_TLS_CERT_ALTNAME_INVALID", rightName],
  ["ERR_TLS_CERT_ALTNAME_FORMAT", rightName],
]);

/** Those that a later Node.js or OpenSSL may add are named alike. */
function isCertificateCode(code: string): boolean {
  return (
    certificateCodes.has(code) ||
    /^(?:UNABLE_TO_(?:GET|DE|VERIFY)|CERT_|CRL_|SELF_SIGNED_|DEPTH_ZERO_|ERROR_IN_C|ERR_TLS_CERT_|[CE][AE]_(?:KEY|MD)_TOO_)/u.test(
      code,
    )
  );
}

interface Unmade {
  readonly code?: "timeout";
  readonly message: string;
  readonly remedy: string;
}

const listening = "Check the address and the port, and that the server runs.";
const spelling = "Check the spelling of the host, and the DNS.";
const network = "Check the network and its policies.";

const unmadeConnections: Readonly<Record<string, Unmade>> = {
  ECONNREFUSED: { message: "nothing listens at this address", remedy: listening },
  ENOENT: { message: "there is no such socket", remedy: listening },
  ENOTFOUND: { message: "there is no such host", remedy: spelling },
  EAI_AGAIN: { message: "the host's name could not be looked up", remedy: spelling },
  EAI_FAIL: { message: "the host's name could not be looked up", remedy: spelling },
  EAI_NODATA: { message: "the host has no address", remedy: spelling },
  EAI_NONAME: { message: "there is no such host", remedy: spelling },
  EHOSTUNREACH: { message: "the host cannot be reached from here", remedy: network },
  EHOSTDOWN: { message: "the host cannot be reached from here", remedy: network },
  ENETUNREACH: { message: "the network cannot be reached from here", remedy: network },
  ENETDOWN: { message: "the network cannot be reached from here", remedy: network },
  EACCES: { message: "this process may not connect to this address", remedy: network },
  EPERM: { message: "this process may not connect to this address", remedy: network },
  EADDRNOTAVAIL: { message: "no local port is free", remedy: "Close what holds the connections." },
  EMFILE: { message: "this process has too many open files", remedy: "Raise its limit (ulimit -n)." },
  ENFILE: { message: "this machine has too many open files", remedy: "Raise its limit." },
  ERR_SOCKET_CONNECTION_TIMEOUT: {
    code: "timeout",
    message: "no connection was made in time",
    remedy: "Check the address, and that no firewall drops the packets.",
  },
};

const brokenConnections: ReadonlySet<string> = new Set([
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "ENOTCONN",
  "ESHUTDOWN",
  "ENOBUFS",
  "ETIMEDOUT",
  "ERR_STREAM_PREMATURE_CLOSE",
  "ERR_STREAM_DESTROYED",
]);

interface SystemError {
  readonly code?: string | undefined;
  readonly syscall?: string | undefined;
}

/** SDKs wrap errors of connections; Node.js wraps those of a host with several addresses. */
function systemErrorOf(error: unknown): SystemError {
  for (let depth = 0; depth < 8 && typeof error === "object" && error !== null; depth += 1) {
    const { code, syscall, cause, errors } = error as Record<"code" | "syscall" | "cause" | "errors", unknown>;
    const inner: unknown = Array.isArray(errors) ? errors[0] : cause;
    if (typeof code === "string" && isKnown(code, syscall)) {
      return { code, syscall: typeof syscall === "string" ? syscall : systemErrorOf(inner).syscall };
    }
    error = inner;
  }
  return {};
}

function isKnown(code: string, syscall: unknown): boolean {
  // Of files just as well, unless a connection met them.
  if (code === "ENOENT" || code === "EACCES" || code === "EPERM") return syscall === "connect";
  return (
    isCertificateCode(code) ||
    brokenConnections.has(code) ||
    Object.hasOwn(unmadeConnections, code) ||
    /^(?:EPROTO$|ERR_SSL_|ERR_TLS_|HPE_)/u.test(code)
  );
}
