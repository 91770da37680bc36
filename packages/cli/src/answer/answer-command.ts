import { examples, storeCommand } from "../command.ts";
import type { CommandContext } from "../frame/command-context.ts";
import { collectNameValue } from "../frame/repeated-options.ts";

const description = `Answers a question that was asked by holdpoint ask or by a program. The first answer counts. The same answer of the same person is no error, and any other is refused, with who was first and when.

The answer is checked against the question; one that does not fit changes nothing, and every fault is named. At a terminal, what is not given is asked for, property by property where a schema says so, and again where it does not fit. A task of the mesh is answered by holdpoint resume.`;

/** `holdpoint answer` */
export function answerCommand(context: CommandContext) {
  return storeCommand("answer", "answer a question that was asked")
    .description(description)
    .argument("<id>", "the hold's id")
    .argument("[decision]", "one of the question's decisions")
    .option("-f, --field <name=value>", "one value of the answer (repeatable)", collectNameValue)
    .option("-i, --input <file>", "a JSON file with the whole value; - is standard input")
    .option(
      "-c, --content <file>",
      "with edit: a JSON file with the content in place of the one that was shown; - is standard input",
    )
    .option("--comment <text>", "what you say about it; respond needs it")
    .option("--by <name>", "who answers (default: this user at this host)")
    .option("--issuer <name>", "who vouches for --by, such as https://login.example.com")
    .option("-y, --yes", "ask nothing")
    .addHelpText(
      "after",
      examples(
        ["holdpoint answer refund-42", "be shown the question, and asked"],
        ["holdpoint answer refund-42 approve --by ada", "from a script"],
        ["holdpoint answer region-1 -f region=eu", "a value in place of a decision"],
        ["holdpoint answer -- -odd-id approve", "an id that looks like an option"],
      ),
    )
    .action(async (id, decision, options) => {
      const { runAnswer } = await import("./run-answer.ts");
      await runAnswer(context, id, decision, options);
    });
}
