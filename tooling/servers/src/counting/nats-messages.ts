import type { ProtocolParser } from "./protocol-reader.ts";

/**
 * Reads what a NATS client sends; reports each message that it publishes, and that is every request to JetStream, too.
 *
 * @see https://docs.nats.io/reference/reference-protocols/nats-protocol
 */
export function* natsMessages(report: (request: string) => void): ProtocolParser {
  for (;;) {
    const line = yield "line";
    const [name = "", ...words] = line.split(/[ \t]+/);
    const operation = name.toUpperCase();
    if (operation === "PUB" || operation === "HPUB") {
      report(`${operation} ${words[0]}`);
      // The last number is that of the whole message, of headers too where there are some.
      yield Number(words.at(-1)) + "\r\n".length;
    } else if (!["CONNECT", "PING", "PONG", "SUB", "UNSUB", ""].includes(operation)) {
      throw new Error(`${JSON.stringify(line.slice(0, 80))} is no NATS operation`);
    }
  }
}
