/** Lets work begin while what all of it needs together stays within a budget; what needs more than that goes alone. */
export interface Gate {
  run<T>(cost: number, work: () => Promise<T>): Promise<T>;
}

export const gate = (budget: number): Gate => {
  let used = 0;
  const waiting: { cost: number; go: () => void }[] = [];
  const next = (): void => {
    for (let first = waiting[0]; first !== undefined; first = waiting[0]) {
      if (used > 0 && used + first.cost > budget) return;
      waiting.shift();
      used += first.cost;
      first.go();
    }
  };
  return {
    run: async (cost, work) => {
      await new Promise<void>((go) => {
        waiting.push({ cost, go });
        next();
      });
      try {
        return await work();
      } finally {
        used -= cost;
        next();
      }
    },
  };
};
