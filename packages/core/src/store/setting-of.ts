/**
 * What a variable is set to. One that is empty or blank, as a template without a value leaves it, counts as not set;
 * any other value is taken as it stands.
 *
 * @example
 * ```ts
 * const prefix = options.prefix ?? settingOf(process.env, "STATE_PREFIX");
 * ```
 */
export function settingOf(environment: Readonly<Record<string, string | undefined>>, name: string): string | undefined {
  const text = environment[name];
  return text === undefined || text.trim() === "" ? undefined : text;
}
