import { once } from "node:events";
import { connect } from "node:net";

import type { ServerSource } from "../server-source.ts";

const timeoutMs = 5_000;

/** A server that is running already, at the address in its environment variable. */
export const addressSource: ServerSource = {
  title: "environment variable",
  find: async ({ environmentVariable }, { environment }) => {
    const value = environment[environmentVariable];
    if (value === undefined || value === "") return { kind: "none", reason: `${environmentVariable} is not set` };
    const problem = await connectionProblem(value);
    if (problem === undefined) return { kind: "address", url: value };
    // Somebody asked for this very server, so no other one takes its place.
    return { kind: "none", reason: `${environmentVariable} is set, but ${problem}`, final: true };
  },
};

async function connectionProblem(value: string): Promise<string | undefined> {
  if (!URL.canParse(value)) return "is not a URL";
  const url = new URL(value);
  // The host is all that is shown of it: the rest may be a password.
  if (url.port === "") return `its address ${url.host} has no port`;
  const signal = AbortSignal.timeout(timeoutMs);
  const socket = connect({ host: url.hostname.replace(/^\[|\]$/g, ""), port: Number(url.port), signal });
  try {
    await once(socket, "connect");
    return undefined;
  } catch (error) {
    const why = signal.aborted ? `no answer within ${timeoutMs} ms` : (error as Error).message;
    return `nothing answers at ${url.host} (${why})`;
  } finally {
    socket.destroy();
  }
}
