/** Values of this epoch's schedules by name: mixing, dropPath, temperature … */
export type Knobs = Readonly<Record<string, number>>;

/** How a network is run: in training or not, and with which values of the schedules. */
export interface Pass {
  readonly training: boolean;
  readonly knobs: Knobs;
}

export const testing: Pass = { training: false, knobs: {} };
