import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { parseLosslessJson } from "@holdpoint/core";
import type { Envelope } from "@holdpoint/asya";

/** A message of which the payload stands apart, as text that nobody has parsed. */
export type MessageMetadata = Omit<Envelope, "payload" | "status">;

/** Lays a message out as the runtime shows it: one file for each of its parts. */
export async function writeMessageFiles(root: string, message: MessageMetadata): Promise<void> {
  await rm(root, { recursive: true, force: true });
  await mkdir(join(root, "route"), { recursive: true });
  await mkdir(join(root, "headers"));
  const { id, parent_id = "", route, headers = {} } = message;
  await Promise.all([
    writeFile(join(root, "id"), id),
    writeFile(join(root, "parent_id"), parent_id),
    writeFile(join(root, "route/prev"), route.prev.join("\n")),
    writeFile(join(root, "route/curr"), route.curr),
    writeFile(join(root, "route/next"), route.next.join("\n")),
    ...Object.entries(headers).map(([name, value]) =>
      writeFile(join(root, "headers", name), typeof value === "string" ? value : JSON.stringify(value)),
    ),
  ]);
}

/** What an actor has left of a message: the actors that are still to run, and the headers. */
export async function readMessageFiles(
  root: string,
): Promise<{ readonly next: readonly string[]; readonly headers: Readonly<Record<string, unknown>> }> {
  const next = await readFile(join(root, "route/next"), "utf8");
  const names = await readdir(join(root, "headers"));
  const headers = await Promise.all(
    names.map(async (name) => [name, headerValue(await readFile(join(root, "headers", name), "utf8"))] as const),
  );
  return { next: next.split("\n").filter((actor) => actor !== ""), headers: Object.fromEntries(headers) };
}

function headerValue(text: string): unknown {
  try {
    return parseLosslessJson(text);
  } catch {
    return text;
  }
}
