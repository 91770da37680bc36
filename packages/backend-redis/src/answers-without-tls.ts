import { once } from "node:events";
import { connect } from "node:net";

const timeoutMs = 1_000;

/**
 * Whether a server answers a command without TLS. One that does takes the beginning of a handshake for the beginning of
 * a command, and waits for the rest of it without a word.
 *
 * @see https://redis.io/docs/latest/develop/reference/protocol-spec/#inline-commands
 */
export async function answersWithoutTls(host: string, port: number): Promise<boolean> {
  const socket = connect(port, host);
  try {
    socket.write("PING\r\n");
    const [answer] = (await once(socket, "data", { signal: AbortSignal.timeout(timeoutMs) })) as [Buffer];
    // "+PONG", or an error: that it wants a password, for example.
    return /^[+-]/u.test(answer.toString("latin1"));
  } catch {
    return false;
  } finally {
    socket.on("error", () => undefined).destroy();
  }
}
