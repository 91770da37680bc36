import type { StoreFinding } from "@holdpoint/core";

import type { CommandContext } from "../frame/command-context.ts";
import { escapeControls, toJsonLine } from "../frame/escape-controls.ts";
import { exitCodes } from "../frame/exit-code.ts";
import type { StoreChoice } from "../frame/open-command-store.ts";
import { examineStore } from "./examine-store.ts";

/** Options of `holdpoint doctor`. */
export interface DoctorChoice extends StoreChoice {
  readonly json?: true | undefined;
}

const colours = { ok: "green", warning: "yellow", problem: "red", unknown: "cyan" } as const;

/** Examines a store and shows each finding as it is made; the exit code shows whether there was a problem. */
export async function runDoctor(context: CommandContext, { store, json }: DoctorChoice): Promise<void> {
  const { environment, output, signal } = context;
  const findings: StoreFinding[] = [];
  for await (const plain of examineStore({ store, environment, signal })) {
    const finding = await withoutPasswords(context, plain);
    findings.push(finding);
    if (json !== true) await output.write(describeFinding(context, finding));
  }
  const count = (level: StoreFinding["level"]): number => findings.filter((finding) => finding.level === level).length;
  const totals = { problems: count("problem"), warnings: count("warning"), unknown: count("unknown") };
  await output.write(
    json === true
      ? toJsonLine({ findings, ...totals })
      : `\n${Object.entries(totals)
          .map(([name, total]) => `${name}: ${total}`)
          .join(", ")}\n`,
  );
  if (totals.problems > 0) context.exitCode = exitCodes.failed;
}

/** A server may repeat what it was sent, and an SDK what it was given. */
async function withoutPasswords(context: CommandContext, finding: StoreFinding): Promise<StoreFinding> {
  const { found, reason, remedy } = finding;
  return {
    ...finding,
    found: await context.redact(found),
    ...(reason === undefined ? {} : { reason: await context.redact(reason) }),
    ...(remedy === undefined ? {} : { remedy: await context.redact(remedy) }),
  };
}

function describeFinding({ output }: CommandContext, { level, subject, found, reason, remedy }: StoreFinding): string {
  const lines = [
    `${output.style(colours[level], level.padEnd(8))} ${escapeControls(subject).padEnd(14)} ${escapeControls(found)}`,
  ];
  const indent = " ".repeat(24);
  if (reason !== undefined) lines.push(indent + escapeControls(reason));
  if (remedy !== undefined) lines.push(indent + escapeControls(remedy));
  return `${lines.join("\n")}\n`;
}
