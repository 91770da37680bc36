import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { commandEntries } from "../src/command-entries.ts";
import { ProcessContext } from "../src/frame/command-context.ts";
import { exitCodes } from "../src/frame/exit-code.ts";
import { createProgram } from "../src/program.ts";
import { executable, run } from "./run-cli.ts";

const page = join(import.meta.dirname, "../../../docs/cli.md");
const names = commandEntries.map(({ name }) => name);

describe("the page of the command", () => {
  // vitest --update writes the page anew.
  it("shows the help of every command as it is", async () => {
    let text = await readFile(page, "utf8");
    const helps = await Promise.all(names.map((name) => run(process.execPath, [executable, name, "--help"])));
    for (const [index, name] of names.entries()) {
      const { exitCode, stdout = "" } = helps[index] ?? { exitCode: null };
      expect({ name, exitCode }).toEqual({ name, exitCode: 0 });
      expect(stdout).toContain("\nExamples:\n");
      const shown = new RegExp(`^\\$ holdpoint ${name} --help\n[^]*?^\`\`\`$`, "mu");
      expect(text).toMatch(shown);
      text = text.replace(shown, () => `$ holdpoint ${name} --help\n${stdout.trimEnd()}\n\`\`\``);
    }
    await expect(text).toMatchFileSnapshot(page);
  });

  it("has a row for every exit code", async () => {
    const text = await readFile(page, "utf8");
    const rows = Array.from(text.matchAll(/^\| (\d+) \|/gmu), ([, code]) => Number(code));
    expect(rows).toEqual(Object.values(exitCodes));
  });
});

it("lists each command under its own summary", async () => {
  const program = await createProgram(new ProcessContext(), names);
  expect(program.commands.map((command) => ({ name: command.name(), summary: command.summary() }))).toEqual(
    commandEntries.map(({ name, summary }) => ({ name, summary })),
  );
});

it("prints the same help however it is asked for", async () => {
  const [long, short, none, version] = await Promise.all(
    [["--help"], ["-h"], [], ["--version"]].map((parameters) => run(process.execPath, [executable, ...parameters])),
  );
  for (const name of names) expect(long?.stdout).toContain(`\n  ${name} `);
  expect(short).toEqual(long);
  expect(none).toEqual({ exitCode: 2, stdout: "", stderr: long?.stdout });
  expect(version?.stdout).toMatch(/^\d+\.\d+\.\d+\n$/u);
});
