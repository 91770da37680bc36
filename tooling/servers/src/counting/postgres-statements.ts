import type { ProtocolParser } from "./protocol-reader.ts";

/**
 * Reads what a PostgreSQL client sends; reports each statement by the beginning of its text.
 *
 * @see https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
export function* postgresStatements(report: (request: string) => void): ProtocolParser {
  for (;;) {
    // The first messages have no type: a question whether there is TLS, and who wants to talk to which database.
    const first = yield* readMessage();
    const code = numberOf(first.slice(0, 4));
    if (code >> 16 === protocolMajor) break;
    if (!questions.includes(code)) throw new Error(`${code} is no version of PostgreSQL's protocol`);
  }
  for (;;) {
    const type = yield { bytes: 1 };
    const body = yield* readMessage();
    if (type === "Q") report(describe(body));
    // The name of a prepared statement comes first; ours have none.
    else if (type === "P") report(describe(body.slice(body.indexOf("\0") + 1)));
  }
}

const protocolMajor = 3;
/** Whether there is TLS, or GSSAPI; and the wish to cancel a statement, after which the connection ends. */
const questions = [80_877_103, 80_877_104, 80_877_102];

function* readMessage(): Generator<{ readonly bytes: number }, string, string> {
  const length = numberOf(yield { bytes: 4 });
  if (length < 4) throw new Error(`${length} is no length of a message of PostgreSQL`);
  return length === 4 ? "" : yield { bytes: length - 4 };
}

function numberOf(bytes: string): number {
  return Buffer.from(bytes, "latin1").readInt32BE();
}

function describe(text: string): string {
  return (text.split("\0", 1)[0] ?? "").replaceAll(/\s+/gu, " ").trim().slice(0, 60);
}
