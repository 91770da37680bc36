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
  const [address, query] = splitOnce(text, "?");
  const options = query?.split("&").map((option) => {
    const [name, value] = splitOnce(option, "=");
    return value !== undefined && secretName.test(name) ? `${name}=***` : option;
  });
  // A password may hold an unescaped slash or another at sign, so all that stands before the last one goes.
  const shown = address.replace(/^([a-z][a-z0-9+.-]*:(?:\/\/)?)?[^]*@/iu, "$1***@");
  return options === undefined ? shown : `${shown}?${options.join("&")}`;
}

/** Free text with the user and password of every URL in it masked. */
export function redactCredentials(text: string): string {
  return text.replace(/([a-z][a-z0-9+.-]*:\/\/)[^\s/@]+@/giu, "$1***@");
}

function splitOnce(text: string, separator: string): readonly [string, string?] {
  const at = text.indexOf(separator);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
}
