import type { Socket } from "node:net";

/**
 * Breaks a connection as a crash of its peer does, where that is possible.
 *
 * Node's own `resetAndDestroy` leaves the handle of a socket that is just ending open for ever, and with it the process:
 * libuv resets no connection whose shutdown has begun, and Node does not close it then.
 *
 * @see https://docs.libuv.org/en/v1.x/tcp.html#c.uv_tcp_close_reset
 * @example
 * ```ts
 * server.on("connection", (socket) => resetSocket(socket));
 * ```
 */
export function resetSocket(socket: Socket): void {
  if (socket.destroyed) return;
  // One that is still connecting would be reset only once it is connected, and may be ending by then.
  if (socket.connecting || (socket.writableEnded && !socket.writableFinished)) socket.destroy();
  else socket.resetAndDestroy();
}
