import type { Route } from "./envelope.ts";

/** Where a paused message goes when it is resumed. */
export const resumeActor = "x-resume";

/** The route of a message as it is kept: x-resume stands first among the actors that follow, once. */
export function storedRoute({ prev, curr, next }: Route): Route {
  return { prev, curr, next: next[0] === resumeActor ? next : [resumeActor, ...next] };
}

/**
 * The actors that a restored message goes to. x-resume stands first in the stored route, or, where the route was
 * shifted before it was stored, is the current actor.
 */
export function restoredNext(route: Route): readonly string[] {
  return route.curr !== resumeActor && route.next[0] === resumeActor ? route.next.slice(1) : route.next;
}

/** The route of a message before it was kept, as far as that can be told. */
export function originalRoute(route: Route): Route {
  return route.curr === resumeActor
    ? { prev: route.prev.slice(0, -1), curr: route.prev.at(-1) ?? "", next: route.next }
    : { ...route, next: restoredNext(route) };
}

/** Whether the actors that a message has been through show that it was resumed before. */
export function wasResumed({ prev }: Route): boolean {
  return prev.includes(resumeActor);
}
