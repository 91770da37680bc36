import { connect } from "node:net";

/**
 * One request on a connection of its own; resolves to the answer's body. By hand, since a client that needs as much of
 * the machine as what it asks would measure itself.
 *
 * @throws if the answer is no success
 */
export async function plainRequest(
  socketPath: string,
  method: string,
  path: string,
  body: Uint8Array = new Uint8Array(),
): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const chunks: Buffer[] = [];
  const head = [`${method} ${path} HTTP/1.1`, "Host: bench", `Content-Length: ${body.byteLength}`];
  const socket = connect(socketPath, () =>
    socket.write(Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`), body])),
  );
  socket
    .on("data", (chunk) => chunks.push(chunk))
    .once("end", resolve)
    .once("error", reject);
  await promise;
  const answer = Buffer.concat(chunks);
  const status = /^HTTP\/1\.1 (\d{3})/u.exec(answer.toString("latin1", 0, 12))?.[1];
  const content = answer.subarray(answer.indexOf("\r\n\r\n") + 4);
  if (status === undefined || Number(status) >= 300) {
    throw new Error(`${method} ${path} was answered ${status ?? "with nothing"}: ${content.toString()}`);
  }
  return content;
}
