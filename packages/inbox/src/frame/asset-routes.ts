import type { Hono } from "hono";

import { livePath, liveScript } from "../live/live-script.ts";
import type { Frame } from "./frame.ts";
import { iconText } from "./icon.ts";
import { stylePath, styleText } from "./style.ts";

/** What pages load besides themselves. */
export function assetRoutes(app: Hono<Frame>): void {
  const forever = { "cache-control": "public, max-age=31536000, immutable" };
  app.get(`/${stylePath}`, (context) =>
    context.body(styleText, 200, { ...forever, "content-type": "text/css; charset=utf-8" }),
  );
  app.get(`/${livePath}`, (context) =>
    context.body(liveScript, 200, { ...forever, "content-type": "text/javascript; charset=utf-8" }),
  );
  app.get("/icon.svg", (context) =>
    context.body(iconText, 200, { "cache-control": "public, max-age=86400", "content-type": "image/svg+xml" }),
  );
}
