import type { ParameterStore, Pass } from '../nn/index.js';
import {
  type CellKind,
  certain,
  dartsSelector,
  dartsSpace,
  type EdgeShape,
  type OpWeights,
  type Relaxation,
  type SearchSpace,
  type Selector,
  softmaxRelaxation,
  type Tensors,
} from '../space/index.js';
import { inPlace, randn } from '../tensor/index.js';
import type { Alpha, Model, Supernet } from './model.js';

/** How a supernet represents the choice of operations. */
export interface Choice {
  /** DARTS' space unless said. */
  readonly space?: SearchSpace;
  /** softmax unless said. */
  readonly relaxation?: Relaxation;
  /** DARTS' rule unless said. */
  readonly selector?: Selector;
  readonly edges?: EdgeShape;
}

/** Fills in what is not said. */
export const chosen = ({
  space = dartsSpace,
  relaxation = softmaxRelaxation,
  selector = dartsSelector(),
  edges = {},
}: Choice): Required<Choice> => ({ space, relaxation, selector, edges });

/** The operation weights of every kind of cell of a component in a pass. */
export type WeightsOf = (component: string, pass: Pass) => Readonly<Record<CellKind, OpWeights>>;

/** Operation weights of a derived network. */
export const allCertain: WeightsOf = () => ({ normal: certain, reduction: certain });

const ALPHA_SCALE = 1e-3;

/**
 * Fresh architecture parameters for these cells, 1e-3 · randn as in DARTS, and all that a supernet has beside a model.
 */
export const alphasFor = (
  places: readonly Pick<Alpha, 'component' | 'kind'>[],
  { space, relaxation, selector, nodes, store }: Required<Choice> & { nodes: number; store: ParameterStore },
): { weights: WeightsOf } & Omit<Supernet, keyof Model> & Pick<Model, 'dispose'> => {
  const cells = places.map(({ component, kind }) => {
    const plan = space.plan(kind, { nodes });
    const alphas = Object.entries(relaxation.shapes(plan)).map(([part, shape]): Alpha => {
      const value = randn(shape, store);
      if (relaxation.start === 'zeros') inPlace.zero(value);
      else inPlace.mul(value, ALPHA_SCALE);
      return { component, kind, part, value: value.requireGrad() };
    });
    const tensors: Tensors = Object.fromEntries(alphas.map(({ part, value }) => [part, value]));
    return { component, kind, plan, alphas, tensors };
  });
  const alphas = cells.flatMap((cell) => cell.alphas);
  const byPlace = <T>(of: (cell: (typeof cells)[number]) => T): Record<string, Partial<Record<CellKind, T>>> => {
    const found: Record<string, Partial<Record<CellKind, T>>> = {};
    for (const cell of cells) found[cell.component] = { ...found[cell.component], [cell.kind]: of(cell) };
    return found;
  };
  return {
    space,
    relaxation,
    alphas,
    // Anew for every pass: its gradient must reach alpha each time.
    weights: (component, pass) => {
      const of = (kind: CellKind): OpWeights => {
        const cell = cells.find((c) => c.component === component && c.kind === kind);
        return cell === undefined ? certain : relaxation.weights(cell.tensors, { plan: cell.plan, pass });
      };
      return { normal: of('normal'), reduction: of('reduction') };
    },
    opWeights: () => byPlace(({ plan, tensors }) => relaxation.strengths(tensors, plan).ops.map((row) => [...row])),
    genotypes: () =>
      byPlace(({ plan, tensors, kind }) => selector.select(relaxation.strengths(tensors, plan), { plan, kind })),
    dispose: () => {
      store.dispose();
      for (const { value } of alphas) value.dispose();
    },
  };
};
