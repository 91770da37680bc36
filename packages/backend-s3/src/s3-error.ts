import { connectionFailure, retryAfterMs, serverWords } from "@holdpoint/core/driver";
import type { DriverFailure } from "@holdpoint/core/driver";

import { BadAnswerError } from "./bad-answer-error.ts";
import type { ObjectFailure } from "./object-client.ts";

/** What the driver was doing when a request failed. */
export type S3Operation = "read" | "write" | "remove" | "list" | "check";

/** Says what a failed S3 request means, by the server's error code first, then by HTTP status, then by connection. */
export function classifyFailure(failure: ObjectFailure, operation: S3Operation): DriverFailure {
  const { code, status, unsent } = failure;
  if (failure.brokeOff === true && status !== undefined && status !== 412) return byBrokenAnswer(status);
  const known = code === undefined ? undefined : ruleOfCode(code);
  if (known !== undefined) return { ...notApplied, ...known(failure, operation) };
  if (unsent !== undefined) return { ...notApplied, ...byUnsent[unsent](failure) };
  if (status !== undefined) return { ...notApplied, ...byStatus(failure, status, operation) };
  return byConnection(failure);
}

function ruleOfCode(code: string): Rule | undefined {
  // AWS has KMS.DisabledException and others, MinIO kms:KeyNotFound and others.
  return byCode.get(code) ?? (/^kms[.:]/iu.test(code) ? keyManagement : undefined);
}

type Failure = Partial<DriverFailure> & Pick<DriverFailure, "code" | "message">;
type Rule = (failure: ObjectFailure, operation: S3Operation) => Failure;

// For answers with a 4xx status: the server has looked at the request and turned it away.
const notApplied = { retryable: false, outcome: "not-applied" } as const;

const conflict: Rule = () => ({
  code: "conflict",
  message: "the precondition does not hold: somebody else has written or removed the value",
});

const missingBucket: Rule = () => ({
  code: "not-found",
  message: "there is no such bucket",
  remedy: "Create the bucket, or correct its name, the region or the endpoint.",
});

const elsewhere: Rule = ({ region, message }) => ({
  code: "not-found",
  message: `the bucket is not in this region${region === undefined ? ` (${serverWords(message)})` : ` but in ${region}`}`,
  remedy: `Set region=${region ?? "to the region of the bucket, as the server names it"}.`,
});

const badCredentials: Rule = ({ code }) => ({
  code: "permission-denied",
  message: `the server does not accept the credentials (${code})`,
  remedy: "Check the access key and the secret key, and whether they have expired or belong to another server.",
});

const denied: Rule = ({ code = "AccessDenied", message }, operation) => ({
  code: "permission-denied",
  message: `the server denied access (${code}: ${serverWords(message)})`,
  remedy: deniedRemedy[operation],
});

const missingOrDenied =
  "and whoever lacks s3:ListBucket on the bucket gets this answer for a key that does not exist, too: so either the permission is missing, or nothing is stored under the key.";

const deniedRemedy: Readonly<Record<S3Operation, string>> = {
  read: `Reading needs s3:GetObject on the objects, ${missingOrDenied}`,
  write:
    "Writing needs s3:PutObject on the objects, and s3:GetObject for a conditional update; with SSE-KMS also kms:GenerateDataKey and kms:Decrypt on the key.",
  remove: `Removing needs s3:DeleteObject and s3:GetObject on the objects, ${missingOrDenied}`,
  list: "Listing needs s3:ListBucket on the bucket itself (not on its objects): the one permission that nothing else here needs. Add it to the policy.",
  check: "The store needs s3:GetObject, s3:PutObject and s3:DeleteObject on the objects of the bucket.",
};

const busy: Rule = ({ retryAfter }) => ({
  code: "unavailable",
  retryable: true,
  message: "the server asks to slow down",
  retryAfterMs: retryAfterMs(retryAfter),
});

const clockSkew: Rule = () => ({
  code: "permission-denied",
  // The AWS SDK has corrected its clock by this very answer.
  retryable: true,
  message: "the clocks of this machine and of the server differ by too much (RequestTimeTooSkewed)",
  remedy: "Set this machine's clock.",
});

const keyManagement: Rule = ({ code, message }) => ({
  code: "permission-denied",
  message: `the encryption key cannot be used (${code}: ${serverWords(message)})`,
  remedy: "Check kmsKeyId, the state of the key, and kms:GenerateDataKey and kms:Decrypt in its policy.",
});

const notImplemented: Rule = ({ code, message }) => ({
  code: "unsupported",
  message: `the server does not implement what the request needs (${code}: ${serverWords(message)})`,
});

const askAgain: Rule = ({ code }) => ({
  code: "unavailable",
  retryable: true,
  message: `another request on the same object was under way (${code})`,
});

// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList
const byCode: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ["PreconditionFailed", conflict],
  // A driver that reads or removes has handled it; what is left is a conditional update of a key that is gone.
  ["NoSuchKey", conflict],
  // Not a conflict: the object may be as it was. https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
  ["ConditionalRequestConflict", askAgain],
  ["OperationAborted", askAgain],
  ["NoSuchBucket", missingBucket],
  ["PermanentRedirect", elsewhere],
  ["TemporaryRedirect", elsewhere],
  ["AuthorizationHeaderMalformed", elsewhere],
  ["IllegalLocationConstraintException", elsewhere],
  ["AccessDenied", denied],
  ["AllAccessDisabled", denied],
  ["AccountProblem", denied],
  ["UnauthorizedAccess", denied],
  ["InvalidAccessKeyId", badCredentials],
  ["SignatureDoesNotMatch", badCredentials],
  ["InvalidToken", badCredentials],
  ["ExpiredToken", badCredentials],
  ["TokenRefreshRequired", badCredentials],
  ["InvalidClientTokenId", badCredentials],
  ["RequestTimeTooSkewed", clockSkew],
  // Only this one says that nothing was done; MinIO's SlowDownWrite is a lost write quorum.
  ["SlowDown", busy],
  ["TooManyRequests", busy],
  ["EntityTooLarge", () => ({ code: "too-large", message: "the body is larger than the server takes" })],
  ["KeyTooLongError", () => ({ code: "invalid-argument", message: "the object name is longer than the server takes" })],
  [
    "InvalidBucketName",
    () => ({
      code: "invalid-argument",
      message: "the bucket's name is not a valid one",
      remedy: "A bucket's name has 3 to 63 lower-case letters, digits, hyphens and dots.",
    }),
  ],
  [
    "InvalidObjectState",
    () => ({
      code: "unavailable",
      message: "the object is in an archive storage class and cannot be read",
      remedy: "Restore it, and exclude checkpoints from lifecycle rules that archive.",
    }),
  ],
  ["NotImplemented", notImplemented],
  ["XNotImplemented", notImplemented],
  [
    "XMinioStorageFull",
    () => ({ code: "unavailable", message: "the server's storage is full", remedy: "Free space on the server." }),
  ],
  // The body was damaged or cut on its way.
  ["RequestTimeout", () => ({ code: "unavailable", retryable: true, message: "the request did not arrive in time" })],
  [
    "IncompleteBody",
    () => ({ code: "unavailable", retryable: true, message: "the request did not arrive as a whole" }),
  ],
  ["BadDigest", () => ({ code: "unavailable", retryable: true, message: "the request was damaged on its way" })],
  [
    "XAmzContentSHA256Mismatch",
    () => ({ code: "unavailable", retryable: true, message: "the request was damaged on its way" }),
  ],
]);

const byUnsent: Readonly<Record<"credentials" | "configuration", (failure: ObjectFailure) => Failure>> = {
  credentials: ({ message }) => ({
    code: "permission-denied",
    message: `no credentials could be found (${serverWords(message)})`,
    remedy: "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or AWS_PROFILE, or give the workload a role.",
  }),
  configuration: ({ message }) => ({
    code: "invalid-argument",
    message: `the client cannot be used as it is set up (${serverWords(message)})`,
    remedy: /region/iu.test(message) ? "Set region= or AWS_REGION." : undefined,
  }),
};

/** What is missing may be what matters. Of a 412, the status says everything. */
function byBrokenAnswer(status: number): DriverFailure {
  return {
    code: "unavailable",
    retryable: true,
    outcome: status >= 300 && status < 500 && status !== 408 && status !== 499 ? "not-applied" : "unknown",
    message: `the answer broke off before it was complete (HTTP ${status})`,
  };
}

function byStatus(failure: ObjectFailure, status: number, operation: S3Operation): Failure {
  const said = failure.code === undefined ? `HTTP ${status}` : `HTTP ${status} ${failure.code}`;
  const detail = failure.code === undefined ? "" : `: ${serverWords(failure.message)}`;
  if (status === 412) return conflict(failure, operation);
  if (status === 401 || status === 403) return denied({ ...failure, code: failure.code ?? said }, operation);
  if (status === 429) return busy(failure, operation);
  if (status === 301 || status === 307 || status === 308) return elsewhere(failure, operation);
  if (status === 413) return { code: "too-large", message: `the body is larger than the server takes (${said})` };
  if (status === 501) return notImplemented({ ...failure, code: failure.code ?? said }, operation);
  if (status === 507) return { code: "unavailable", message: `the server has no room (${said}${detail})` };
  if (status === 408 || status === 499 || status >= 500) {
    return {
      code: "unavailable",
      retryable: true,
      outcome: "unknown",
      message: `the server could not answer (${said}${detail})`,
      retryAfterMs: retryAfterMs(failure.retryAfter),
    };
  }
  if (failure.code !== undefined) return { code: "unavailable", message: `the server refused (${said}${detail})` };
  return {
    code: "unavailable",
    outcome: "unknown",
    message: `the answer is not that of an S3 server (${said})`,
    remedy: wrongServer,
  };
}

const wrongServer =
  "Check that the address and port are those of the S3 API, not of a console or of another service, and whether it speaks http or https.";

const tls = "Check whether the server speaks TLS at that port (http:// or https:// in endpoint=, tls= for minio:).";

function byConnection({ cause, message }: ObjectFailure): DriverFailure {
  if (cause instanceof BadAnswerError) {
    return {
      code: "unavailable",
      retryable: false,
      outcome: "unknown",
      message: `the answer is not that of an S3 server (${serverWords(message)})`,
      remedy: wrongServer,
    };
  }
  return (
    connectionFailure(cause, { tls }) ?? {
      code: "unavailable",
      retryable: true,
      outcome: "unknown",
      message: `the connection to the server failed (${serverWords(message)})`,
    }
  );
}
