import type { LogEntry } from "@holdpoint/core/holds";

import { exactTimeTag } from "./describe-time.ts";
import type { Html } from "./html.ts";
import { html, nothing } from "./html.ts";
import { personTag } from "./person-tag.ts";

const doings: Readonly<Record<LogEntry["did"], string>> = {
  opened: "asked",
  voted: "voted",
  answered: "answered",
  claimed: "began to act",
  finished: "acted",
  freed: "gave up without effect",
  doubted: "came into doubt",
  settled: "said what happened",
  canceled: "canceled",
  expired: "applied the expiry",
  pruned: "took the content away",
};

/** Who did what and when, folded: few need it. */
export function logSection(log: readonly LogEntry[], logCut: number): Html {
  return html`<details class="log">
    <summary>Log</summary>
    ${logCut === 0 ? nothing : html`<p class="hint">${logCut} older entries are not kept.</p>`}
    <ol>
      ${log.map(({ at, did, by, via }) => html`<li>${exactTimeTag(new Date(at))} <span>${personTag(by, via)} ${doings[did]}</span></li>`)}
    </ol>
  </details>`;
}
