import { realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";

import type { CheckpointStore } from "@holdpoint/core";

import { CommandError } from "../frame/command-error.ts";
import { exitCodes } from "../frame/exit-code.ts";

/**
 * Refuses two stores of which one is the other, or lies inside it: a copy would find its own copies.
 *
 * @throws {CommandError}
 */
export function assertSeparate(from: CheckpointStore, to: CheckpointStore): void {
  const [source, target] = [placeOf(from.location), placeOf(to.location)];
  if (source.server !== target.server) return;
  const stores = `${from.location} and ${to.location}`;
  if (source.path === target.path) {
    throw new CommandError(exitCodes.usage, `Cannot copy: ${stores} are the same store.`);
  }
  const isInside = source.path.startsWith(target.path) || target.path.startsWith(source.path);
  if (!isInside) return;
  throw new CommandError(
    exitCodes.usage,
    `Cannot copy: of ${stores} one lies inside the other, so that a copy would find its own copies. Give each a prefix of its own, neither the beginning of the other.`,
  );
}

interface Place {
  readonly server: string;
  /** What everything that is stored there begins with. */
  readonly path: string;
}

function placeOf(location: string): Place {
  const url = new URL(location);
  switch (url.protocol) {
    case "file:":
      return { server: "file", path: folder(realpathSync(fileURLToPath(url))) };
    case "s3:": {
      const endpoint = url.searchParams.get("endpoint");
      return {
        server: endpoint === null ? "s3" : `object storage at ${hostOf(new URL(endpoint))}`,
        path: folder(url.hostname + url.pathname),
      };
    }
    case "minio:":
      return { server: `object storage at ${hostOf(url)}`, path: folder(url.pathname.slice(1)) };
    case "gs:":
      return { server: `gs ${url.searchParams.get("endpoint") ?? ""}`, path: folder(url.hostname + url.pathname) };
    case "redis:":
    case "rediss:":
    case "nats:":
      // Here a prefix is what it is, with or without a separator at its end.
      return { server: hostOf(url) + url.pathname, path: url.searchParams.get("prefix") ?? "" };
    default:
      // One of memory lives in the process that opened it, and another scheme's places are its own affair.
      return { server: location, path: url.protocol === "memory:" ? crypto.randomUUID() : "" };
  }
}

function hostOf({ hostname, port, protocol }: URL): string {
  const host = /^(?:localhost|\[::1\])$/u.test(hostname) ? "127.0.0.1" : hostname;
  return `${host}:${port || (protocol === "https:" ? "443" : "80")}`;
}

function folder(path: string): string {
  return path.endsWith("/") ? path : `${path}/`;
}
