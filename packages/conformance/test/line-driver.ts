import type { Capabilities, CheckpointEntry } from "@holdpoint/core";
import { defaultMaxBodyBytes, PreconditionFailedError } from "@holdpoint/core/driver";
import type { CheckpointDriver, DriverContext, DriverFailure, DriverRecord, DriverWrite } from "@holdpoint/core/driver";

import { ConnectionLostError, LineClient } from "./line-client.ts";
import type { LineAnswer, LineRequest } from "./line-server.ts";

/** How a store on a line server is reached. */
export interface LineLocation {
  readonly address: string;
  readonly namespace: string;
}

/** A driver that does right whatever happens to the connection. */
export class LineDriver implements CheckpointDriver {
  readonly backend = "line";
  readonly location: string;
  readonly capabilities: Capabilities = {
    conditionalDelete: true,
    ttl: false,
    uniqueVersions: true,
    maxBodyBytes: defaultMaxBodyBytes,
  };
  protected readonly client: LineClient;
  protected readonly namespace: string;

  constructor({ address, namespace }: LineLocation, client = new LineClient(address)) {
    this.client = client;
    this.namespace = `${namespace}/`;
    this.location = `line://${address}/${namespace}`;
  }

  async read(key: string, context: DriverContext): Promise<DriverRecord | null> {
    const { value } = await this.request({ do: "get", key }, context);
    if (value === undefined || value === null) return null;
    return { body: new Uint8Array(Buffer.from(value.body, "base64")), version: value.version, writeId: value.writeId };
  }

  async write(
    key: string,
    body: Uint8Array,
    { precondition, writeId }: DriverWrite,
    context: DriverContext,
  ): Promise<{ readonly version: string }> {
    const ifVersion = precondition.kind === "version" ? precondition.version : undefined;
    const ifAbsent = precondition.kind === "absent";
    const base64 = Buffer.from(body).toString("base64");
    const { value } = await this.request({ do: "put", key, body: base64, writeId, ifAbsent, ifVersion }, context);
    return { version: value?.version ?? "" };
  }

  async remove(key: string, ifVersion: string | undefined, context: DriverContext): Promise<boolean> {
    const { value } = await this.request({ do: "delete", key, ifVersion }, context);
    return value !== null;
  }

  async *list(prefix: string, context: DriverContext): AsyncIterable<readonly CheckpointEntry[]> {
    const { keys = [] } = await this.request({ do: "list", key: prefix }, context);
    yield keys.map((key) => ({ key: key.slice(this.namespace.length) }));
  }

  async check(context: DriverContext): Promise<void> {
    await this.request({ do: "get", key: "" }, context);
  }

  async close(): Promise<void> {
    await this.client.close();
  }

  classify(error: unknown): DriverFailure {
    const unavailable = { code: "unavailable", retryable: true, message: String(error) } as const;
    if (error instanceof ConnectionLostError) {
      return { ...unavailable, outcome: error.wasSent ? "unknown" : "not-applied" };
    }
    return { ...unavailable, outcome: error instanceof BusyError ? "not-applied" : "unknown" };
  }

  protected async request(request: Omit<LineRequest, "id">, { signal }: DriverContext): Promise<LineAnswer> {
    const answer = await this.client.request({ ...request, key: this.namespace + request.key }, signal);
    if (answer.error === "conflict") throw new PreconditionFailedError();
    if (answer.error === "busy") throw new BusyError();
    return answer;
  }
}

export class BusyError extends Error {
  override readonly name = "BusyError";

  constructor() {
    super("the server is busy");
  }
}
