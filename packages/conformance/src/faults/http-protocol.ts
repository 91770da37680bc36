import type { FaultProtocol, InsteadOfRequest, ProxiedRequest } from "./request-reader.ts";

/**
 * HTTP/1.1 as clients of object stores speak it: one request at a time on a connection. A piece that begins with a
 * request line begins a request; every other piece is more of the same.
 */
export const httpProtocol: FaultProtocol = {
  errors: ["SlowDown", "TooManyRequests", "ConditionalRequestConflict"],
  createReader: () => (bytes) => [describe(bytes)],
};

function describe(bytes: Buffer): ProxiedRequest {
  const line = bytes.toString("latin1", 0, 2_048);
  const method = /^([A-Z]+) \S+ HTTP\/1\.1\r\n/u.exec(line)?.[1];
  if (method === undefined) return { kind: "other", bytes };
  return {
    kind: method === "GET" || method === "HEAD" ? "read" : "write",
    bytes,
    // With that the server asks for the body.
    isAnswer: (answer) => !answer.toString("latin1", 0, 12).startsWith("HTTP/1.1 100"),
    answerWith: errorAnswer,
  };
}

// S3's codes and statuses: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList
// Cloud Storage answers with the same statuses 429 and 503, and with the same elements in its XML API:
// https://cloud.google.com/storage/docs/xml-api/reference-status
const statuses: Readonly<Record<string, string>> = {
  SlowDown: "503 Service Unavailable",
  TooManyRequests: "429 Too Many Requests",
  ConditionalRequestConflict: "409 Conflict",
};

function errorAnswer(code: string): InsteadOfRequest {
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>Please try again.</Message></Error>`;
  const head = [
    `HTTP/1.1 ${statuses[code] ?? "503 Service Unavailable"}`,
    "Content-Type: application/xml",
    `Content-Length: ${body.length}`,
    "Connection: close",
  ];
  // The rest of the request may still be on its way, so that the connection cannot be used for another.
  return { toClient: Buffer.from(`${head.join("\r\n")}\r\n\r\n${body}`), ends: true };
}
