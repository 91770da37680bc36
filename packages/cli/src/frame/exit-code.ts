/** The exit codes of every command; scripts rely on them. */
export const exitCodes = {
  ok: 0,
  /** The store cannot be used, a document cannot be read, or something bad was found. */
  failed: 1,
  /** The command line, the configuration or a person's input is wrong; nothing was changed. */
  usage: 2,
  /** There is no such task or hold. */
  notFound: 3,
  /** The state of the task or the hold does not allow it: it has been answered or canceled before, or has changed. */
  refused: 4,
  /** The task is claimed, but its message could not be handed over; the same call again hands over the same message. */
  notHandedOver: 5,
  /** It has been acted on, and the command that acted ended with another exit code than 0; the receipt has it. */
  commandFailed: 6,
  /** The hold still waits for an answer; nothing has run. */
  notAnswered: 7,
  /** Somebody has acted, and nobody knows whether it had its effect; a person looks, and settles it. */
  inDoubt: 8,
  /** Ctrl-C. */
  interrupted: 130,
  /** SIGTERM. */
  terminated: 143,
} as const;

/** One of the exit codes. */
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
