/** A number that changes over training: a pure function of progress t in [0, 1), with a label for figures and `run.json`. */
export interface Schedule {
  (t: number): number;
  readonly label: string;
}

/** Makes a schedule from its formula. */
export const schedule = (label: string, formula: (t: number) => number): Schedule =>
  Object.assign((t: number) => formula(t), { label });
