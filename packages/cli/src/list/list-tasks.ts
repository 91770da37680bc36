import type { CommandContext } from "../frame/command-context.ts";
import { shortTime } from "../frame/describe-time.ts";
import { escapeControls, toJsonLine } from "../frame/escape-controls.ts";
import { exitCodes } from "../frame/exit-code.ts";
import type { StoreChoice } from "../frame/open-command-store.ts";
import { openCommandStore } from "../frame/open-command-store.ts";
import { LineWriter } from "./line-writer.ts";
import type { ListedRow } from "./list-kept.ts";
import { listKept } from "./list-kept.ts";
import { lookBeside } from "./look-beside.ts";

/** Options of `holdpoint ls`. */
export interface ListChoice extends StoreChoice {
  readonly state: ListedRow["state"] | "open" | "all";
  readonly label?: Readonly<Record<string, string>> | undefined;
  readonly olderThan?: number | undefined;
  readonly json?: true | undefined;
}

const colours: Readonly<Record<ListedRow["state"], "yellow" | "green" | "gray" | "red" | "cyan">> = {
  paused: "yellow",
  waiting: "yellow",
  answered: "cyan",
  acting: "cyan",
  "in-doubt": "red",
  resumed: "green",
  done: "green",
  rejected: "gray",
  canceled: "gray",
  expired: "gray",
  corrupt: "red",
};

// Where less is left for what is asked, it gets a line of its own.
const narrowColumns = 100;

/** Lists tasks and holds as they come, however many there are. */
export async function listTasks(context: CommandContext, options: ListChoice): Promise<void> {
  const { output, messages, signal } = context;
  await using store = await openCommandStore(context, options, "read");
  const before = options.olderThan === undefined ? undefined : Date.now() - options.olderThan;
  let unreadable = 0;
  let undated = 0;
  let listed = 0;
  let found = 0;
  const labels = Object.entries(options.label ?? {});
  const lines = new LineWriter(output);
  try {
    for await (const kept of listKept(store, signal)) {
      found += 1;
      const { since } = kept;
      if (kept.state === "corrupt") unreadable += 1;
      if (!isInState(kept, options.state)) continue;
      if (!labels.every(([name, value]) => kept.labels[name] === value)) continue;
      if (before !== undefined && since === undefined) undated += 1;
      if (before !== undefined && (since === undefined || since.getTime() > before)) continue;
      listed += 1;
      await lines.add(options.json ? toJsonLine(kept.json) : `${row(context, kept)}\n`);
    }
  } finally {
    // Also what came before the store failed.
    await lines.end();
  }
  // Also where nobody sits at a terminal: an empty answer may come from another place than was meant.
  if (listed === 0) await messages.tell(`No such task or hold at ${escapeControls(store.location)}.\n`);
  if (found === 0) await tellOfBeside(context, options, store.location);
  if (undated > 0) {
    await messages.tell(`Left out: ${undated} of which the store does not know how old they are.\n`);
  }
  if (unreadable > 0) {
    context.exitCode = exitCodes.failed;
    if (options.state !== "all" && options.state !== "corrupt") {
      await messages.tell(`Cannot be read: ${unreadable}; holdpoint ls --state corrupt says why.\n`);
    }
  }
}

async function tellOfBeside(context: CommandContext, { store }: ListChoice, location: string): Promise<void> {
  const beside = await lookBeside(context, store ?? context.environment["ASYA_CHECKPOINT_STORE"]);
  if (beside === undefined) return;
  await context.messages.tell(
    `Nothing is kept at ${escapeControls(location)}, but there are tasks beside it: ${escapeControls(beside)}.\n`,
  );
}

function isInState({ state, isOpen }: ListedRow, wanted: ListChoice["state"]): boolean {
  return wanted === "all" || (wanted === "open" ? isOpen : state === wanted);
}

function row({ output }: CommandContext, { id, state, since, asked, note }: ListedRow): string {
  const { columns = Number.POSITIVE_INFINITY } = output;
  const isNarrow = columns < narrowColumns;
  const time = since === undefined ? "-" : shortTime(since);
  const shownId = escapeControls(id);
  const head = [
    (isNarrow ? time.slice(5, 16) : time).padEnd(isNarrow ? 11 : 20),
    output.style(colours[state], state.padEnd(8)),
    isNarrow ? shownId : shownId.padEnd(36),
  ].join("  ");
  // An id is never cut, since it has to be typed again; show has the whole of what is asked.
  const before = isNarrow ? 2 : 70 + Math.max(0, shownId.length - 36);
  const shown = cut(escapeControls(asked), columns - before);
  const rest = `${shown}${output.style("gray", cut(note, columns - before - shown.length))}`;
  return isNarrow ? `${head}${rest === "" ? "" : `\n  ${rest}`}` : `${head}  ${rest}`;
}

function cut(text: string, columns: number): string {
  return text.length <= columns ? text : columns < 1 ? "" : `${text.slice(0, columns - 1)}…`;
}
