import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { readDemoOptions } from "./demo-options.ts";
import { tellHolds } from "./hold-story.ts";
import { tellMessages } from "./message-story.ts";

try {
  const options = await readDemoOptions(process.argv.slice(2));
  if (options !== undefined) {
    await withOwnDirectory(async (directory) => {
      if (options.story === "holds") await tellHolds(options.store, directory);
      else await tellMessages(options, directory);
    });
  }
} catch (error) {
  console.error(`The demo stopped: ${(error as Error).message}`);
  process.exitCode = 1;
}

async function withOwnDirectory(work: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "holdpoint-demo-"));
  try {
    await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
