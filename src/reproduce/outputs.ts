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
import { folderInside, writeInside } from '../run/inside.js';
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

const FIGURES = 'figures';
const REPORT = 'report.html';

const draw = (name: PaperFigure, { runs, out }: { runs: readonly LoadedRun[]; out: string }): string[] => {
  const kind = kinds.named(name);
  if (kind === undefined) throw new RangeError(`Cannot draw ${name}: there is no such figure`);
  const { recipes = [] } = kind;
  const { captioned } = drawFigure(
    kind,
    runs.filter((run) => recipes.includes(run.info.name)),
  );
  const folder = folderInside(out, FIGURES);
  const files = Object.entries({ [`${name}.svg`]: captioned, [`${name}.png`]: svgToPng(captioned) });
  for (const [file, content] of files) writeInside(out, [FIGURES, file], content);
  return files.map(([file]) => join(folder, file));
};

/**
 * Makes figures and the report of runs, in the order of the table's rows, in the folder `out`. What cannot be drawn is
 * named in `failed` and takes nothing else down.
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
  for (const name of figures) files.push(...(await attempt(name, () => draw(name, { runs: done, out }))).flat());
  const report = async (): Promise<string> => {
    writeInside(out, [REPORT], await reportPage(runs, { command }));
    return join(out, REPORT);
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
