import { createFrameReader } from "./request-reader.ts";
import type { FaultProtocol, InsteadOfRequest, ProxiedRequest, RequestKind, RequestReader } from "./request-reader.ts";

/** PostgreSQL, of which each statement is one request, with all the messages that it consists of. */
export const postgresProtocol: FaultProtocol = {
  // Serialisation failure, deadlock, too many connections, shutdown by an administrator.
  errors: ["40001", "40P01", "53300", "57P01"],
  createReader: createPostgresReader,
};

/** @see https://www.postgresql.org/docs/current/protocol-message-formats.html */
function createPostgresReader(): RequestReader {
  let hasStarted = false;
  // Statements that the client has prepared under a name, for later.
  const prepared = new Map<string, RequestKind>();
  return createFrameReader(
    (bytes) => (hasStarted ? lengthOfStatement(bytes) : lengthOfStart(bytes)),
    (bytes) => {
      if (hasStarted) return describe(bytes, prepared);
      // Before that, the client may ask whether there is encryption.
      hasStarted = bytes.readInt16BE(4) === protocolMajor;
      return { kind: "other", bytes };
    },
  );
}

/** Questions about encryption, and the wish to cancel a statement, have another number here. */
const protocolMajor = 3;

function lengthOfStart(bytes: Buffer): number {
  return bytes.length < 8 ? Infinity : bytes.readInt32BE();
}

/** A statement is a Query, or everything up to a Sync. What else there is stands alone. */
function lengthOfStatement(bytes: Buffer): number {
  let end = 0;
  for (;;) {
    if (bytes.length < end + 5) return Infinity;
    const type = String.fromCodePoint(bytes[end] ?? 0);
    end += 1 + bytes.readInt32BE(end + 1);
    if (!partsOfStatement.includes(type) || end > bytes.length) return end;
  }
}

/** Parse, Bind, Describe, Execute, Close, Flush. */
const partsOfStatement = "PBDECH";

function describe(bytes: Buffer, prepared: Map<string, RequestKind>): ProxiedRequest {
  return {
    kind: kindOf(bytes, prepared),
    bytes,
    // That it is ready for the next one is the last word on a statement, and comes when it is committed.
    isAnswer: (answer) => answer.at(-6) === "Z".codePointAt(0) && answer.readInt32BE(answer.length - 5) === 5,
    answerWith: (error) => answerWith(error),
  };
}

function kindOf(bytes: Buffer, prepared: Map<string, RequestKind>): RequestKind {
  let kind: RequestKind = "other";
  for (let start = 0; start < bytes.length; start += 1 + bytes.readInt32BE(start + 1)) {
    const type = String.fromCodePoint(bytes[start] ?? 0);
    if (type === "Q") return kindOfText(textAt(bytes, start + 5).text);
    if (type === "P") {
      const name = textAt(bytes, start + 5);
      kind = kindOfText(textAt(bytes, name.end).text);
      prepared.set(name.text, kind);
    } else if (type === "B") {
      const portal = textAt(bytes, start + 5);
      kind = prepared.get(textAt(bytes, portal.end).text) ?? kind;
    }
  }
  return kind;
}

function textAt(bytes: Buffer, start: number): { readonly text: string; readonly end: number } {
  const end = bytes.indexOf(0, start);
  return { text: bytes.toString("utf8", start, end), end: end + 1 };
}

function kindOfText(text: string): RequestKind {
  if (/^\s*(?:(?:insert|update|delete|merge)\b|with\b.*\b(?:insert\s+into|update|delete\s+from)\b)/isu.test(text)) {
    return "write";
  }
  return /^\s*(?:select|with|table|values)\b/iu.test(text) ? "read" : "other";
}

const explanations: Readonly<Record<string, string>> = {
  "40001": "could not serialize access due to concurrent update",
  "40P01": "deadlock detected",
  "53300": "sorry, too many clients already",
  "57P01": "terminating connection due to administrator command",
};

/** These end the connection; a server says them by itself, and the statement is never run. */
const fatal: readonly string[] = ["53300", "57P01"];

function answerWith(error: string): InsteadOfRequest {
  const message = explanations[error] ?? "try again";
  if (!fatal.includes(error)) {
    // The server itself says it, and goes on.
    const text = `DO $$ BEGIN RAISE EXCEPTION '${message}' USING ERRCODE = '${error}'; END $$`;
    return { toServer: frame("Q", Buffer.from(`${text}\0`)) };
  }
  const fields = { S: "FATAL", V: "FATAL", C: error, M: message };
  const body = Object.entries(fields).map(([field, value]) => `${field}${value}\0`);
  return { toClient: frame("E", Buffer.from(`${body.join("")}\0`)), ends: true };
}

function frame(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeInt32BE(4 + body.length, 1);
  return Buffer.concat([head, body]);
}
