import { printable } from '../label/index.js';
import {
  bestOf,
  classResults,
  commandText,
  comparedNetworks,
  countText,
  type FitResult,
  fitResults,
  type LoadedFit,
  largestMistakes,
  majority,
  networkWords,
  searchHelped,
  secondsOf,
} from '../measure/index.js';
import { classTable, mistakesText } from './class-table.js';
import { duration, listing, percent, strong, table } from './format.js';

const testedClasses = ({ run }: FitResult) => {
  const { classes, counts } = run.info.data;
  return { classes, trainCounts: counts.train };
};

/** Every network, compared with always answering the largest class. */
const comparison = (results: readonly FitResult[]): string => {
  const rows = comparedNetworks(results).map(({ name, label, isBest, valid, test, accuracy, result }) => [
    label === '' || label === 'random' ? name : `${name} (${label})`,
    percent(valid),
    percent(test),
    percent(accuracy),
    countText(result?.run.info.size?.weights),
    result === undefined ? '' : duration(result.seconds),
    isBest ? '← best on validation' : '',
  ]);
  const heading = ['mean per class', 'validation', 'test', 'all images', 'weights', 'training', ''];
  return table([heading, ...rows], { right: [1, 2, 3, 4, 5] });
};

/** What a fit came to, for a terminal. */
export const fitSummary = (fit: LoadedFit): string => {
  const results = fitResults(fit);
  const best = bestOf(results);
  const { evaluation } = best.run;
  if (evaluation === undefined) throw new Error(`Cannot sum up ${fit.path}: ${best.name} is not tested`);
  const of = testedClasses(best);
  const seconds = Object.values(fit.parts).reduce((sum, run) => sum + secondsOf(run), 0);
  return [
    listing([
      ['best network', `${networkWords[best.name]} (${best.label})`],
      ['mean per-class accuracy', strong(percent(evaluation.meanPerClassAccuracy))],
      ['test accuracy', percent(evaluation.accuracy)],
      ['time', `${duration(seconds)}, of which the search ${duration(secondsOf(fit.parts.search))}`],
    ]),
    comparison(results),
    `Did the search help?\n${searchHelped(results)
      .map(({ text }) => `  ${printable(text)}`)
      .join('\n')}\n  One seed each; the intervals are over the draw of test images.`,
    `Classes, by the best network\n${classTable(evaluation, of)}`,
    mistakesText(largestMistakes(evaluation.confusion, of)),
    listing([
      ['page', `${fit.path}/report.html`],
      ['next', `${commandText(['tailnas', 'predict', fit.path])} <images>`],
      ['', commandText(['tailnas', 'export', fit.path, '--onnx', 'model.onnx'])],
      ['', commandText(['tailnas', 'evaluate', fit.path, '--prior', 'training'])],
    ]),
  ].join('\n\n');
};

/** The same for programs. */
export const fitJson = (fit: LoadedFit) => {
  const results = fitResults(fit);
  const best = bestOf(results);
  return {
    fit: fit.path,
    plan: fit.plan,
    best: best.name,
    networks: results.map(({ run, ...result }) => ({ ...result, run: run.path })),
    majority: majority(best.run.evaluation ?? { confusion: [] }, testedClasses(best)),
    searchHelped: searchHelped(results),
    classes: classResults(best.run.evaluation?.confusion ?? [], testedClasses(best)),
  };
};
