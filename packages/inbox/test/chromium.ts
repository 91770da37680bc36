import { testProgram } from "@holdpoint/test-servers";
import type { Browser } from "playwright-core";
import { chromium } from "playwright-core";

/** Where the browser of the tests is; `undefined` where there is none, so that what needs one is skipped. */
export const testChromium: string | undefined = testProgram("chromium");

/** Starts a browser of one's own. */
export async function launchChromium(executablePath = testChromium ?? "chromium"): Promise<Browser> {
  // As root, Chromium runs without a sandbox only. /dev/shm of a container is often too small for it.
  const sandbox = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  return await chromium.launch({ executablePath, args: [...sandbox, "--disable-dev-shm-usage"] });
}
