/** The URL of a namespace of the conformance suite: a prefix within one bucket. */
export function conformanceUrl(server: string, namespace: string): string {
  return `${server}/conformance?prefix=${namespace}/`;
}
