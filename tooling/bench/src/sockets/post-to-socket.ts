import { request } from "node:http";
import { buffer } from "node:stream/consumers";

/** Hands an envelope to an actor as the sidecar does, and waits for the whole answer. */
export async function postToSocket(socketPath: string, envelope: object): Promise<void> {
  const body = Buffer.from(JSON.stringify(envelope));
  const { promise, resolve, reject } = Promise.withResolvers<{
    readonly status: number | undefined;
    readonly answer: Buffer;
  }>();
  const headers = { "content-type": "application/json", "content-length": body.byteLength };
  const sent = request({ socketPath, path: "/invoke", method: "POST", agent: false, headers }, (response) => {
    buffer(response).then((answer) => resolve({ status: response.statusCode, answer }), reject);
  });
  sent.once("error", reject);
  sent.end(body);
  const { status, answer } = await promise;
  if (status !== 200) throw new Error(`the actor answered ${status}: ${answer.toString()}`);
}
