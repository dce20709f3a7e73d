import { BACKBONE, HEADS } from '../net/index.js';
import type { FoundBy } from '../run/index.js';
import type { Genotypes } from '../space/index.js';

/** What is trained: cells that were found, by component, or a model by its label. */
export interface Network {
  /** `darts-v2`, `resnet(32)`, or where the cells are from. */
  readonly name: string;
  readonly genotypes: Genotypes | null;
  /** Which search found the cells, where that is known. */
  readonly search?: FoundBy;
}

/** Options that say which of a search's cells are trained. */
interface Branches {
  readonly bilateral: boolean;
  readonly mixing: { readonly label: string };
}

const [, CLASS_HEAD] = HEADS;

/** The cells that are trained: of a search with two heads all of them, or those of the backbone and the class head. */
export const trained = ({ genotypes }: Network, { bilateral }: Branches): Genotypes =>
  Object.fromEntries(
    Object.entries(genotypes ?? {}).filter(([name]) => bilateral || name === BACKBONE || name === CLASS_HEAD),
  );

/** In words, which of a search's cells are trained. */
export const methodOf = ({ genotypes }: Network, { bilateral, mixing }: Branches): string => {
  if (genotypes === null) return 'from scratch';
  if (bilateral) return `backbone and both heads, by cumulative learning (${mixing.label})`;
  return genotypes[CLASS_HEAD] === undefined
    ? 'one network of the cells found'
    : "one network: the backbone's cells, with the class head's cell on top";
};

/** What the user should know of which cells are trained. */
export const noticesOf = (network: Network, o: Branches): string[] => {
  const { search, genotypes } = network;
  return [
    ...(search === undefined ? [] : [`the cells are those of ${search.name}, seed ${search.seed}`]),
    ...(genotypes?.[CLASS_HEAD] === undefined ? [] : [`trains ${methodOf(network, o)}`]),
  ];
};
