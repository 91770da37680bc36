import { createFrameReader } from "./request-reader.ts";
import type { FaultProtocol, ProxiedRequest, RequestKind, RequestReader } from "./request-reader.ts";

/** NATS: what is published to a key-value bucket writes, and what is asked of JetStream reads. */
export const natsProtocol: FaultProtocol = {
  // "No responders": nobody has taken the message.
  errors: ["503"],
  createReader: createNatsReader,
};

/** @see https://docs.nats.io/reference/reference-protocols/nats-protocol */
function createNatsReader(): RequestReader {
  const subscriptions = new Map<string, string>();
  return createFrameReader(lengthOfMessage, (bytes) => {
    const words = wordsOf(bytes);
    const [operation = "", subject = "", second = ""] = words;
    // SUB subject [queue] id
    if (/^sub$/iu.test(operation)) subscriptions.set(subject, words.at(-1) ?? "");
    if (!/^h?pub$/iu.test(operation)) return { kind: "other", bytes };
    const hasReply = words.length === (/^h/iu.test(operation) ? 5 : 4);
    return describe(bytes, subject, hasReply ? second : undefined, subscriptions);
  });
}

function lengthOfMessage(bytes: Buffer): number {
  const lineLength = bytes.indexOf("\r\n") + 2;
  if (lineLength < 2) return Infinity;
  const words = wordsOf(bytes);
  // The last number is that of the whole content, of the headers too where there are some.
  return /^h?pub$/iu.test(words[0] ?? "") ? lineLength + Number(words.at(-1)) + 2 : lineLength;
}

function wordsOf(bytes: Buffer): readonly string[] {
  return bytes.toString("utf8", 0, bytes.indexOf("\r\n")).split(/[ \t]+/u);
}

function describe(
  bytes: Buffer,
  subject: string,
  reply: string | undefined,
  subscriptions: ReadonlyMap<string, string>,
): ProxiedRequest {
  const kind = reply === undefined ? "other" : kindOf(subject);
  if (kind === "other" || reply === undefined) return { kind: "other", bytes };
  const own = subscriptions.get(reply);
  // One subscription for the answers to all requests, or one for this request.
  const subscription = own ?? subscriptions.get(reply.replace(/[^.]+$/u, "*"));
  return {
    kind,
    bytes,
    // The server also sends what nobody asked for, such as its own pings.
    isAnswer: (answer) => answer.includes(reply) || (own !== undefined && answer.includes(` ${own} `)),
    answerWith: (status) => {
      if (subscription === undefined) throw new Error(`nobody waits for an answer on ${reply}`);
      const headers = `NATS/1.0 ${status}\r\n\r\n`;
      return {
        toClient: Buffer.from(`HMSG ${reply} ${subscription} ${headers.length} ${headers.length}\r\n${headers}\r\n`),
      };
    },
  };
}

function kindOf(subject: string): RequestKind {
  // Values, and the pieces of large ones.
  if (/^\$(?:KV|O)\./u.test(subject)) return "write";
  return /^\$JS\.API\.(?:STREAM\.(?:MSG\.GET|INFO|NAMES)|DIRECT\.GET|CONSUMER\.(?:CREATE|MSG\.NEXT))\./u.test(subject)
    ? "read"
    : "other";
}
