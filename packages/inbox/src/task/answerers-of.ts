import type { SentAnswer } from "@holdpoint/asya/gateway";
import type { Person } from "@holdpoint/core/holds";
import { isSamePerson } from "@holdpoint/core/holds";

/** Whoever may have answered, each once. Those that gave the same answer cannot be told apart: one of them was first. */
export function answerersOf(answers: readonly SentAnswer[]): readonly Person[] {
  return answers.flatMap(({ by }, index) =>
    answers.findIndex((other) => isSamePerson(other.by, by)) === index ? [by] : [],
  );
}
