import type { Envelope } from "@holdpoint/asya";
import type { JsonObject } from "@holdpoint/core";

import type { WireError } from "../wire-error.ts";

/** A message waits for a person. */
export interface MeshPaused {
  readonly kind: "paused";
  /** The message as the pausing actor handed it back. */
  readonly envelope: Envelope;
  readonly actor: string;
  /** What the person is asked. */
  readonly metadata: JsonObject;
  /** Whether the gateway was told: not if the message came to the actor with `x-asya-mesh-status: "off"`. */
  readonly reported: boolean;
}

/** A message has been through its whole route, or an actor ended it by returning nothing. */
export interface MeshFinished {
  readonly kind: "finished";
  readonly envelope: Envelope;
  /** The actor that had it last. */
  readonly actor: string;
  /**
   * Whether the gateway was told: not of a fan-out's children, nor of what x-sink consumes in silence, which is how
   * x-pause and x-resume end a delivery that has no effect.
   */
  readonly reported: boolean;
}

/** A message was not delivered, because the gateway has it as paused or canceled; sidecars of the newest generation ask. */
export interface MeshDropped {
  readonly kind: "dropped";
  readonly envelope: Envelope;
  /** The actor that it was for. */
  readonly actor: string;
  readonly status: "paused" | "canceled";
}

/** A message was given up: what a real mesh sends to `x-sump`. */
export interface MeshFailed {
  readonly kind: "failed";
  /** The message as it was last delivered. */
  readonly envelope: Envelope;
  readonly actor: string;
  readonly error: WireError["details"];
  readonly attempts: number;
}

/** How a message's way through the mesh ended. */
export type MeshOutcome = MeshPaused | MeshFinished | MeshDropped | MeshFailed;

/** A line that an actor's process wrote. */
export interface MeshOutput {
  readonly actor: string;
  readonly stream: "stdout" | "stderr";
  readonly line: string;
}

/** An actor answered with an error, or not at all, and the message is delivered to it again. */
export interface MeshRetry {
  readonly actor: string;
  readonly envelope: Envelope;
  /** Why; `undefined` if the actor's process was killed with the message in hand. */
  readonly error: WireError["details"] | undefined;
}

/** What a mesh tells its listeners. */
export interface MeshEventMap {
  paused: [MeshPaused];
  finished: [MeshFinished];
  dropped: [MeshDropped];
  failed: [MeshFailed];
  retry: [MeshRetry];
  output: [MeshOutput];
}
