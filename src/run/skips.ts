import type { Genotypes } from './record.js';

/** How much of a cell is skip connections: its edges, and how many of them skip. */
export interface SkipShare {
  /** `backbone, normal cell`. */
  readonly cell: string;
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
      return edges.length === 0 ? [] : [{ cell: `${component}, ${kind} cell`, skips, edges: edges.length, share }];
    }),
  );

/** The notice on cells that are mostly skip connections: the known collapse of DARTS (Zela et al. 2020). */
export const collapseTexts = (genotypes: Genotypes): string[] =>
  skipShares(genotypes)
    .filter(({ share }) => share > 0.5)
    .map(
      ({ cell, skips, edges }) =>
        `${cell}: ${skips} of its ${edges} edges are skip connections, so the search may have collapsed; ` +
        '--selector maxSkips, --stop skips or a recipe such as darts-minus guards against it (docs/methods.md)',
    );
