import { cp, mkdir, mkdtemp, realpath, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { pauseEnvelope } from "../../asya/test/ledger-fixture.ts";
import type { Workplace } from "./run-cli.ts";
import { executable, openWorkplace, run } from "./run-cli.ts";

let workplace: Workplace;

beforeEach(async () => {
  workplace = await openWorkplace();
  await workplace.ledger.pause(pauseEnvelope());
});
afterEach(async () => await workplace[Symbol.asyncDispose]());

const holdpoint = async (parameters: readonly string[], environment: Readonly<Record<string, string>> = {}) =>
  await run(process.execPath, [executable, ...parameters], { environment });

describe("the store", () => {
  it("is the one of --store, else that of the actors' variables, where nothing else of theirs counts", async () => {
    const { directory, store } = workplace;
    const nowhere = { ASYA_PERSISTENCE_MOUNT: join(directory, "nowhere"), ASYA_PAUSE_METADATA: "no JSON" };
    const ended = await Promise.all([
      holdpoint(["ls", "--store", directory], nowhere),
      holdpoint(["ls"], { ...nowhere, ASYA_CHECKPOINT_STORE: store.location }),
      holdpoint(["ls"], { ...nowhere, ASYA_PERSISTENCE_MOUNT: directory }),
    ]);
    for (const each of ended) expect(each).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("task-1") });
    expect(await holdpoint(["ls"], nowhere)).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("nowhere") });
  });

  it("must be named somehow", async () => {
    const { exitCode, stderr } = await holdpoint(["ls"], { ASYA_PERSISTENCE_MOUNT: " " });
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/No store is named\. Give --store <url>.*ASYA_CHECKPOINT_STORE or ASYA_PERSISTENCE_MOUNT/u);
  });

  it("shows no password when it cannot be had", async () => {
    const urls = ["redis://ann:s3cret@127.0.0.1:1/0?timeoutMs=300", "minio://ann:s3cret@[/x", "s4://ann:s3cret@host"];
    const ended = await Promise.all([
      ...urls.map((url) => holdpoint(["ls", "--store", url, "--json"])),
      ...urls.map((url) => holdpoint(["ls"], { ASYA_CHECKPOINT_STORE: url })),
      holdpoint(["ls"], { ASYA_PERSISTENCE_MOUNT: urls[0] ?? "" }),
    ]);
    for (const { exitCode, stdout, stderr } of ended) {
      expect(exitCode).not.toBe(0);
      expect(stdout).toBe("");
      expect(stderr).toMatch(/\S/u);
      expect(stderr).not.toContain("s3cret");
    }
  });

  it("names the package to install, also for npx, where its backend is missing", async () => {
    // The same sources without the backends beside them.
    const directory = await realpath(await mkdtemp(join(tmpdir(), "hp-bare-")));
    const packages = join(import.meta.dirname, "../..");
    for (const name of ["cli", "core", "asya", "actors"]) {
      await cp(join(packages, name, "src"), join(directory, name, "src"), { recursive: true });
      await cp(join(packages, name, "package.json"), join(directory, name, "package.json"));
    }
    const links = [
      ...["core", "asya", "actors"].map((name) => [join(directory, name), join("@holdpoint", name)]),
      [join(packages, "core/node_modules/valibot"), "valibot"],
      ...["commander", "@commander-js/extra-typings", "p-map"].map((name) => [
        join(packages, "cli/node_modules", name),
        name,
      ]),
    ];
    for (const [target = "", name = ""] of links) {
      const link = join(directory, "node_modules", name);
      await mkdir(dirname(link), { recursive: true });
      await symlink(await realpath(target), link);
    }
    const script = join(directory, "cli/src/holdpoint.ts");
    const shell = `cd '${directory}'; exec '${process.execPath}' '${script}' ls --store s3://bucket`;
    // pnpm starts Vitest with a path of modules that has every package of the repository.
    const ended = await run("sh", ["-c", shell], { environment: { NODE_PATH: "" } });
    await rm(directory, { recursive: true });
    expect(ended).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("npx -p @holdpoint/cli -p @holdpoint/backend-s3 holdpoint"),
    });
  });
});
