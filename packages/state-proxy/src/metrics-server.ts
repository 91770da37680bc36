import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";

import type { ProxyMetrics } from "./proxy-metrics.ts";

/** Serves what a connector says of itself, and none of its keys, to who cannot reach a socket in its pod. */
export function createMetricsServer(metrics: ProxyMetrics): Server {
  return createServer((request, response) => void answer(metrics, request, response));
}

async function answer(
  metrics: ProxyMetrics,
  { method, url }: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (method === "GET" && url === "/healthz") {
    response.writeHead(200, { "Content-Type": "application/json" }).end('{"status":"ready"}');
  } else if (method === "GET" && url === "/metrics") {
    const { contentType, body } = await metrics.text();
    response.writeHead(200, { "Content-Type": contentType }).end(body);
  } else response.writeHead(404).end();
}
