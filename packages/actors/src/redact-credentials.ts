const secretName = /(?:pass|secret|token|credential|signature|key)/iu;

/**
 * A store's URL as it may be shown: without user, password and the values of options whose name suggests a secret.
 * Works on the text, since what cannot be parsed must not show a password either.
 *
 * @example
 * ```ts
 * redactStoreUrl("redis://user:secret@host/0"); // "redis://***@host/0"
 * ```
 */
export function redactStoreUrl(text: string): string {
  // A password may hold a slash, a question mark, a hash or another at sign that nobody escaped, so all that stands
  // before the last at sign goes.
  const withoutUser = text.replace(/^([a-z][a-z0-9+.-]*:(?:\/\/)?)?[^]*@/iu, "$1***@");
  const isUrl = /^[a-z][a-z0-9+.-]*:/iu.test(text);
  // No store's URL has a fragment, so what looks like one is part of something that should have been escaped.
  const withoutFragment = isUrl ? withoutUser.replace(/#[^]*$/u, "#***") : withoutUser;
  const [address = "", ...options] = withoutFragment.split(/(?=[?&])/u);
  return address + options.map((option) => redactOption(option, isUrl)).join("");
}

function redactOption(option: string, isUrl: boolean): string {
  const [, mark = "", name = "", value] = /^([?&])([^=]*)(=[^]*)?$/u.exec(option) ?? [];
  if (value !== undefined && secretName.test(name)) return `${mark}${name}=***`;
  const isOption = value !== undefined && /^[a-z]\w*$/iu.test(name);
  return isOption || !isUrl || option === mark ? option : `${mark}***`;
}

/** Free text with the user and password of every URL in it masked. */
export function redactCredentials(text: string): string {
  return text.replace(/([a-z][a-z0-9+.-]*:\/\/)[^\s"'<>]+@/giu, "$1***@");
}
