import type { Comment, CommentTag, DeclarationReflection, SignatureReflection } from "typedoc";
import { ReflectionKind } from "typedoc";

import type { Api } from "./read-api.ts";

/**
 * What the docstrings of the exports lack, a line for each; nothing if they are complete. Every export has a sentence.
 * A function or a class has an example. What can fail says with what, and which codes an error of ours has then. An
 * option that may be left out says what happens then. No link leads nowhere.
 */
export function checkDocstrings({ project, throwing, warnings }: Api): readonly string[] {
  const problems: string[] = [...warnings];
  const complain = (declaration: DeclarationReflection, what: string): void => {
    problems.push(`${declaration.getFriendlyFullName()}: ${what}`);
  };
  const checkFailures = (declaration: DeclarationReflection, shared: Comment | undefined): void => {
    for (const signature of declaration.signatures ?? []) {
      const problem = failureProblem(signature, throwing.has(signature.id), shared);
      if (problem !== undefined) complain(declaration, problem);
    }
  };
  for (const exported of (project.children ?? []).flatMap((module) => module.children ?? [])) {
    // One that is exported again is described where it comes from.
    if (exported.kindOf(ReflectionKind.Reference)) continue;
    const comment = commentOf(exported);
    if (!hasText(comment)) complain(exported, "has no sentence");
    const needsExample = exported.kindOf([ReflectionKind.Function, ReflectionKind.Class]);
    if (needsExample && !has(comment, "@example")) complain(exported, "has no @example");
    checkFailures(exported, undefined);

    const isOptions = /(?:Options|Settings)$/u.test(exported.name);
    for (const member of exported.children ?? []) {
      if (member.inheritedFrom !== undefined) continue;
      if (isOptions && member.flags.isOptional && !has(commentOf(member), "@default")) {
        complain(member, "has no @default");
      }
      if (member.kindOf(ReflectionKind.Method)) checkFailures(member, comment);
    }
  }
  return problems;
}

/** @param shared what is said of all methods of the interface or class */
function failureProblem(
  { comment, type }: SignatureReflection,
  throws: boolean,
  shared: Comment | undefined,
): string | undefined {
  const tags = comment?.getTags("@throws") ?? [];
  if (tags.some(isVague)) return "has a @throws without codes";
  const canFail = throws || /^(?:Promise|AsyncIterable)\b/u.test(type?.toString() ?? "");
  return canFail && tags.length === 0 && !has(shared, "@throws") ? "has no @throws" : undefined;
}

function isVague({ typeAnnotation = "", content }: CommentTag): boolean {
  const text = content.map((part) => part.text).join("");
  return /^\{(?:Checkpoint|Ledger)Error\}$/u.test(typeAnnotation) && !/`[a-z-]+`|\bwhat\b/u.test(text);
}

/** A function has its docstring at its signature. */
function commentOf(declaration: DeclarationReflection): Comment | undefined {
  return declaration.comment ?? declaration.signatures?.[0]?.comment ?? declaration.getSignature?.comment;
}

function hasText(comment: Comment | undefined): boolean {
  return comment?.summary.some(({ text }) => text.trim() !== "") ?? false;
}

function has(comment: Comment | undefined, tag: `@${string}`): boolean {
  return comment?.getTag(tag) !== undefined;
}
