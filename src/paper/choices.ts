/** Something that the paper leaves open, and how it is settled here. */
export interface Choice {
  readonly what: string;
  readonly choice: string;
  readonly why: string;
  /**
   * What the sensitivity study tries instead, as options of a search, in the rows whose claims depend on it most.
   * All rows would take twice as long. Without eq 17 HLS is DARTS + BBN, so that is not among them.
   */
  readonly varied?: readonly {
    readonly change: Readonly<Record<string, string | number>>;
    readonly recipes: readonly string[];
  }[];
}

const BILATERAL = ['darts-bbn', 'hls'];

/** What the paper (arXiv 2406.07028) does not say and every result here depends on; equation numbers are the paper's. */
export const choices: readonly Choice[] = [
  {
    what: 'The factor on the backbone’s architecture learning rate (eq 17)',
    choice: 's(m) = exp(1 − 1/m), s(0) = 0',
    why: 'The only form without coefficients that is “negative exponential”, nearly 1 at first, below m, and 0 before m.',
    varied: ['sqrt', 'squared', 'saturating'].map((freeze) => ({ change: { freeze }, recipes: ['hls'] })),
  },
  {
    what: 'The steepness k of the reverse sigmoid (eq 18)',
    choice: 'm(t) = 1 / (1 + exp(k (t − ½))) with k = 15',
    why: 'The paper gives the shape only: a long soak and a rapid switch, which needs k of 10 or more.',
    varied: [10, 20].map((k) => ({ change: { mixing: `reverseSigmoid(${k})` }, recipes: ['hls-reverse-sigmoid'] })),
  },
  {
    what: 'The rule that moves alpha',
    choice: 'Adam as in DARTS (betas 0.5 and 0.999); SGD is an option',
    why: 'The paper gives a rate, not a rule. Adam cancels most of the scaling of the heads’ gradients, but not eq 17.',
    varied: [{ change: { archOptimizer: 'sgd' }, recipes: ['darts', ...BILATERAL] }],
  },
  {
    what: 'The order of the architecture’s gradient (eq 9)',
    choice: 'First order; second order is an option',
    why: 'Not stated. First order is what the field uses at this cost.',
    varied: [{ change: { order: 2 }, recipes: ['darts', ...BILATERAL] }],
  },
  {
    what: 'How many epochs',
    choice: '50 at the paper’s scale',
    why: 'Not stated; 50 is DARTS’ own number.',
  },
  {
    what: 'Where the cosine of the weights’ learning rate ends',
    choice: '0.001',
    why: 'The paper gives the start, 0.02. The end is DARTS’.',
  },
  {
    what: 'Batch-norm statistics of the two batches',
    choice: 'Joint: one concatenated batch goes through the backbone; statistics per branch are an option',
    why: 'The paper says “batch 128, effectively 256”. Two passes would have other statistics.',
    varied: [{ change: { bnScope: 'perBranch' }, recipes: BILATERAL }],
  },
  {
    what: 'A factor on the mixed logits (eq 10)',
    choice: 'None: z = m z_I + (1 − m) z_C; a factor is an option',
    why: 'The public code of BBN has a factor of 2, for one shared linear layer: a different method.',
    varied: [{ change: { logitScale: 2 }, recipes: BILATERAL }],
  },
  {
    what: 'What is scored',
    choice: 'The whole supernet on the test split (balanced for CIFAR-10)',
    why: 'Not stated. The validation split is as long-tailed as training: on the paper’s data 40 % of it is one class.',
  },
  {
    what: 'How the test-time mixing is chosen',
    choice: 'By mean per-class accuracy on the validation split',
    why: 'The paper takes the best on the split that it scores, which is optimistic. That figure is given beside ours.',
  },
  {
    what: 'How training continues after the search',
    choice: 'Each phase starts its schedules anew; weights, alpha and both optimizers continue as they are',
    why: 'The paper shows the result of a second phase and not how it begins.',
  },
  {
    what: 'Which continued training is the row of the table',
    choice: 'The one at a mixing of 0.5',
    why: 'The paper draws four continuations in a figure and has one in the table, without saying which.',
  },
];
