// Takes things one by one and hands them on together: the first at once, those that follow closely when a while has passed.

export interface Gathered<T> {
  take: (one: T) => void;
  /** Hands on nothing more. */
  stop: () => void;
}

export function gathered<T>(handOn: (several: readonly T[]) => void, everyMs: number): Gathered<T> {
  let held: T[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const pass = () => {
    timer = undefined;
    if (held.length === 0) return;
    const several = held;
    held = [];
    timer = setTimeout(pass, everyMs);
    handOn(several);
  };
  return {
    take(one) {
      held.push(one);
      if (timer === undefined) pass();
    },
    stop() {
      clearTimeout(timer);
      held = [];
    },
  };
}
