import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { withBuildLock } from "./build-lock.ts";
import { findExecutable, isExecutable } from "./find-executable.ts";
import type { ServerKeeper } from "./keeper/server-keeper.ts";
import { runLongCommand } from "./long-command.ts";
import type { SourceContext } from "./server-source.ts";

// Asked by the package's scripts before they start a service: https://people.debian.org/~hmh/invokerc.d-policyrc.d-specification.txt
const policyFile = "/usr/sbin/policy-rc.d";
const policy = "#!/bin/sh\n# No service is to be started by an installation.\nexit 101\n";

/**
 * Installs packages of Debian, several with a space between them, where we may. A service that comes with them is not
 * started.
 *
 * @returns why they could not be had; `undefined` if they were installed
 */
export async function installDebianPackages(
  name: string,
  packages: string,
  context: SourceContext,
): Promise<string | undefined> {
  const apt = await findExecutable("apt-get", context.environment);
  if (apt === undefined) return "there is no apt-get";
  if (process.getuid?.() !== 0) return `needs root; sudo apt-get install ${packages} does the same`;
  const keeper = await context.keeper();
  await mkdir(context.cacheDirectory, { recursive: true });
  return await withBuildLock(join(context.cacheDirectory, "build.lock"), context.say, async () => {
    const run = async (...step: readonly string[]): Promise<string | undefined> => {
      const problem = await runLongCommand(keeper, context.say, {
        title: `installing ${name}: apt-get ${step.join(" ")}`,
        command: {
          command: apt,
          arguments: ["-q", "-o", "DPkg::Lock::Timeout=120", ...step],
          environment: { DEBIAN_FRONTEND: "noninteractive" },
          atEnd: "finish",
        },
      });
      return problem === undefined ? undefined : `apt-get ${step.join(" ")} ${problem}`;
    };
    const problems = await withoutStartingServices(keeper, async () => [
      // One broken repository among many fails this, and need not keep the next step from succeeding.
      await run("update"),
      await run("install", "-y", "--no-install-recommends", ...packages.split(" ")),
    ]);
    return problems.at(-1) === undefined ? undefined : problems.filter(Boolean).join("\n");
  });
}

async function withoutStartingServices<Result>(keeper: ServerKeeper, install: () => Promise<Result>): Promise<Result> {
  // One that is there already, as in most container images, is somebody else's decision.
  if (await isExecutable(policyFile)) return await install();
  keeper.removeAtEnd(policyFile);
  await writeFile(policyFile, policy, { mode: 0o755 });
  try {
    return await install();
  } finally {
    await rm(policyFile, { force: true });
    keeper.keepAtEnd(policyFile);
  }
}
