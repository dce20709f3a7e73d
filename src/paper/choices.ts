/** Something that the paper leaves open, and how it is settled here. */
export interface Choice {
  readonly what: string;
  readonly choice: string;
  readonly why: string;
  /** What the sensitivity study tries instead: options of a search, and the rows whose claims depend on them most. */
  readonly varied: readonly Variation[];
}

interface Variation {
  readonly change: Readonly<Record<string, string | number>>;
  readonly recipes: readonly string[];
}

const BILATERAL = ['darts-bbn', 'hls'];
const ALL = ['darts', ...BILATERAL];

/** By what is open: the choice, why, and its variations. Without eq 17 HLS is DARTS + BBN: that is none of them. */
const CHOICES: Readonly<Record<string, readonly [choice: string, why: string, varied?: readonly Variation[]]>> = {
  'The factor on the backbone’s architecture learning rate (eq 17)': [
    's(m) = exp(1 − 1/m), s(0) = 0',
    'The one form without coefficients that is “negative exponential”, nearly 1 at first, below m, and 0 before m.',
    ['sqrt', 'squared', 'saturating'].map((freeze) => ({ change: { freeze }, recipes: ['hls'] })),
  ],
  'The steepness k of the reverse sigmoid (eq 18)': [
    'm(t) = 1 / (1 + exp(k (t − ½))) with k = 15',
    'The paper gives the shape only: a long soak and a rapid switch, which needs k of 10 or more.',
    [10, 20].map((k) => ({ change: { mixing: `reverseSigmoid(${k})` }, recipes: ['hls-reverse-sigmoid'] })),
  ],
  'The rule that moves alpha': [
    'Adam as in DARTS (betas 0.5 and 0.999); SGD is an option',
    'The paper gives a rate, not a rule. Adam cancels most of the scaling of the heads’ gradients, but not eq 17.',
    [{ change: { archOptimizer: 'sgd' }, recipes: ALL }],
  ],
  'The order of the architecture’s gradient (eq 9)': [
    'First order; second order is an option',
    'Not stated. First order is what the field uses at this cost.',
    [{ change: { order: 2 }, recipes: ALL }],
  ],
  'How many epochs': ['50 at the paper’s scale', 'Not stated; 50 is DARTS’ own number.'],
  'Where the cosine of the weights’ learning rate ends': [
    '0.001',
    'The paper gives the start, 0.02. The end is DARTS’.',
  ],
  'Batch-norm statistics of the two batches': [
    'Joint: one concatenated batch goes through the backbone; statistics per branch are an option',
    'The paper says “batch 128, effectively 256”. Two passes would have other statistics.',
    [{ change: { bnScope: 'perBranch' }, recipes: BILATERAL }],
  ],
  'A factor on the mixed logits (eq 10)': [
    'None: z = m z_I + (1 − m) z_C; a factor is an option',
    'The public code of BBN has a factor of 2, for one shared linear layer: a different method.',
    [{ change: { logitScale: 2 }, recipes: BILATERAL }],
  ],
  'What is scored': [
    'The whole supernet on the test split (balanced for CIFAR-10)',
    'Not stated. The validation split is as long-tailed as training: on the paper’s data 40 % of it is one class.',
  ],
  'How the test-time mixing is chosen': [
    'By mean per-class accuracy on the validation split',
    'The paper takes the best on the split that it scores, which is optimistic. That figure is given beside ours.',
  ],
  'How training continues after the search': [
    'Each phase starts its schedules anew; weights, alpha and both optimizers continue as they are',
    'The paper shows the result of a second phase and not how it begins.',
  ],
  'Which continued training is the row of the table': [
    'The one at a mixing of 0.5',
    'The paper draws four continuations in a figure and has one in the table, without saying which.',
  ],
};

/** What the paper (arXiv 2406.07028) does not say and every result here depends on, with the paper's equations. */
export const choices: readonly Choice[] = Object.entries(CHOICES).map(([what, [choice, why, varied = []]]) => ({
  what,
  choice,
  why,
  varied,
}));
