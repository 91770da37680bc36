/** What a stream has said so far, and its end. */
export function followStream(response: Response): { readonly said: () => string; readonly ended: Promise<void> } {
  let text = "";
  const read = async (): Promise<void> => {
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) text += decoder.decode(chunk as Uint8Array, { stream: true });
  };
  return { said: () => text, ended: read().catch(() => undefined) };
}
