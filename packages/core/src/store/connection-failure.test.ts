import { describe, expect, it, test } from "vitest";

import { connectionFailure } from "./connection-failure.ts";

// https://nodejs.org/api/tls.html#x509-certificate-error-codes, and what Node.js 24 has for the rest.
const certificateCodes = [
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_CRL",
  "UNABLE_TO_DECRYPT_CERT_SIGNATURE",
  "UNABLE_TO_DECRYPT_CRL_SIGNATURE",
  "UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY",
  "CERT_SIGNATURE_FAILURE",
  "CRL_SIGNATURE_FAILURE",
  "CERT_NOT_YET_VALID",
  "CERT_HAS_EXPIRED",
  "CRL_NOT_YET_VALID",
  "CRL_HAS_EXPIRED",
  "ERROR_IN_CERT_NOT_BEFORE_FIELD",
  "ERROR_IN_CERT_NOT_AFTER_FIELD",
  "ERROR_IN_CRL_LAST_UPDATE_FIELD",
  "ERROR_IN_CRL_NEXT_UPDATE_FIELD",
  "OUT_OF_MEM",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "CERT_CHAIN_TOO_LONG",
  "CERT_REVOKED",
  "INVALID_CA",
  "PATH_LENGTH_EXCEEDED",
  "INVALID_PURPOSE",
  "CERT_UNTRUSTED",
  "CERT_REJECTED",
  "HOSTNAME_MISMATCH",
  "UNSPECIFIED",
  "ERR_TLS_CERT_ALTNAME_INVALID",
  "ERR_TLS_CERT_ALTNAME_FORMAT",
  "EE_KEY_TOO_SMALL",
];

describe("a certificate that is not trusted", () => {
  it.each(certificateCodes)("%s is final, certainly not applied, and says how to trust it", (code) => {
    const failure = connectionFailure(Object.assign(new Error("words of OpenSSL"), { code }), {
      certificate: "Or name the file with acmeCa.",
    });
    expect(failure).toMatchObject({ code: "unavailable", retryable: false, outcome: "not-applied" });
    expect(failure?.message).toBe(`the server's certificate is not trusted (${code})`);
    expect(failure?.remedy).toMatch(/NODE_EXTRA_CA_CERTS.* Or name the file with acmeCa\.$/u);
  });
});

describe("what an error of a connection means", () => {
  it.each([
    [{ code: "ECONNREFUSED", syscall: "connect" }, "unavailable", true, "not-applied", "nothing listens"],
    [{ code: "ENOTFOUND", syscall: "getaddrinfo" }, "unavailable", true, "not-applied", "no such host"],
    [{ code: "EAI_AGAIN", syscall: "getaddrinfo" }, "unavailable", true, "not-applied", "looked up"],
    [{ code: "EHOSTUNREACH", syscall: "connect" }, "unavailable", true, "not-applied", "cannot be reached"],
    [{ code: "EHOSTUNREACH", syscall: "read" }, "unavailable", true, "unknown", "connection broke"],
    [{ code: "ENETDOWN", syscall: "write" }, "unavailable", true, "unknown", "connection broke"],
    [{ code: "ETIMEDOUT", syscall: "connect" }, "timeout", true, "not-applied", "no connection was made"],
    [{ code: "ETIMEDOUT", syscall: "read" }, "unavailable", true, "unknown", "before the answer was complete"],
    [{ code: "ECONNRESET", syscall: "read" }, "unavailable", true, "unknown", "before the answer was complete"],
    [{ code: "ECONNRESET", syscall: "connect" }, "unavailable", true, "not-applied", "no connection was made"],
    [{ code: "EPIPE", syscall: "write" }, "unavailable", true, "unknown", "before the answer was complete"],
    [{ code: "ENOENT", syscall: "connect" }, "unavailable", true, "not-applied", "no such socket"],
    [{ code: "EPROTO", syscall: "write" }, "unavailable", false, "unknown", "TLS"],
    [{ code: "ERR_SSL_WRONG_VERSION_NUMBER" }, "unavailable", false, "unknown", "TLS"],
    [{ code: "HPE_INVALID_CONSTANT" }, "unavailable", false, "unknown", "not an HTTP server"],
  ])("%j", (facts, code, retryable, outcome, words) => {
    const failure = connectionFailure(Object.assign(new Error("raw"), facts));
    expect(failure).toMatchObject({ code, retryable, outcome });
    expect(failure?.message).toContain(words);
    expect(failure?.message).toContain(facts.code);
  });

  test("what was never sent was not applied, however the connection ended", () => {
    const tls = "A port with TLS needs acmes:.";
    const reset = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET", syscall: "read" });
    expect(connectionFailure(reset, { outcome: "not-applied", tls })).toMatchObject({
      outcome: "not-applied",
      remedy: tls,
    });
  });

  test("an SDK's wrapping and a host of several addresses are seen through", () => {
    const inner = Object.assign(new Error("connect"), { code: "ECONNREFUSED", syscall: "connect" });
    const wrapped = new Error("the request failed", { cause: new AggregateError([inner, inner], "all failed") });
    expect(connectionFailure(wrapped)?.message).toContain("ECONNREFUSED");
  });

  test("an error that is not one of a connection is somebody else's to explain", () => {
    const file = Object.assign(new Error("open"), { code: "ENOENT", syscall: "open" });
    for (const error of [new Error("words"), file, { code: "SlowDown" }, "text", undefined, null]) {
      expect(connectionFailure(error)).toBeUndefined();
    }
    const circular = new Error("round and round");
    circular.cause = circular;
    expect(connectionFailure(circular)).toBeUndefined();
  });
});
