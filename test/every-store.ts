import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { testServer } from "@holdpoint/test-servers";
import type { CountingProxySettings, ServerName } from "@holdpoint/test-servers";

import { storeUrls } from "../tooling/servers/src/store-urls.ts";

/** A store that the tests of this folder run on. */
export interface StoreUnderTest {
  /** The URL's scheme, and what tells it from others with the same. */
  readonly name: string;
  /** What a URL of this store needs of the environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Whether its server could not be had. */
  readonly isMissing: boolean;
  readonly address: string;
  readonly protocol: CountingProxySettings["protocol"] | undefined;
  /** A URL under a prefix that nobody else uses; through a proxy, if one stands in front of the server. */
  url(address?: string): string;
}

const servers: readonly (readonly [ServerName, CountingProxySettings["protocol"]])[] = [
  ["minio", "http"],
  ["gcs", "http"],
  ["redis", "redis"],
  ["redis-cluster", "redis"],
  ["nats", "nats"],
  ["postgres", "postgres"],
];

/** All stores that processes can share. */
export const storesUnderTest: readonly StoreUnderTest[] = servers.flatMap(([server, protocol]) => {
  const { isMissing, url: address } = testServer(server);
  return storeUrls(server, address).map(({ url, environment }, index) => ({
    name: server === "redis-cluster" ? "redis (cluster)" : new URL(url).protocol.slice(0, -1),
    environment,
    isMissing,
    address,
    protocol,
    url: (through = address) => withPrefix(storeUrls(server, through)[index]?.url ?? "", `t-${randomUUID()}`),
  }));
});

/** A directory that is removed when the caller leaves the block. */
export async function temporaryDirectory(): Promise<AsyncDisposable & { readonly path: string; readonly url: string }> {
  const path = await mkdtemp(join(tmpdir(), "hp-"));
  return {
    path,
    url: pathToFileURL(path).href,
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}

function withPrefix(text: string, prefix: string): string {
  const url = new URL(text);
  if (/^(?:s3|gs|minio):$/u.test(url.protocol)) url.pathname = `${url.pathname.replace(/\/$/u, "")}/${prefix}`;
  else url.searchParams.set("prefix", `${prefix}/`);
  return url.href;
}
