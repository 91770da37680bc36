/** Works on all elements, with so many at a time. */
export async function runInFlight<Element>(
  elements: readonly Element[],
  inFlight: number,
  work: (element: Element) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    for (;;) {
      const index = next;
      next += 1;
      if (index >= elements.length) return;
      await work(elements[index] as Element);
    }
  };
  await Promise.all(Array.from({ length: Math.min(inFlight, elements.length) }, lane));
}
