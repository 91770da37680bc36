import { openStore } from "@holdpoint/core";

import type { CommandContext } from "../frame/command-context.ts";
import { escapeControls, toJsonLine } from "../frame/escape-controls.ts";
import { exitCodes } from "../frame/exit-code.ts";
import { assertSeparate } from "./assert-separate.ts";
import { copyStore } from "./copy-store.ts";
import type { CopyProgress, CopyRemark, CopyReport } from "./copy-store.ts";

/** Options of `holdpoint copy`. */
export interface CopyChoice {
  readonly prefix?: string | undefined;
  readonly update?: true | undefined;
  readonly cancelRemoved?: true | undefined;
  readonly concurrency: number;
  readonly dryRun?: true | undefined;
  readonly json?: true | undefined;
}

const drawEveryMs = 50;
const barWidth = 30;

/** Copies one store to another, says what it came to, and has the exit code show whether everything is there. */
export async function copyBetween(
  context: CommandContext,
  from: string,
  to: string,
  options: CopyChoice,
): Promise<void> {
  const { environment, messages, output, signal } = context;
  await using source = await openStore(from, { environment, access: "read" });
  await using target = await openStore(to, { environment, access: options.dryRun ? "read" : "write" });
  await assertSeparate(source, target);
  const { prefix, concurrency, update, cancelRemoved, dryRun, json } = options;
  const report = await copyStore(source, target, {
    prefix,
    concurrency,
    update,
    cancelRemoved,
    dryRun,
    signal,
    onProgress: messages.isTerminal ? drawProgress(context) : undefined,
    onRemark: async (remark) => {
      await messages.progress("");
      await output.write(json ? toJsonLine(remark) : remarkLine(remark));
    },
  });
  await messages.progress("");
  await output.write(json ? toJsonLine({ summary: report }) : summaryOf(report, dryRun ?? false));
  if (report.differing + report.failed + report.waitingOnlyInTarget > 0) context.exitCode = exitCodes.failed;
}

function drawProgress({ messages }: CommandContext): (progress: CopyProgress) => Promise<void> {
  let drawnAt = -Infinity;
  return async ({ phase, done, total }) => {
    if (performance.now() - drawnAt < drawEveryMs && done < total) return;
    drawnAt = performance.now();
    const filled = Math.round((done / total) * barWidth);
    await messages.progress(`[${"█".repeat(filled)}${"░".repeat(barWidth - filled)}] ${phase} ${done}/${total}`);
  };
}

function remarkLine({ key, outcome, detail }: CopyRemark): string {
  return `${outcome}: ${escapeControls(key)}: ${escapeControls(detail)}\n`;
}

function summaryOf(report: CopyReport, dryRun: boolean): string {
  const rows: readonly (readonly [count: number | null, label: string, always?: boolean])[] = [
    [report.copied, dryRun ? "to be copied" : "copied", true],
    [report.alreadyThere, "already there", true],
    [report.updated, dryRun ? "to be brought up to date" : "brought up to date"],
    [report.gone, "removed from the source meanwhile"],
    [report.ahead, "gone on in the target, left alone"],
    [report.differing, "something else in the target, left alone"],
    [report.failed, "failed"],
    [report.onlyInTarget, "only in the target"],
    [report.canceled, "of these waited, and were canceled"],
    [report.waitingOnlyInTarget, "of these wait"],
  ];
  const shown = rows.filter(([count, , always]) => always === true || (count ?? 0) > 0);
  const lines = shown.map(([count, label]) => `${String(count).padStart(9)}  ${label}\n`);
  if (dryRun) return lines.join("");
  const missing = report.differing + report.failed;
  const verdict =
    missing === 0
      ? `Complete: ${report.verified} read back from both, the same byte for byte.\n`
      : `Not complete: ${missing} of the source are not in the target as they are in the source; ${report.verified} read back from both, the same byte for byte.\n`;
  return lines.join("") + verdict + adviceFor(report);
}

function adviceFor({ onlyInTarget, waitingOnlyInTarget, differing }: CopyReport): string {
  const advice: string[] = [];
  if (onlyInTarget === null) {
    advice.push("The target would not list its keys, so it is not known whether it has others besides.");
  }
  if (waitingOnlyInTarget > 0) {
    advice.push(
      "A task that waits in the target only was either paused there, or copied by an earlier run and removed from the source since, by an actor that resumed it. In the second case it can be resumed once more: --cancel-removed cancels all that wait in the target only.",
    );
  }
  if (differing > 0) advice.push("Look at both with holdpoint show. --update has the source win.");
  return advice.map((line) => `${line}\n`).join("");
}
