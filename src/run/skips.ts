import type { Genotypes } from './record.js';

/** How much of a cell is skip connections: its edges, and how many of them skip. */
export interface SkipShare {
  /** `backbone, normal cell`. */
  readonly cell: string;
  readonly kind: string;
  readonly skips: number;
  readonly edges: number;
  readonly share: number;
}

/** For every cell that has edges. */
export const skipShares = (genotypes: Genotypes): SkipShare[] =>
  Object.entries(genotypes).flatMap(([component, kinds]) =>
    Object.entries(kinds).flatMap(([kind, cell]) => {
      const edges = cell?.nodes.flat() ?? [];
      const skips = edges.filter(({ op }) => op === 'skip_connect').length;
      const share = skips / edges.length;
      return edges.length === 0
        ? []
        : [{ cell: `${component}, ${kind} cell`, kind, skips, edges: edges.length, share }];
    }),
  );

/**
 * The notice on cells that are mostly skip connections: the known collapse of DARTS (Zela et al. 2020). options: of the
 * search
 */
export const collapseTexts = (genotypes: Genotypes, options: Readonly<Record<string, unknown>>): string[] => {
  // Only a search that weighs operations has these flags, and they are about normal cells.
  const ways = (kind: string): string =>
    kind === 'normal' && 'selector' in options ? '--selector maxSkips, --stop skips or ' : '';
  return skipShares(genotypes)
    .filter(({ share }) => share > 0.5)
    .map(
      ({ cell, kind, skips, edges }) =>
        `${cell}: ${skips} of its ${edges} edges are skip connections, so the search may have collapsed; ` +
        `${ways(kind)}a recipe such as darts-minus guards against it (docs/methods.md)`,
    );
};
