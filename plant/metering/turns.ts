/** Acts that follow one another. */

/** One at a time; a failed one stops none. When more than `most` wait, the one that waits longest gives way to the newest, and `instead` answers for it. */
export function turns(
  pause?: () => Promise<unknown>,
  most = Number.POSITIVE_INFINITY,
): { inTurn<T>(act: () => T | Promise<T>, instead?: () => T): Promise<T> } {
  const waiting: { go(): Promise<void>; giveWay(): void }[] = [];
  let busy = false;
  const work = async (): Promise<void> => {
    if (busy) return;
    busy = true;
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      await pause?.();
      await next.go();
    }
    busy = false;
  };
  return {
    inTurn: <T>(act: () => T | Promise<T>, instead?: () => T) =>
      new Promise<T>((resolve, reject) => {
        const go = async (): Promise<void> => {
          try {
            resolve(await act());
          } catch (cause) {
            reject(cause);
          }
        };
        const giveWay = (): void => (instead ? resolve(instead()) : reject(new Error('it gave way to newer ones')));
        waiting.push({ go, giveWay });
        if (busy && waiting.length > most) waiting.shift()?.giveWay();
        void work();
      }),
  };
}
