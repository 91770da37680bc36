import { createFrameReader } from "./request-reader.ts";
import type { FaultProtocol, ProxiedRequest, RequestKind } from "./request-reader.ts";

/** Redis commands, in RESP. Those that the server answers in their order stay in it. */
export const redisProtocol: FaultProtocol = {
  errors: ["LOADING", "TRYAGAIN", "CLUSTERDOWN"],
  createReader: () => createFrameReader(lengthOfCommand, describe),
};

const lineEnd = "\r\n";

/** @see https://redis.io/docs/latest/develop/reference/protocol-spec/ */
function lengthOfCommand(bytes: Buffer): number {
  const header = lineAt(bytes, 0);
  if (header === undefined) return Infinity;
  let end = header.end;
  if (!header.text.startsWith("*")) return end;
  for (let left = Number(header.text.slice(1)); left > 0; left -= 1) {
    const size = lineAt(bytes, end);
    if (size === undefined) return Infinity;
    end = size.end + Number(size.text.slice(1)) + lineEnd.length;
    if (end > bytes.length) return end;
  }
  return end;
}

function lineAt(bytes: Buffer, start: number): { readonly text: string; readonly end: number } | undefined {
  const at = bytes.indexOf(lineEnd, start);
  return at < 0 ? undefined : { text: bytes.toString("latin1", start, at), end: at + lineEnd.length };
}

function describe(bytes: Buffer): ProxiedRequest {
  const name = /^\*\d+\r\n\$\d+\r\n(\w+)\r\n/u.exec(bytes.toString("latin1", 0, 64))?.[1]?.toLowerCase() ?? "";
  return {
    kind: kindOf(name),
    bytes,
    // A script that the server does not know has not been run; the client sends it again, whole.
    isAnswer: (answer) => !answer.toString("latin1", 0, 9).startsWith("-NOSCRIPT"),
    answerWith: (error) => ({ toServer: errorCommand(error) }),
  };
}

const writes =
  /^(?:eval|evalsha|fcall|set\w*|psetex|getset|getdel|del|unlink|h(?:set\w*|mset|del)|p?expire\w*|rename\w*)$/u;
const reads = /^(?:get|mget|getrange|strlen|exists|hget|hmget|hgetall|scan|hscan|type|p?ttl|\w+_ro)$/u;

function kindOf(name: string): RequestKind {
  if (writes.test(name)) return "write";
  return reads.test(name) ? "read" : "other";
}

const explanations: Readonly<Record<string, string>> = {
  LOADING: "Redis is loading the dataset in memory",
  TRYAGAIN: "Multiple keys request during rehashing of slot",
  CLUSTERDOWN: "The cluster is down",
};

/** The server itself says it, so that its answers come in the order of the commands. */
function errorCommand(error: string): Buffer {
  const words = ["EVAL", "return redis.error_reply(ARGV[1])", "0", `${error} ${explanations[error] ?? "Try again"}`];
  return Buffer.from(`*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join("")}`);
}
