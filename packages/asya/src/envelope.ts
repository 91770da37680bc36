import type { JsonObject } from "@holdpoint/core/json";

/** Where a message has been, is, and goes next: names of actors. */
export interface Route {
  readonly prev: readonly string[];
  readonly curr: string;
  readonly next: readonly string[];
}

/**
 * A message as the mesh delivers it. Delivery is at least once: the same envelope may arrive again at any time.
 * The names are those on the wire.
 */
export interface Envelope {
  readonly id: string;
  readonly parent_id?: string | undefined;
  readonly route: Route;
  readonly headers?: JsonObject | undefined;
  readonly status?: JsonObject | undefined;
  readonly payload: unknown;
}

/** What a pause or a resume hands back to the mesh in place of the message that came in. */
export interface OutgoingMessage {
  /** The actors that are still to run, in order. */
  readonly next: readonly string[];
  /** All headers of the message; one that is not here is removed. */
  readonly headers: JsonObject;
  readonly payload: JsonObject;
  /** Given only where it changes. */
  readonly status?: JsonObject | undefined;
}
