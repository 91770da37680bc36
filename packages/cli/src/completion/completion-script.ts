import type { CommandUnknownOpts, Option } from "@commander-js/extra-typings";

/** What a shell offers where a value is expected: some words, the name of a file or of a directory, or nothing. */
interface Values {
  readonly words?: readonly string[] | undefined;
  readonly paths?: "files" | "directories" | undefined;
}

/** One way to write an option. */
interface Flag {
  readonly flag: string;
  readonly description: string;
  /** `undefined` if the option takes no value. */
  readonly values: Values | undefined;
}

/** One command as a shell needs to know it. */
interface Completable {
  readonly name: string;
  readonly summary: string;
  readonly flags: readonly Flag[];
  readonly arguments: readonly Values[];
}

/** A script for a shell, which asks nothing of this program when it completes. */
export function completionScript(program: CommandUnknownOpts, shell: "bash" | "zsh" | "fish"): string {
  const commands = program.commands.map(completable);
  return { bash: bashScript, zsh: zshScript, fish: fishScript }[shell](program.name(), commands);
}

function completable(command: CommandUnknownOpts): Completable {
  const help = command.createHelp();
  return {
    name: command.name(),
    summary: command.summary(),
    flags: help.visibleOptions(command).flatMap(flagsOf),
    arguments: command.registeredArguments
      .filter(({ variadic }) => !variadic)
      .map(({ argChoices, description }) => ({ words: argChoices, paths: pathsOf("", description) })),
  };
}

function flagsOf(option: Option): readonly Flag[] {
  const paths = pathsOf(option.flags, option.description);
  const values = option.required ? { words: option.argChoices, paths } : undefined;
  // The long way first; commander's type does not say that either may be missing.
  return [option.long, option.short]
    .filter((flag) => typeof flag === "string")
    .map((flag) => ({ flag, description: option.description, values }));
}

/** A store may be a directory, which its description says. */
function pathsOf(flags: string, description: string): Values["paths"] {
  if (/<file>/u.test(flags)) return "files";
  return /\ba directory\b/u.test(description) ? "directories" : undefined;
}

function bashScript(name: string, commands: readonly Completable[]): string {
  const values = commands.flatMap((command) =>
    command.flags.flatMap(({ flag, values: offered }) => {
      if (offered === undefined) return [];
      const reply = offered.paths
        ? `compgen ${offered.paths === "files" ? "-f" : "-d"} -- "$word"`
        : `compgen -W "${offered.words?.join(" ") ?? ""}" -- "$word"`;
      return [`    "${command.name} ${flag}") mapfile -t COMPREPLY < <(${reply}); return ;;`];
    }),
  );
  const words = commands.map(({ name: command, flags, arguments: operands }) => {
    const offered = [...operands.flatMap((each) => each.words ?? []), ...flags.map(({ flag }) => flag)];
    const directories = operands.some(({ paths }) => paths === "directories") ? " directories=1" : "";
    return `    ${command}) words="${offered.join(" ")}"${directories} ;;`;
  });
  return `# bash completion of ${name}
_${name}() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" command="\${COMP_WORDS[1]}" words="" directories=""
  COMPREPLY=()
  if (( COMP_CWORD == 1 )); then
    mapfile -t COMPREPLY < <(compgen -W "${commands.map((each) => each.name).join(" ")} --help" -- "$word")
    return
  fi
  # What stands after -- is another program's.
  if [[ " \${COMP_WORDS[*]:0:COMP_CWORD} " == *" -- "* ]]; then
    mapfile -t COMPREPLY < <(compgen -f -- "$word")
    return
  fi
  case "$command $before" in
${values.join("\n")}
  esac
  case "$command" in
${words.join("\n")}
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word"; [[ -z $directories ]] || compgen -d -- "$word")
}
complete -o filenames -F _${name} ${name}
`;
}

function zshScript(name: string, commands: readonly Completable[]): string {
  const cases = commands.map((command) => {
    const flags = command.flags.map(({ flag, description, values }) => {
      const action = values === undefined ? "" : `:value:${zshValues(values)}`;
      // The star: it may be given again.
      return quote(`*${flag}[${description.replaceAll(/[[\]:\\]/gu, String.raw`\$&`)}]${action}`);
    });
    const rest = [
      ...command.arguments.map((values, index) => quote(`${index + 1}:argument:${zshValues(values)}`)),
      quote("*::command:_normal"),
    ];
    return `    ${command.name}) _arguments ${[...flags, ...rest].join(" ")} ;;`;
  });
  const names = commands.map(({ name: command, summary }) =>
    quote(`${command}:${summary.replaceAll(":", String.raw`\:`)}`),
  );
  return `#compdef ${name}
_${name}() {
  if (( CURRENT == 2 )); then
    local -a commands=(${names.join(" ")})
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${cases.join("\n")}
  esac
}
# Loaded by compinit from a file of its own, it is called; sourced, it makes itself known.
if [[ $funcstack[1] == _${name} ]]; then _${name} "$@"; else compdef _${name} ${name}; fi
`;
}

function zshValues({ words, paths }: Values): string {
  if (paths !== undefined) return paths === "files" ? "_files" : "_files -/";
  return words === undefined ? " " : `(${words.join(" ")})`;
}

function fishScript(name: string, commands: readonly Completable[]): string {
  const lines = commands.flatMap(({ name: command, summary, flags, arguments: operands }) => {
    const within = `complete -c ${name} -n ${quote(`__fish_seen_subcommand_from ${command}`)}`;
    return [
      `complete -c ${name} -n __fish_use_subcommand -a ${command} -d ${quote(summary)}`,
      ...flags.map(({ flag, description, values }) => {
        const option = flag.startsWith("--") ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`;
        const offered =
          values === undefined ? "" : ` -r${values.paths === "files" ? " -F" : ` -f${fishWords(values)}`}`;
        return `${within} ${option}${offered} -d ${quote(description)}`;
      }),
      ...new Set(
        operands
          .map(fishWords)
          .filter((words) => words !== "")
          .map((words) => `${within}${words}`),
      ),
    ];
  });
  // What stands after -- is another program's.
  const afterDashes = `complete -c ${name} -n ${quote("contains -- -- (commandline -opc)")} -F`;
  return `# fish completion of ${name}\ncomplete -c ${name} -f\n${afterDashes}\n${lines.join("\n")}\n`;
}

function fishWords({ words, paths }: Values): string {
  if (paths === "directories") return ` -a ${quote("(__fish_complete_directories)")}`;
  return words === undefined ? "" : ` -a ${quote(words.join(" "))}`;
}

/** In single quotes, as all three shells understand it. */
function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
