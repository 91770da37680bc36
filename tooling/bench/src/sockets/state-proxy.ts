import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../../../../packages/state-proxy/src/state-proxy.ts", import.meta.url));

/** A connector in a process of its own, as it is in a pod. */
export interface StateProxyProcess extends AsyncDisposable {
  /** One request on a connection of its own, as Asya's runtime makes it; resolves to the answer's body. */
  ask(method: "GET" | "PUT", key: string, body?: Uint8Array): Promise<Buffer>;
  /** Its processor time so far, in milliseconds; 0 where the system does not show it as Linux does. */
  cpuMs(): number;
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
    cpuMs: () => cpuMsOf(child.pid),
    [Symbol.asyncDispose]: async () => {
      child.kill();
      await closed;
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function cpuMsOf(pid: number | undefined): number {
  if (process.platform !== "linux") return 0;
  // https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: utime and stime, counted from behind the program's name.
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /su, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) * msPerTick;
}

// On every architecture that Node runs on.
const msPerTick = 10;

// By hand, since a client that needs as much of the machine as what it asks would measure itself.
async function ask(
  socketPath: string,
  method: string,
  key: string,
  body: Uint8Array = new Uint8Array(),
): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const chunks: Buffer[] = [];
  const head = [`${method} /keys/${key} HTTP/1.1`, "Host: state", `Content-Length: ${body.byteLength}`];
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
    throw new Error(`the state proxy answered ${status ?? "nothing"}: ${content.toString()}`);
  }
  return content;
}
