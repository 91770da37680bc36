import { serveActor } from "@holdpoint/actors";

void serveActor(async ({ payload, route }, { log, signal }) => {
  const { text } = payload as { text: string };
  log.info("summarizing", { characters: text.length });
  signal.throwIfAborted();
  const summary = text.split(".", 1)[0];
  // A person signs off before whatever comes next.
  return { payload: { summary }, next: ["x-pause", ...route.next] };
});
