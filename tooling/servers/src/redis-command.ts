import { once } from "node:events";
import { connect } from "node:net";

const timeoutMs = 5_000;

/**
 * Sends one command to a Redis on loopback over a connection of its own and returns the text of a simple or bulk reply.
 *
 * @throws {Error} if the server answers with an error, with another type of reply, or not in time
 * @example
 * ```ts
 * await sendRedisCommand(6379, ["PING"]); // "PONG"
 * ```
 */
export async function sendRedisCommand(port: number, command: readonly string[]): Promise<string> {
  const socket = connect({ host: "127.0.0.1", port, signal: AbortSignal.timeout(timeoutMs) });
  try {
    await once(socket, "connect");
    const words = command.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
    socket.write(`*${command.length}\r\n${words.join("")}`);
    let received = "";
    for await (const chunk of socket.setEncoding("utf8")) {
      received += chunk as string;
      const reply = completeReply(received);
      if (reply !== undefined) return reply;
    }
    throw new Error(`Redis on port ${port} closed the connection before it had answered ${command[0]}.`);
  } finally {
    socket.destroy();
  }
}

function completeReply(received: string): string | undefined {
  const end = received.indexOf("\r\n");
  if (end < 0) return undefined;
  const line = received.slice(1, end);
  if (received.startsWith("+")) return line;
  if (!received.startsWith("$")) throw new Error(`Redis answered ${JSON.stringify(received.slice(0, end))}.`);
  const body = received.slice(end + 2);
  return Buffer.byteLength(body) >= Number(line) + 2 ? body.slice(0, -2) : undefined;
}
