import type { SearchOptions } from './search-options.js';

/** An option that must not be combined with another, and why. */
interface Rule {
  readonly broken: (o: SearchOptions) => boolean;
  readonly says: (o: SearchOptions) => string;
}

const on = ({ label }: { readonly label: string }): boolean => label !== 'constant(0)';

const rules: readonly Rule[] = [
  {
    broken: ({ order, relax }) => order === 2 && relax.samples === true,
    says: ({ relax }) =>
      `--order 2 with --relax ${relax.label}: it compares passes, and each would draw other weights; use --order 1`,
  },
  {
    broken: ({ order, archData }) => order === 2 && archData === 'train',
    says: () => '--order 2 with --arch-data train: there is no validation loss to look ahead for; use --order 1',
  },
  {
    broken: ({ temperature, relax }) =>
      temperature.label !== 'constant(1)' && !(relax.knobs ?? []).includes('temperature'),
    says: ({ relax }) => `--temperature with --relax ${relax.label}: it has none; use softmax, gumbel or sampled`,
  },
  {
    broken: ({ perturbation, relax }) => on(perturbation) && !(relax.knobs ?? []).includes('perturbation'),
    says: ({ relax }) =>
      `--perturbation with --relax ${relax.label}: only weights that add up to 1 are perturbed; use --relax softmax`,
  },
  {
    broken: ({ partial, channels }) => channels % partial !== 0,
    says: ({ partial, channels }) =>
      `--partial ${partial} with --channels ${channels}: channels must be a multiple of it; change one of them`,
  },
  {
    broken: ({ archData, archSampling }) => archData === 'train' && archSampling !== 'same',
    says: () => '--arch-sampling with --arch-data train: alpha learns from the batches of the weights; drop one',
  },
  {
    broken: ({ stop, eigenvalue }) => stop.needs === 'eigenvalue' && eigenvalue === 0,
    says: ({ stop }) => `--stop "${stop.label}" without eigenvalues: it looks at them; add --eigenvalue 2`,
  },
  {
    broken: ({ eigenvalue, relax }) => eigenvalue > 0 && relax.label.includes('sampled'),
    says: ({ relax }) =>
      `--eigenvalue with --relax ${relax.label}: one operation runs per edge, its loss does not bend smoothly; ` +
      'use --eigenvalue 0',
  },
];

/** Throws a RangeError on options that make no sense together, before anything is built. */
export const requireCompatible = (o: SearchOptions): void => {
  const found = rules.find(({ broken }) => broken(o));
  if (found !== undefined) throw new RangeError(`Cannot use ${found.says(o)}`);
};
