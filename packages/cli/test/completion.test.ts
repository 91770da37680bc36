import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { testProgram } from "@holdpoint/test-servers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { commandEntries } from "../src/command-entries.ts";
import { executable, run } from "./run-cli.ts";

const fish = testProgram("fish");
const zsh = testProgram("zsh");
const shells = ["bash", "zsh", "fish"] as const;

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "hp-completion-"));
  await writeFile(join(directory, "answer.json"), "{}");
  await mkdir(join(directory, "another-store"));
  await Promise.all(
    shells.map(async (shell) => {
      const { stdout } = await run(process.execPath, [executable, "completion", shell]);
      await writeFile(join(directory, `script.${shell}`), stdout);
    }),
  );
});
afterAll(async () => await rm(directory, { recursive: true }));

/** What bash offers after these words, of which the last is being typed. */
async function offeredByBash(...words: readonly string[]): Promise<readonly string[]> {
  const script = `
    source "$1"; shift
    COMP_WORDS=(holdpoint "$@"); COMP_CWORD=$#
    _holdpoint
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const parameters = ["--norc", "-c", `cd '${directory}'; ${script}`, "bash", join(directory, "script.bash"), ...words];
  const { stdout, stderr } = await run("bash", parameters);
  expect(stderr).toBe("");
  return stdout.split("\n").filter((line) => line !== "");
}

describe("in bash", () => {
  it("offers commands, options, and what an option may be", async () => {
    expect(await offeredByBash("")).toEqual([...commandEntries.map(({ name }) => name), "--help"]);
    expect(await offeredByBash("sh")).toEqual(["show"]);
    expect(await offeredByBash("ls", "--st")).toEqual(["--store", "--state"]);
    expect(await offeredByBash("ls", "--state", "c")).toEqual(["canceled", "corrupt"]);
    expect(await offeredByBash("act", "hold-1", "--when-in-doubt", "")).toEqual(["stop", "again"]);
    expect(await offeredByBash("ls", "--store", "an")).toEqual(["another-store"]);
    expect(await offeredByBash("copy", "an")).toEqual(["another-store"]);
    expect(await offeredByBash("copy", "/state", "an")).toEqual(["another-store"]);
    expect(await offeredByBash("show", "an")).toEqual([]);
    expect(await offeredByBash("act", "hold-1", "--", "ans")).toEqual(["answer.json"]);
    expect(await offeredByBash("ask", "hold-1", "--content", "ans")).toEqual(["answer.json"]);
    expect(await offeredByBash("ls", "--older-than", "")).toEqual([]);
    expect(await offeredByBash("completion", "")).toEqual(expect.arrayContaining(["bash", "zsh", "fish"]));
    expect(await offeredByBash("resume", "task-1", "--input", "ans")).toEqual(["answer.json"]);
    expect(await offeredByBash("resume", "task-1", "--", "ans")).toEqual(["answer.json"]);
  });

  it("is registered, also when it is loaded twice", async () => {
    const script = `source "$1" && source "$1" && complete -p holdpoint`;
    const { exitCode, stdout } = await run("bash", ["--norc", "-c", script, "bash", join(directory, "script.bash")]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: "complete -o filenames -F _holdpoint holdpoint\n" });
  });
});

describe.skipIf(fish === undefined)("in fish", () => {
  const offered = async (line: string): Promise<readonly string[]> => {
    const script = `source ${join(directory, "script.fish")}; cd ${directory}; complete --do-complete '${line}'`;
    const { stdout, stderr } = await run(fish ?? "fish", ["--no-config", "-c", script]);
    expect(stderr).toBe("");
    return stdout.split("\n").flatMap((each) => (each === "" ? [] : [each.split("\t")[0] ?? ""]));
  };

  it("offers commands, options, and what an option may be", async () => {
    expect((await offered("holdpoint ")).toSorted()).toEqual(commandEntries.map(({ name }) => name).toSorted());
    expect((await offered("holdpoint ls --st")).toSorted()).toEqual(["--state", "--store"]);
    expect(await offered("holdpoint ls --state res")).toEqual(["resumed"]);
    expect(await offered("holdpoint completion z")).toEqual(["zsh"]);
    expect(await offered("holdpoint resume task-1 --input ans")).toEqual(["answer.json"]);
    expect(await offered("holdpoint ls --store an")).toEqual(["another-store/"]);
    expect(await offered("holdpoint copy an")).toEqual(["another-store/"]);
    expect(await offered("holdpoint copy /state an")).toEqual(["another-store/"]);
    expect(await offered("holdpoint show an")).toEqual([]);
    expect(await offered("holdpoint ls --older-than an")).toEqual([]);
    expect(await offered("holdpoint act hold-1 --when-in-doubt ")).toEqual(["again", "stop"]);
    expect(await offered("holdpoint act hold-1 -- ans")).toEqual(["answer.json"]);
    expect(await offered("holdpoint resume task-1 -- ans")).toEqual(["answer.json"]);
  });
});

describe.skipIf(zsh === undefined)("in zsh", () => {
  /**
   * What zsh lists after a line. Completion works in the line editor alone, so this types into another zsh, once its
   * editor says that it reads keys: what is typed before is the terminal's, which may wait for the end of the line. The
   * keys are those of Emacs, also where EDITOR is vi, as npm sets it.
   */
  const listed = async (line: string): Promise<string> => {
    const script = `
      zmodload zsh/zpty
      zpty z "$4" -f -i
      zpty -w z "cd $2; autoload -Uz compinit; compinit -D; source $1; PS1=; bindkey -e; bindkey '^I' list-choices
        zle-line-init() { print REA''DY }; zle -N zle-line-init"
      zpty -r -m z out '*READY*'
      zpty -n -w z "$3"$'\t'
      zpty -n -w z $'\\C-a\\C-kecho DO\\'\\'NE\n'
      zpty -r -m z out '*DONE*'
      print -r -- $out`;
    const file = join(directory, "script.zsh");
    const { stdout } = await run(zsh ?? "zsh", ["-f", "-c", script, "zsh", file, directory, line, zsh ?? ""]);
    return stdout;
  };

  it("offers commands, options, and what an option may be", async () => {
    const [commands, options, values, files, after] = await Promise.all(
      [
        "holdpoint ",
        "holdpoint ls --",
        "holdpoint ls --state ",
        "holdpoint resume task-1 --input a",
        "holdpoint act hold-1 -- ./a",
      ].map(listed),
    );
    for (const { name } of commandEntries) expect(commands).toContain(name);
    expect(options).toMatch(/--older-than[^]*--state[^]*--store/u);
    expect(values).toMatch(/canceled[^]*paused[^]*resumed/u);
    expect(files).toContain("answer.json");
    expect(after).toContain("answer.json");
  });

  it("offers directories where a store is expected, and nothing where an id is", async () => {
    const [option, from, to, id] = await Promise.all(
      ["holdpoint ls --store a", "holdpoint copy a", "holdpoint copy /state a", "holdpoint show a"].map(listed),
    );
    for (const stores of [option, from, to]) {
      expect(stores).toContain("another-store/");
      expect(stores).not.toContain("answer.json");
    }
    expect(id).not.toMatch(/another-store|answer/u);
  });
});
