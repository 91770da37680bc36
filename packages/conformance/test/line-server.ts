import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";

import { createFrameReader } from "@holdpoint/conformance/run";
import type { FaultProtocol } from "@holdpoint/conformance/run";

/** A request to the server: one line of JSON. Answers carry the same `id`, and come in any order. */
export interface LineRequest {
  readonly id: number;
  readonly do: "get" | "put" | "delete" | "list";
  readonly key: string;
  /** In base64. */
  readonly body?: string | undefined;
  readonly writeId?: string | undefined;
  /** `put`: the version that it makes, if not the server's own. */
  readonly version?: string | undefined;
  /** `put`: nothing may be there. */
  readonly ifAbsent?: boolean | undefined;
  /** `put` and `delete`: this version must be there. */
  readonly ifVersion?: string | undefined;
}

export interface LineValue {
  readonly body: string;
  readonly version: string;
  readonly writeId?: string | undefined;
}

/** An answer: `null` where there is nothing, or an error. */
export interface LineAnswer {
  readonly id: number;
  readonly value?: LineValue | null | undefined;
  readonly keys?: readonly string[] | undefined;
  readonly error?: "conflict" | "busy" | undefined;
}

/** A server that keeps values in memory and speaks the smallest protocol there is, on loopback. */
export async function startLineServer(): Promise<AsyncDisposable & { readonly address: string }> {
  const values = new Map<string, LineValue>();
  const sockets = new Set<Socket>();
  let writes = 0;

  const answer = ({ id, ...request }: LineRequest): LineAnswer => {
    const found = values.get(request.key);
    if (request.do === "list") return { id, keys: [...values.keys()].filter((key) => key.startsWith(request.key)) };
    if (request.do === "get") return { id, value: found ?? null };
    if (request.ifAbsent === true && found !== undefined) return { id, error: "conflict" };
    if (request.ifVersion !== undefined && found?.version !== request.ifVersion) {
      return request.do === "delete" && found === undefined ? { id, value: null } : { id, error: "conflict" };
    }
    if (request.do === "delete") {
      values.delete(request.key);
      return { id, value: found ?? null };
    }
    writes += 1;
    const value = { body: request.body ?? "", version: request.version ?? `v${writes}`, writeId: request.writeId };
    values.set(request.key, value);
    return { id, value: { ...value, body: "" } };
  };

  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => undefined);
    let rest = "";
    socket.setEncoding("utf8").on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      // Whatever has no line feed yet is not a request, and may never become one.
      rest = lines.pop() ?? "";
      for (const line of lines) socket.write(`${JSON.stringify(answer(JSON.parse(line) as LineRequest))}\n`);
    });
  });
  server.listen({ host: "127.0.0.1", port: 0 });
  await once(server, "listening");
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** What the proxy has to know of it. */
export const lineProtocol: FaultProtocol = {
  errors: ["busy"],
  createReader: () =>
    createFrameReader(
      (bytes) => bytes.indexOf("\n") + 1 || Infinity,
      (bytes) => {
        const request = JSON.parse(bytes.toString()) as LineRequest;
        return {
          kind: request.do === "get" || request.do === "list" ? "read" : "write",
          bytes,
          isAnswer: (answer) => answer.includes(`"id":${request.id},`),
          answerWith: (error) => ({ toClient: Buffer.from(`${JSON.stringify({ id: request.id, error })}\n`) }),
        };
      },
    ),
};
