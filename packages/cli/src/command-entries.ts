import type { CommandFactory } from "./command.ts";

/** A command, before it is loaded: most of the time that a small command takes is spent on loading files. */
interface CommandEntry {
  readonly name: string;
  /** The same as the command's own. */
  readonly summary: string;
  readonly load: () => Promise<CommandFactory>;
}

/** All commands, in the order in which help lists them. */
export const commandEntries: readonly CommandEntry[] = [
  {
    name: "ask",
    summary: "ask a question that waits for a person",
    load: async () => (await import("./ask/ask-command.ts")).askCommand,
  },
  {
    name: "answer",
    summary: "answer a question that was asked",
    load: async () => (await import("./answer/answer-command.ts")).answerCommand,
  },
  {
    name: "wait",
    summary: "wait until a question is answered or has ended",
    load: async () => (await import("./wait/wait-command.ts")).waitCommand,
  },
  {
    name: "act",
    summary: "act on an answer once, by a command",
    load: async () => (await import("./act/act-command.ts")).actCommand,
  },
  {
    name: "settle",
    summary: "say what happened to a hold that is in doubt",
    load: async () => (await import("./settle/settle-command.ts")).settleCommand,
  },
  {
    name: "expire",
    summary: "apply every expiry whose time is over",
    load: async () => (await import("./expire/expire-command.ts")).expireCommand,
  },
  {
    name: "ls",
    summary: "what waits or is under way, since when, and what is asked",
    load: async () => (await import("./list/ls-command.ts")).lsCommand,
  },
  {
    name: "show",
    summary: "everything that is known of one task or hold",
    load: async () => (await import("./show/show-command.ts")).showCommand,
  },
  {
    name: "inbox",
    summary: "serve the pages where people answer",
    load: async () => (await import("./inbox/inbox-command.ts")).inboxCommand,
  },
  {
    name: "resume",
    summary: "answer a paused task, and hand its message on",
    load: async () => (await import("./resume/resume-command.ts")).resumeCommand,
  },
  {
    name: "cancel",
    summary: "end a paused task or a hold for good",
    load: async () => (await import("./cancel/cancel-command.ts")).cancelCommand,
  },
  {
    name: "prune",
    summary: "remove what is left of what ended long ago",
    load: async () => (await import("./prune/prune-command.ts")).pruneCommand,
  },
  {
    name: "copy",
    summary: "copy everything from one store to another, and verify it",
    load: async () => (await import("./copy/copy-command.ts")).copyCommand,
  },
  {
    name: "doctor",
    summary: "examine a store: configuration, permissions, promises, settings",
    load: async () => (await import("./doctor/doctor-command.ts")).doctorCommand,
  },
  {
    name: "completion",
    summary: "print what makes a shell complete this program's commands",
    load: async () => (await import("./completion/completion-command.ts")).completionCommand,
  },
];

/** What `holdpoint --help` prints. */
export function programHelp(): string {
  const width = Math.max(...commandEntries.map(({ name }) => name.length));
  const commands = commandEntries.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}\n`);
  return `Usage: holdpoint <command> [options]

See and answer what waits for a person, in whatever store it is kept.

Commands:
${commands.join("")}
Options:
  -h, --help  of a command: what it takes, with examples
  --version   the version of this program

The store is named by --store <url>, else by ASYA_CHECKPOINT_STORE or ASYA_PERSISTENCE_MOUNT.
`;
}
