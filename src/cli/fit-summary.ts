import {
  bestOf,
  classResults,
  type FitResult,
  fitResults,
  isImbalanced,
  type LoadedFit,
  largestMistakes,
  majority,
  networkWords,
  searchHelped,
  secondsOf,
} from '../measure/index.js';
import { classTable, mistakesText, testCounts } from './class-table.js';
import { duration, listing, percent, strong, table } from './format.js';

const testedClasses = ({ run }: FitResult) => {
  const { classes, counts } = run.info.data;
  return { classes, trainCounts: counts.train };
};

/** Every network beside always answering the largest class. */
const comparison = (results: readonly FitResult[], best: FitResult): string => {
  const imbalanced = best.run.evaluation !== undefined && isImbalanced(testCounts(best.run.evaluation));
  const floor = majority(best.run.evaluation ?? { confusion: [] }, testedClasses(best));
  const rows = results.map((result) => {
    const { name, label, valid, test, accuracy, seconds } = result;
    const what = name === 'random' ? networkWords[name] : `${networkWords[name]}: ${label}`;
    const mark = result === best ? '← best on validation' : '';
    return [what, percent(valid), strong(percent(test)), percent(accuracy), duration(seconds), mark];
  });
  return table(
    [
      [
        '',
        'validation, per class',
        'test, per class',
        imbalanced ? 'test, all images' : 'test accuracy',
        'training',
        '',
      ],
      ...rows,
      [`always "${floor.name}"`, '', percent(floor.meanPerClassAccuracy), percent(floor.accuracy), '', ''],
    ],
    { right: [1, 2, 3, 4] },
  );
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
    comparison(results, best),
    `Did the search help?\n${searchHelped(results)
      .map(({ text }) => `  ${text}`)
      .join('\n')}\n  One seed each; the intervals are over the draw of test images.`,
    `Classes, by the best network\n${classTable(evaluation, of)}`,
    mistakesText(largestMistakes(evaluation.confusion, of)),
    listing([
      ['page', `${fit.path}/report.html`],
      ['next', `tailnas predict ${fit.path} <images>`],
      ['', `tailnas export ${fit.path} --onnx model.onnx`],
      ['', `tailnas evaluate ${fit.path} --prior training`],
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
