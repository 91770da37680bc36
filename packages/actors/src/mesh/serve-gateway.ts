import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

import { isJsonObject, parseLosslessJson } from "@holdpoint/core";
import type { JsonObject } from "@holdpoint/core";

import type { GatewayRecord, GatewayStatus } from "./gateway-record.ts";
import type { LocalMesh } from "./local-mesh.ts";

/** Options of {@link serveGateway}. */
export interface ServeGatewayOptions {
  /** What it wants in the header `X-API-Key`. @default nothing */
  readonly apiKey?: string | undefined;
  /** The port on the loopback address. @default a free one */
  readonly port?: number | undefined;
}

/** The API of a mesh's gateway, as it is being served. */
export interface GatewayServer extends AsyncDisposable {
  /** Such as `http://127.0.0.1:41234/`. */
  readonly url: string;
  /**
   * Takes no more requests and drops those in hand. May be called again.
   *
   * @throws {Error} if the server cannot be closed
   */
  close(): Promise<void>;
}

/**
 * Serves the API of a mesh's gateway on the loopback address: what its generation offers for answering, canceling and
 * looking at tasks. A stand-in for Asya's gateway, written from its sources, for tests.
 *
 * @example
 * ```ts
 * await using mesh = await createLocalMesh({ actors, gateway: "newest" });
 * await using gateway = await serveGateway(mesh);
 * await fetch(new URL("api/v1/mesh/task-1", gateway.url));
 * ```
 * @throws {Error} if the port cannot be used
 */
export async function serveGateway(mesh: LocalMesh, options: ServeGatewayOptions = {}): Promise<GatewayServer> {
  const server = new RunningGatewayServer(mesh, options);
  await server.listen();
  return server;
}

interface Reply {
  readonly status: number;
  readonly body?: object | string;
}

const a2aStates: Readonly<Record<GatewayStatus, string>> = {
  pending: "submitted",
  running: "working",
  paused: "input-required",
  succeeded: "completed",
  failed: "failed",
  canceled: "canceled",
};

class RunningGatewayServer implements GatewayServer {
  readonly #mesh: LocalMesh;
  readonly #options: ServeGatewayOptions;
  readonly #server: Server;

  constructor(mesh: LocalMesh, options: ServeGatewayOptions) {
    this.#mesh = mesh;
    this.#options = options;
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  async listen(): Promise<void> {
    this.#server.listen(this.#options.port ?? 0, "127.0.0.1");
    await once(this.#server, "listening");
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const { status, body } = await this.#answer(request);
      const isText = typeof body === "string";
      response.writeHead(status, { "Content-Type": isText ? "text/plain" : "application/json" });
      response.end(body === undefined ? undefined : isText ? body : JSON.stringify(body));
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  }

  async #answer(request: IncomingMessage): Promise<Reply> {
    const { method = "GET" } = request;
    const url = new URL(request.url ?? "/", this.url);
    const body = await text(request);
    const { apiKey } = this.#options;
    if (apiKey !== undefined && request.headers["x-api-key"] !== apiKey) {
      return { status: 401, body: { jsonrpc: "2.0", error: { code: -32005, message: "Authentication required" } } };
    }
    if (this.#mesh.gateway.generation === "newest") {
      const path = /^\/api\/v1\/mesh\/(.*)$/u.exec(url.pathname)?.[1];
      return path === undefined ? notFound : this.#newest(method, decodeURIComponent(path), url, body);
    }
    if (url.pathname === "/a2a/" && method === "POST") return await this.#rpc(body);
    const id = /^\/mesh\/([^/]+)$/u.exec(url.pathname)?.[1];
    if (id !== undefined && method === "GET") return this.#record(decodeURIComponent(id), "Task not found");
    return notFound;
  }

  #newest(method: string, id: string, url: URL, body: string): Reply {
    const { gateway } = this.#mesh;
    if (id === "" && method === "POST") return this.#create(url.searchParams.get("actor"), body);
    if (method === "GET") return this.#record(id, { error: "not found" });
    if (method !== "DELETE") return { status: 405, body: "method not allowed" };
    if (gateway.record(id) === undefined) return { status: 404, body: { error: "not found" } };
    gateway.cancel(id);
    return { status: 204 };
  }

