import { isIP } from "node:net";

/** Where a server listens. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
}

// A server that is there answers the first message of a handshake at once.
const timeoutMs = 2_000;

/**
 * Whether a server begins with TLS: what hangs up on a client that does not, or waits for it without a word, is otherwise
 * like a server that is down. Nothing is sent but a handshake.
 *
 * @throws nothing: where no server can be reached, none begins with TLS
 *
 * @example
 * ```ts
 * if (await beginsWithTls({ host: "acme.internal", port: 4222 })) throw new Error("use acmes:");
 * ```
 */
export async function beginsWithTls({ host, port }: ServerAddress): Promise<boolean> {
  // Only where it is needed, because it takes longer to load than all of this package.
  const { connect } = await import("node:tls");
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({
    host,
    port,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    // Whether the certificate is to be trusted is not the question.
    rejectUnauthorized: false,
    timeout: timeoutMs,
  });
  const timer = setTimeout(() => resolve(false), timeoutMs);
  socket.once("secureConnect", () => resolve(true));
  // An alert is TLS too: that the server wants a certificate of the client, for example.
  socket.once("error", (error: NodeJS.ErrnoException) => resolve(/ALERT/u.test(error.code ?? "")));
  socket.once("close", () => resolve(false));
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}
