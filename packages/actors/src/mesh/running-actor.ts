/** An actor of a mesh, whatever it runs in. */
export interface RunningActor {
  readonly socketPath: string;
  /** Resolves once the sidecar may dial, which after a kill is after the next start. Rejects if it ended by itself. */
  ready(): Promise<void>;
  /** Starts it, unless it runs already. */
  start(): Promise<void>;
  /** Sends a signal and waits for the process to end; `false` if there is no process to signal. */
  kill(signal: NodeJS.Signals): Promise<boolean>;
  /** Ends it as a pod is ended. */
  stop(): Promise<void>;
}
