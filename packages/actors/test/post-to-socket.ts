import { request } from "node:http";
import type { IncomingHttpHeaders } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";

/** An answer as it came over the socket. */
export interface SocketAnswer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Sends a body to an actor as its sidecar would; an object is sent as JSON. */
export function postToSocket(
  socketPath: string,
  body: string | object,
  { path = "/invoke", method = "POST" } = {},
): Promise<SocketAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<SocketAnswer>();
  const sent = request({ socketPath, path, method, agent: false }, (response) => {
    const { statusCode: status, headers } = response;
    text(response).then((answer) => resolve({ status, headers, body: answer }), reject);
  });
  sent.once("error", reject);
  sent.end(typeof body === "string" ? body : JSON.stringify(body));
  return promise;
}

/** Writes bytes that need not be HTTP, and resolves to all that comes back until the connection ends. */
export async function writeToSocket(socketPath: string, bytes: string): Promise<string> {
  const connection = connect(socketPath);
  connection.write(bytes);
  return await text(connection);
}

/** A message for an actor, with whatever it is to differ in. */
export function exampleEnvelope(changes: object = {}): object {
  return { id: "task-1", route: { prev: ["a"], curr: "b", next: ["c", "d"] }, payload: { draft: "text" }, ...changes };
}
