import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { genotypeSvgs } from '../report/cells.js';
import { svgToPng } from '../report/png.js';
import type { Evaluation, RunFolder } from '../run/index.js';
import { printCell } from '../space/index.js';
import type { Genotypes } from '../train/index.js';
import { listing, percent } from './format.js';

/** Draws the cells of a genotype into `<run>/cells/`, each as SVG and PNG. Returns the SVG files. */
export const drawCells = async (run: string, genotypes: Genotypes): Promise<string[]> => {
  const folder = join(run, 'cells');
  mkdirSync(folder, { recursive: true });
  return (await genotypeSvgs(genotypes)).map(({ name, svg }) => {
    const file = join(folder, `${name}.svg`);
    writeFileSync(file, svg);
    writeFileSync(join(folder, `${name}.png`), svgToPng(svg));
    return file;
  });
};

const ofClasses = (counts: readonly number[], belongs: (n: number) => boolean): string => {
  const n = counts.filter(belongs).length;
  return n === 0 ? '' : `  (${n} ${n === 1 ? 'class' : 'classes'})`;
};

/** What a run came to, as lines that line up. */
export const evaluationRows = (
  { accuracy, meanPerClassAccuracy, shots }: Evaluation,
  { trainCounts }: { trainCounts: readonly number[] },
): [string, string][] => [
  ['test accuracy', percent(accuracy)],
  ['mean per-class accuracy', percent(meanPerClassAccuracy)],
  ['many-shot (> 100 images)', percent(shots.many) + ofClasses(trainCounts, (n) => n > 100)],
  ['medium-shot (20 to 100)', percent(shots.medium) + ofClasses(trainCounts, (n) => n >= 20 && n <= 100)],
  ['few-shot (< 20)', percent(shots.few) + ofClasses(trainCounts, (n) => n < 20)],
];

/** The accuracy of every class beside how many images it was trained on. */
export const perClassRows = (
  { perClassAccuracy }: Evaluation,
  { classes, trainCounts }: { classes: readonly string[]; trainCounts: readonly number[] },
): string[][] => [
  ['class', 'trained on', 'accuracy'],
  ...classes.map((name, c) => [name, String(trainCounts[c] ?? 0), percent(perClassAccuracy[c] ?? null)]),
];

export const genotypeRows = (genotypes: Genotypes): [string, string][] =>
  Object.entries(genotypes).flatMap(([component, kinds]) =>
    Object.entries(kinds).map(([kind, cell]): [string, string] => [`${component}, ${kind} cell`, printCell(cell)]),
  );

/** The whole summary of a finished run. */
export const summary = (
  evaluation: Evaluation,
  {
    folder,
    genotypes,
    cells,
  }: { folder: Pick<RunFolder, 'path' | 'info'>; genotypes: Genotypes; cells: readonly string[] },
): string => {
  const { info } = folder;
  return listing([
    ...evaluationRows(evaluation, { trainCounts: info.data.counts.train }),
    ...genotypeRows(genotypes),
    ['run folder', folder.path],
    ...cells.map((file, i): [string, string] => [i === 0 ? 'cells (also as .png)' : '', file]),
  ]);
};
