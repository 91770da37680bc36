import { SimpleChatModel } from "@langchain/core/language_models/chat_models";
import type { BaseMessage } from "@langchain/core/messages";
import { HumanMessage } from "@langchain/core/messages";
import { END, MessagesAnnotation, START, StateGraph, interrupt } from "@langchain/langgraph";
import type { BaseCheckpointSaver } from "@langchain/langgraph-checkpoint";

/** A model that always says the same to the same. */
class StubModel extends SimpleChatModel {
  override async _call(messages: BaseMessage[]): Promise<string> {
    return `thought about ${messages.length} messages: ${messages.at(-1)?.text}`;
  }

  override _llmType(): string {
    return "stub";
  }
}

/** The questions of {@link interviewGraph}, in their order. */
export const questions: readonly string[] = ["name?", "budget?", "deadline?"];

const ask = (question: string) => () => ({ messages: [new HumanMessage(interrupt<string, string>(question))] });

/** An agent that thinks and asks by turns, three times. */
// oxlint-disable-next-line typescript/explicit-module-boundary-types
export function interviewGraph(checkpointer: BaseCheckpointSaver) {
  const model = new StubModel({});
  const think = async ({ messages }: typeof MessagesAnnotation.State) => ({ messages: [await model.invoke(messages)] });
  const [first = "", second = "", third = ""] = questions;
  return new StateGraph(MessagesAnnotation)
    .addNode("think1", think)
    .addNode("ask1", ask(first))
    .addNode("think2", think)
    .addNode("ask2", ask(second))
    .addNode("think3", think)
    .addNode("ask3", ask(third))
    .addNode("conclude", think)
    .addEdge(START, "think1")
    .addEdge("think1", "ask1")
    .addEdge("ask1", "think2")
    .addEdge("think2", "ask2")
    .addEdge("ask2", "think3")
    .addEdge("think3", "ask3")
    .addEdge("ask3", "conclude")
    .addEdge("conclude", END)
    .compile({ checkpointer });
}
