/** The exit codes of every command; scripts rely on them. */
export const exitCodes = {
  ok: 0,
  /** The store cannot be used, a document cannot be read, or something bad was found. */
  failed: 1,
  /** The command line, the configuration or a person's input is wrong; nothing was changed. */
  usage: 2,
  /** There is no such task. */
  notFound: 3,
  /** The task's state does not allow it: resumed or canceled before, or changed meanwhile. */
  refused: 4,
  /** The task is claimed, but its message could not be handed over; the same call again hands over the same message. */
  notHandedOver: 5,
  /** Ctrl-C. */
  interrupted: 130,
  /** SIGTERM. */
  terminated: 143,
} as const;

/** One of the exit codes. */
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
