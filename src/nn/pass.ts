/** Values of this epoch's schedules by name: `mixing`, `dropPath`, `temperature`. */
export type Knobs = Readonly<Record<string, number>>;

/** One pass of images through a network. */
export interface Pass {
  /** Whether batch norms use the batch's statistics and drop-path drops. */
  readonly training: boolean;
  readonly knobs: Knobs;
}

/** The pass of a test: running statistics, nothing dropped. */
export const testing: Pass = { training: false, knobs: {} };
