/** What came back from Cloud Storage. */
export interface GcsAnswer {
  readonly status: number;
  readonly body: Uint8Array;
  /** The value of a header by its name in lower case. */
  header(name: string): string | undefined;
}
