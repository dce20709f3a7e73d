import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { drawFigure, figures as kinds, svgToPng } from '../figure/index.js';
import {
  type ClaimResult,
  type LoadedRun,
  loadRun,
  measureClaims,
  type ResultRow,
  requireComparable,
  resultRows,
  type Sensitivity,
  sensitivityOf,
  withoutCommon,
} from '../measure/index.js';
import { reportPage } from '../page/index.js';
import type { PaperFigure } from '../paper/index.js';
import { writeAtomic } from '../run/atomic.js';
import type { Study } from './studies.js';

/** What a reproduction leaves besides its runs. */
export interface Outputs {
  readonly rows: readonly ResultRow[];
  readonly claims: readonly ClaimResult[];
  /** Empty where nothing was changed. */
  readonly sensitivity: readonly Sensitivity[];
  /** Paths of the files, SVG and PNG. */
  readonly figures: readonly string[];
  /** Absent where no run was needed, or none is done. */
  readonly report: string | undefined;
  /** What could not be drawn and why. */
  readonly failed: readonly { readonly name: string; readonly error: string }[];
}

const draw = (name: PaperFigure, { runs, folder }: { runs: readonly LoadedRun[]; folder: string }): string[] => {
  const kind = kinds.named(name);
  if (kind === undefined) throw new RangeError(`Cannot draw ${name}: there is no such figure`);
  const { recipes = [] } = kind;
  const { captioned } = drawFigure(
    kind,
    runs.filter((run) => recipes.includes(run.info.name)),
  );
  mkdirSync(folder, { recursive: true });
  const files = { svg: join(folder, `${name}.svg`), png: join(folder, `${name}.png`) };
  writeAtomic(files.svg, captioned);
  writeAtomic(files.png, svgToPng(captioned));
  return [files.svg, files.png];
};

/**
 * Makes figures and the report of runs, in the order of the table's rows, below `out`. What cannot be drawn is named in
 * `failed` and takes nothing else down.
 */
export const writeOutputs = async (
  { figures }: Pick<Study, 'figures'>,
  { paths, out, command }: { paths: readonly string[]; out: string; command: readonly string[] },
): Promise<Outputs> => {
  const runs = withoutCommon(paths.map(loadRun));
  // What failed is told on the page; a figure would show it as if it were a result.
  const done = runs.filter((run) => run.evaluation !== undefined);
  requireComparable(runs);
  const failed: { name: string; error: string }[] = [];
  const attempt = async <T>(name: string, make: () => T | Promise<T>): Promise<T[]> => {
    try {
      return [await make()];
    } catch (error) {
      failed.push({ name, error: error instanceof Error ? error.message : String(error) });
      return [];
    }
  };
  const files: string[] = [];
  for (const name of figures)
    files.push(...(await attempt(name, () => draw(name, { runs: done, folder: join(out, 'figures') }))).flat());
  const file = join(out, 'report.html');
  const report = async (): Promise<string> => {
    writeAtomic(file, await reportPage(runs, { command }));
    return file;
  };
  const [written] = runs.length === 0 ? [] : await attempt('report', report);
  return {
    rows: resultRows(runs),
    claims: measureClaims(done),
    sensitivity: sensitivityOf(done),
    figures: files,
    report: written,
    failed,
  };
};
