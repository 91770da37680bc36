import { once } from "node:events";
import { createServer } from "node:net";

/**
 * Below 32768, where Linux begins to take ports for outgoing connections, so that no client takes ours between the
 * look and the start; and low enough that the extra port of a Redis Cluster is below it, too.
 */
const lowestPort = 10_000;
const highestPort = 32_767;

const attemptLimit = 200;
const taken = new Set<number>();

/**
 * Ports on 127.0.0.1 that nobody listens on, and that this process has not given out before.
 *
 * Another program may still take one before it is used, so a server that cannot listen must be started with others.
 *
 * @throws {Error} if none is found
 * @example
 * ```ts
 * const [port, otherPort] = await findFreePorts(2);
 * ```
 */
export async function findFreePorts(count: number, extraPortOffset = 0): Promise<readonly number[]> {
  const found: number[] = [];
  for (let attempt = 0; found.length < count; attempt += 1) {
    if (attempt === attemptLimit) throw new Error(`No free port on 127.0.0.1 after ${attemptLimit} random tries.`);
    const span = highestPort - extraPortOffset - lowestPort + 1;
    const port = lowestPort + Math.floor(Math.random() * span);
    const wanted = extraPortOffset === 0 ? [port] : [port, port + extraPortOffset];
    if (wanted.some((each) => taken.has(each))) continue;
    if (!(await Promise.all(wanted.map(isFree))).every(Boolean)) continue;
    for (const each of wanted) taken.add(each);
    found.push(port);
  }
  return found;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen({ host: "127.0.0.1", port, exclusive: true });
    await once(server, "listening");
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
