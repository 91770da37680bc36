import { Annotation, END, INTERRUPT, START, StateGraph, interrupt } from "@langchain/langgraph";
import type { BaseCheckpointSaver } from "@langchain/langgraph-checkpoint";

const RefundState = Annotation.Root({
  amount: Annotation<number>,
  answer: Annotation<string>,
  log: Annotation<string[]>({ reducer: (before, added) => [...before, ...added], default: () => [] }),
});

/** What the nodes of {@link refundGraph} do to the world. */
export interface RefundEffects {
  readonly pay: (answer: string) => unknown;
  readonly notify: (answer: string) => unknown;
}

/** Asks a person, pays, and tells somebody: each in a node of its own. */
// oxlint-disable-next-line typescript/explicit-module-boundary-types
export function refundGraph(checkpointer: BaseCheckpointSaver, effects: RefundEffects) {
  return new StateGraph(RefundState)
    .addNode("ask", ({ amount }) => ({ answer: interrupt<string, string>(`Refund ${amount}?`), log: ["asked"] }))
    .addNode("pay", async ({ answer }) => {
      await effects.pay(answer);
      return { log: [`paid: ${answer}`] };
    })
    .addNode("notify", async ({ answer }) => {
      await effects.notify(answer);
      return { log: ["notified"] };
    })
    .addEdge(START, "ask")
    .addEdge("ask", "pay")
    .addEdge("pay", "notify")
    .addEdge("notify", END)
    .compile({ checkpointer });
}

/** Effects that do nothing. */
export const noEffects: RefundEffects = { pay: () => undefined, notify: () => undefined };

const LogState = Annotation.Root({
  log: Annotation<string[]>({ reducer: (before, added) => [...before, ...added], default: () => [] }),
});

/** A graph in which a graph asks twice, in one node after the other. */
// oxlint-disable-next-line typescript/explicit-module-boundary-types
export function nestedGraph(checkpointer: BaseCheckpointSaver) {
  const inner = new StateGraph(
    Annotation.Root({
      said: Annotation<string[]>({ reducer: (before, added) => [...before, ...added], default: () => [] }),
    }),
  )
    .addNode("first", () => ({ said: [`first: ${interrupt<string, string>("first?")}`] }))
    .addNode("second", () => ({ said: [`second: ${interrupt<string, string>("second?")}`] }))
    .addEdge(START, "first")
    .addEdge("first", "second")
    .compile();
  return new StateGraph(LogState)
    .addNode("inner", async () => ({ log: (await inner.invoke({ said: [] })).said }))
    .addNode("outer", () => ({ log: ["outer: done"] }))
    .addEdge(START, "inner")
    .addEdge("inner", "outer")
    .compile({ checkpointer });
}

const ask = (name: string) => () => ({ log: [`${name}: ${interrupt<string, string>(`${name}?`)}`] });

/** Asks three questions at once. */
// oxlint-disable-next-line typescript/explicit-module-boundary-types
export function parallelGraph(checkpointer: BaseCheckpointSaver) {
  return new StateGraph(LogState)
    .addNode("a", ask("a"))
    .addNode("b", ask("b"))
    .addNode("c", ask("c"))
    .addEdge(START, "a")
    .addEdge(START, "b")
    .addEdge(START, "c")
    .compile({ checkpointer });
}

/** What a run has asked when it ended, if it asks: LangGraph puts it beside the state. */
export function askedBy(result: object): readonly { readonly id: string; readonly value: string }[] {
  const asked: unknown = Reflect.get(result, INTERRUPT);
  return Array.isArray(asked) ? asked : [];
}
