/** The values of this epoch's schedules by name: mixing, dropPath, temperature, … */
export type Knobs = Readonly<Record<string, number>>;

/** How a network is run: in training, batch norms use the batch's statistics, and paths are dropped. */
export interface Pass {
  readonly training: boolean;
  readonly knobs: Knobs;
}

/** The pass of a network that is validated, tested or deployed. */
export const testing: Pass = { training: false, knobs: {} };
