import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { buffer } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../../../../packages/state-proxy/src/state-proxy.ts", import.meta.url));

/** A connector in a process of its own, as it is in a pod. */
export interface StateProxyProcess extends AsyncDisposable {
  /** One request on a connection of its own, as Asya's runtime makes it; resolves to the answer's body. */
  ask(method: "GET" | "PUT", key: string, body?: Uint8Array): Promise<Buffer>;
}

/** Starts a connector on a store and waits until it can be dialled. */
export async function startStateProxy(environment: NodeJS.ProcessEnv): Promise<StateProxyProcess> {
  const directory = await mkdtemp(join(tmpdir(), "hpb-"));
  const socketPath = join(directory, "bench.sock");
  const child = spawn(process.execPath, ["--conditions=source", program], {
    env: { ...process.env, ...environment, CONNECTOR_SOCKET: socketPath },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const closed = once(child, "close");
  const ready = Promise.withResolvers<void>();
  createInterface({ input: child.stderr }).on("line", (line) => {
    if (line.includes('"event":"ready"')) ready.resolve();
  });
  void closed.then(() => ready.reject(new Error("The state proxy has ended.")));
  await ready.promise;
  return {
    ask: (method, key, body) => ask(socketPath, method, key, body),
    [Symbol.asyncDispose]: async () => {
      child.kill();
      await closed;
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function ask(socketPath: string, method: string, key: string, body?: Uint8Array): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<{ readonly status: number; readonly answer: Buffer }>();
  const headers = body === undefined ? {} : { "content-length": body.byteLength };
  const sent = request({ socketPath, method, path: `/keys/${key}`, agent: false, headers }, (response) => {
    buffer(response).then((answer) => resolve({ status: response.statusCode ?? 0, answer }), reject);
  });
  sent.once("error", reject);
  sent.end(body);
  const { status, answer } = await promise;
  if (status >= 300) throw new Error(`the state proxy answered ${status}: ${answer.toString()}`);
  return answer;
}
