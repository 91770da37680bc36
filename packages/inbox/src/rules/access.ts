import type { HoldDetails, Person, StoredDecision } from "@holdpoint/core/holds";
import { isSamePerson } from "@holdpoint/core/holds";

import type { Viewer } from "../viewer.ts";
import type { AccessRules, LabelRule } from "./access-rules.ts";

/** What the rules say of one viewer and one item. */
export class Access {
  readonly #rules: AccessRules | undefined;
  readonly #askersMayApprove: boolean;

  /** @param rules none let everybody who is logged in see and answer everything */
  constructor(rules: AccessRules | undefined, askersMayApprove: boolean) {
    this.#rules = rules;
    this.#askersMayApprove = askersMayApprove;
  }

  /** Whether there are rules at all. */
  get hasRules(): boolean {
    return this.#rules !== undefined;
  }

  /** Whether somebody may see what is kept under an id. */
  maySee(viewer: Pick<Viewer, "groups" | "link">, item: Labelled): boolean {
    if (viewer.link !== undefined) return item.kind === "hold" && viewer.link.id === item.id;
    return this.#isLet(viewer, item, ({ see = [], answer = [] }) => [...see, ...answer]);
  }

  /** Whether somebody may answer it, the question itself apart. */
  mayAnswer(viewer: Viewer, item: Labelled): boolean {
    if (viewer.link !== undefined) return this.maySee(viewer, item) && viewer.link.right === "answer";
    return this.#isLet(viewer, item, ({ answer = [] }) => answer);
  }

  /**
   * Whether somebody may take a decision; `undefined` stands for a value, which always lets act. Whoever asked, or had
   * somebody else ask, may not approve.
   */
  mayDecide(person: Person, { openedBy, openedVia }: Asked, decision: StoredDecision | undefined): boolean {
    const isAsker = [openedBy, openedVia].some((asker) => asker !== undefined && isSamePerson(asker, person));
    return this.#askersMayApprove || !isAsker || decision?.approving === false;
  }

  #isLet(
    { groups }: Pick<Viewer, "groups">,
    { labels }: Labelled,
    groupsOf: (rule: LabelRule) => readonly string[],
  ): boolean {
    const rules = this.#rules;
    if (rules === undefined || rules.administrators.some((group) => groups.includes(group))) return true;
    const named = Object.entries(labels).flatMap(([name, value]) => {
      const rule = ownRule(rules, `${name}=${value}`) ?? ownRule(rules, `${name}=*`);
      return rule === undefined ? [] : [rule];
    });
    return named.length > 0 && named.every((rule) => groupsOf(rule).some((group) => groups.includes(group)));
  }
}

/** Who asked. */
type Asked = Pick<HoldDetails, "openedBy" | "openedVia">;

/** What a rule may look at. */
export interface Labelled {
  readonly kind: "hold" | "task";
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** A hold as the rules look at it. */
export function labelledHold({ id, labels }: HoldDetails): Labelled {
  return { kind: "hold", id, labels };
}

function ownRule({ labels }: AccessRules, label: string): LabelRule | undefined {
  return Object.hasOwn(labels, label) ? labels[label] : undefined;
}
