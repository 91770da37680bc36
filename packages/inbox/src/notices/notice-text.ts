import type { Person } from "@holdpoint/core/holds";

import { describeAge } from "../show/describe-time.ts";
import { beginningOf, visibleText } from "../show/visible-text.ts";
import type { Notice } from "./notice-target.ts";

/** What a notice says, in plain texts of one line each. What an asker wrote is in `message` and `facts`. */
export interface NoticeText {
  /** What has happened. */
  readonly headline: string;
  /** What was asked. */
  readonly message: string;
  /** Who asked, by when, with which labels. */
  readonly facts: readonly string[];
}

const maxMessageCharacters = 500;
const maxFactCharacters = 100;
const maxLabels = 10;

/** A notice in words. */
export function noticeText({ kind, subject, at }: Notice): NoticeText {
  const { id, message, askedBy, askedVia, expiresAt, labels, outcome, decidedBy, decidedVia } = subject;
  const ends = expiresAt === undefined || !subject.isWaiting ? undefined : describeAge(expiresAt, at);
  const by = decidedBy === undefined ? "" : ` by ${nameOf(decidedBy, decidedVia)}`;
  const headlines = {
    opened: "A question waits for an answer",
    expiring: `A question expires ${ends ?? "soon"}`,
    decided: `${oneLine(outcome ?? "Decided", maxFactCharacters)}${by}`,
  };
  return {
    headline: headlines[kind],
    message: oneLine(message ?? id, maxMessageCharacters),
    facts: [
      ...(askedBy === undefined ? [] : [`asked by ${nameOf(askedBy, askedVia)}`]),
      ...(ends === undefined ? [] : [`expires ${ends}`]),
      ...Object.entries(labels)
        .slice(0, maxLabels)
        .map(([name, value]) => oneLine(`${name}=${value}`, maxFactCharacters)),
    ],
  };
}

/**
 * A person by the name that whoever vouches for them gives.
 *
 * @param via who said that it was them, where that is somebody else
 */
function nameOf(person: Person, via?: Person): string {
  const name = oneLine(typeof person === "string" ? person : person.subject, maxFactCharacters);
  return via === undefined ? name : `${name} via ${nameOf(via)}`;
}

/** The beginning of a text, on one line, with everything in it visible. */
function oneLine(text: string, maxCharacters: number): string {
  return beginningOf(visibleText(text).replaceAll(/\s+/gu, " ").trim(), maxCharacters);
}