  #create(actor: string | null, body: string): Reply {
    if (actor === null || actor === "") return { status: 400, body: { error: "actor query parameter required" } };
    const wanted = objectOf(body);
    if (wanted === undefined) return { status: 400, body: { error: "invalid JSON body" } };
    const { payload = null, headers, timeout, ...others } = wanted;
    if (["route", "route_next", "next"].some((name) => name in others)) {
      return { status: 400, body: { error: "routing fields (route, route_next, next) are not allowed" } };
    }
    const { envelope } = this.#mesh.send([actor], payload, {
      headers: { ...(isJsonObject(headers) ? headers : {}), "x-asya-gateway-url": this.url },
      ...(typeof timeout === "number" && timeout > 0 ? { timeoutSeconds: timeout } : {}),
    });
    return { status: 201, body: { id: envelope.id } };
  }

  #record(id: string, missing: object | string): Reply {
    const record = this.#mesh.gateway.record(id);
    return record === undefined ? { status: 404, body: missing } : { status: 200, body: shown(record) };
  }

  async #rpc(body: string): Promise<Reply> {
    const call = objectOf(body) ?? {};
    const { id = null, method } = call;
    const parameters = isJsonObject(call["params"]) ? call["params"] : {};
    const outcome = await this.#invoke(String(method), parameters);
    return { status: 200, body: { jsonrpc: "2.0", id, ...outcome } };
  }

  async #invoke(method: string, parameters: JsonObject): Promise<object> {
    const { gateway } = this.#mesh;
    const message = isJsonObject(parameters["message"]) ? parameters["message"] : {};
    const id = method === "message/send" ? message["taskId"] : parameters["id"];
    const taskId = typeof id === "string" ? id : "";
    const record = gateway.record(taskId);
    switch (method) {
      case "tasks/get":
        return record === undefined ? taskNotFound : { result: a2aTask(record) };
      case "tasks/cancel":
        if (record === undefined) return taskNotFound;
        if (!gateway.cancel(taskId)) return { error: { code: -32_002, message: "task cannot be canceled" } };
        return { result: a2aTask(gateway.record(taskId) ?? record) };
      case "message/send": {
        if (record === undefined) return taskNotFound;
        if (!gateway.resume(taskId)) {
          return { error: { code: -32_603, message: `create task: task ${taskId} already exists` } };
        }
        await this.#resume(taskId, message);
        return { result: a2aTask(gateway.record(taskId) ?? record) };
      }
      default:
        return { error: { code: -32_601, message: "method not found" } };
    }
  }

  /** Under an id that it keeps no record of, and without headers, which it loses when it enqueues; lasts as long as that. */
  async #resume(taskId: string, message: JsonObject): Promise<void> {
    const parts = Array.isArray(message["parts"]) ? message["parts"].filter(isJsonObject) : [];
    const input = Object.assign({}, ...parts.map((part) => part["data"])) as JsonObject;
    const { outcome } = this.#mesh.deliver({
      id: `resume-${taskId}`,
      route: { prev: [], curr: "x-resume", next: [] },
      status: { phase: "pending", created_at: new Date().toISOString().replace(/\.\d+Z$/u, "Z") },
      payload: { ...input, a2a: { task: { id: taskId, context_id: randomUUID(), history: [] } } },
    });
    await outcome;
  }
}

const notFound: Reply = { status: 404, body: "404 page not found" };
const taskNotFound = { error: { code: -32_001, message: "task not found" } };

function objectOf(body: string): JsonObject | undefined {
  try {
    const value = parseLosslessJson(body);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function shown({ id, status, pauseMetadata, result, error }: GatewayRecord): object {
  return { id, status, pause_metadata: pauseMetadata, result, error };
}

function a2aTask({ id, status }: GatewayRecord): object {
  return { kind: "task", id, contextId: "", status: { state: a2aStates[status] }, metadata: {} };
}
