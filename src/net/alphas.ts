import type { ParameterStore, Pass } from '../nn/index.js';
import {
  type CellKind,
  certain,
  dartsSelector,
  dartsSpace,
  type EdgeShape,
  inColumnsOf,
  type OpWeights,
  type Projection,
  projectedStrengths,
  projectedWeights,
  type Relaxation,
  type SearchSpace,
  type Selector,
  type Strengths,
  softmaxRelaxation,
  type Tensors,
} from '../space/index.js';
import { inPlace, randn, scope, to } from '../tensor/index.js';
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
  /** Decisions apart from alpha; none by default. */
  readonly projection?: Projection;
}

/** Fills in what is not said. */
export const chosen = ({
  space = dartsSpace,
  relaxation = softmaxRelaxation,
  selector = dartsSelector(),
  edges = {},
  projection = () => undefined,
}: Choice): Required<Choice> => ({ space, relaxation, selector, edges, projection });

/** The operation weights of every kind of cell of a component in a pass. */
export type WeightsOf = (component: string, pass: Pass) => Readonly<Record<CellKind, OpWeights>>;

/** Operation weights of a derived network. */
export const allCertain: WeightsOf = () => ({ normal: certain, reduction: certain });

const ALPHA_SCALE = 1e-3;

/**
 * New architecture parameters for these cells, 1e-3 · randn as in DARTS, and everything else that a supernet has in
 * addition to a model.
 */
export const alphasFor = (
  places: readonly Pick<Alpha, 'component' | 'kind'>[],
  {
    space,
    relaxation,
    selector,
    projection,
    nodes,
    store,
  }: Required<Choice> & { nodes: number; store: ParameterStore },
): { weights: WeightsOf } & Omit<Supernet, keyof Model> & Pick<Model, 'dispose'> => {
  const cells = places.map(({ component, kind }) => {
    const plan = space.plan(kind, { nodes, component });
    const alphas = Object.entries(relaxation.shapes(plan)).map(([part, shape]): Alpha => {
      // Drawn on the CPU, as weights are.
      const value = scope(() => to(randn(shape, { dtype: store.dtype }), { device: store.device }));
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
  const strengths = (cell: (typeof cells)[number]): Strengths =>
    projectedStrengths(relaxation.strengths(cell.tensors, cell.plan), projection, cell);
  return {
    space,
    relaxation,
    alphas,
    // Computed for every pass: its gradient must reach alpha each time.
    weights: (component, pass) => {
      const of = (kind: CellKind): OpWeights => {
        const cell = cells.find((c) => c.component === component && c.kind === kind);
        return cell === undefined
          ? certain
          : projectedWeights(relaxation.weights(cell.tensors, { plan: cell.plan, pass }), projection, cell);
      };
      return { normal: of('normal'), reduction: of('reduction') };
    },
    opWeights: () => byPlace((cell) => inColumnsOf(space, { plan: cell.plan, ops: strengths(cell).ops })),
    genotypes: () => byPlace((cell) => selector.select(strengths(cell), { plan: cell.plan, kind: cell.kind })),
    dispose: () => {
      store.dispose();
      for (const { value } of alphas) value.dispose();
    },
  };
};
