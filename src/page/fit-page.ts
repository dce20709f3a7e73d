import { drawFigure, figures } from '../figure/index.js';
import {
  bestOf,
  commandText,
  countText,
  durationWithUnits,
  type FitResult,
  fitResults,
  type LoadedFit,
  type LoadedRun,
  networkWords,
  plural,
  recordedCommand,
  searchHelped,
  secondsOf,
  sum,
} from '../measure/index.js';
import { type FitPart, fitParts } from '../run/index.js';
import { cellsFigure } from './cells.js';
import { classFigureHtml, classTableHtml, mistakesHtml } from './class-section.js';
import { comparedHtml } from './compared.js';
import { documentHtml } from './document.js';
import { problemsNotice, settingsHtml } from './facts.js';
import { figureHtml, sideBySide } from './figure.js';
import { type Html, html } from './html.js';
import { nothingYet, resultSentences } from './lead.js';
import { mosaicsHtml } from './mosaics.js';
import { ownDataHtml } from './own-data.js';
import type { PageOptions } from './page.js';
import { confusionHtml } from './results.js';

const TITLES: Readonly<Record<FitPart, string>> = {
  search: 'The search',
  network: 'The network found',
  random: 'The random cell',
  resnet: 'The ResNet',
};

const begun = ({ parts }: LoadedFit): [FitPart, LoadedRun][] =>
  fitParts.flatMap((name): [FitPart, LoadedRun][] => {
    const run = parts[name];
    return run === undefined ? [] : [[name, run]];
  });

/** Which network is best, of what size, and what it was chosen by. */
const bestText = ({ name, label, run }: FitResult): Html => {
  const { size } = run.info;
  const sizes =
    size === undefined
      ? null
      : html`, ${countText(size.weights)} weights and ${countText(size.multiplyAdds)} multiply-adds per image`;
  return html`The best network on the validation images is <b>${networkWords[name]}</b> (${label}${sizes}).`;
};

const costText = (fit: LoadedFit): Html => {
  const runs = begun(fit);
  const total = sum(runs.map(([, run]) => secondsOf(run)));
  const search = secondsOf(fit.parts.search);
  return html`All of this took ${durationWithUnits(total)} of training on ${plural(fit.plan.threads, 'thread')}, of
which the search took ${durationWithUnits(search)}.`;
};

const helpedText = (results: readonly FitResult[]): Html | null => {
  const verdicts = searchHelped(results).map(({ text }) => text);
  return verdicts.length === 0 ? null : html`Did the search help? ${verdicts.join(' ')}`;
};

/** The paragraph that a page begins with: all that most readers want to know. */
const leadHtml = (fit: LoadedFit, results: readonly FitResult[]): Html => {
  if (results.length === 0) return html`<p class="lead">${nothingYet(begun(fit).map(([, run]) => run))}</p>`;
  const best = bestOf(results);
  const sentences = [bestText(best), ...resultSentences(best.run), costText(fit), helpedText(results)];
  return html`<p class="lead">${sentences.flatMap((sentence) => (sentence === null ? [] : [sentence, html` `]))}</p>`;
};

/** Losses and accuracies of every part over its epochs. */
const curves = (fit: LoadedFit): Html[] => {
  const kind = figures.named('training');
  const drawn = begun(fit).flatMap(([name, run]) =>
    kind === undefined || run.records.length === 0
      ? []
      : [figureHtml(drawFigure(kind, [run]), { id: `curves-${name}`, label: `${TITLES[name]}.`, beside: true })],
  );
  return drawn.length === 0 ? [] : [sideBySide(drawn)];
};

const cells = async (fit: LoadedFit): Promise<Html[]> => {
  const run = fit.parts.network ?? fit.parts.search;
  return run === undefined ? [] : cellsFigure(run, 'cells-found', new Map(), { last: true });
};

const commands = (fit: LoadedFit, command: readonly string[]): Html[] => {
  const next = [
    ['tailnas', 'predict', fit.path, 'photo.jpg'],
    ['tailnas', 'export', fit.path, '--onnx', 'model.onnx'],
  ].map(commandText);
  return [
    html`<p>To use the network:</p><pre>${next.join('\n')}</pre><p>How it was made:</p>
<pre>${recordedCommand(fit.plan.command, { name: 'this fit' })}</pre>
<p>This page:</p><pre>${commandText(command)}</pre>`,
  ];
};

/**
 * What a fit came to, as one HTML document about the user's data: in one paragraph, then class by class, network by
 * network, and in pictures. A fit under way has what there is so far.
 */
export const fitPage = async (fit: LoadedFit, { command, title: own }: PageOptions): Promise<string> => {
  const results = fitResults(fit);
  const best = results.length === 0 ? undefined : bestOf(results).run;
  const runs = begun(fit).map(([, run]) => run);
  const [info] = runs.map((run) => run.info);
  const about =
    info === undefined ? fit.path : `${info.data.name}: ${plural(info.data.classes.length, 'class', 'classes')}`;
  return documentHtml(own ?? about, {
    top: [leadHtml(fit, results), best === undefined ? null : classFigureHtml(best), problemsNotice(runs, [])],
    sections: [
      {
        id: 'classes',
        heading: 'Class by class',
        body: best === undefined ? [] : [classTableHtml(best), mistakesHtml(best)],
      },
      { id: 'networks', heading: 'The networks compared', body: results.length === 0 ? [] : [comparedHtml(results)] },
      { id: 'pictures', heading: 'Pictures', body: best === undefined ? [] : mosaicsHtml(best) },
      { id: 'confusion', heading: 'Confusion', folded: true, body: best === undefined ? [] : [confusionHtml(best)] },
      { id: 'cells', heading: 'Cells of the network found', body: await cells(fit) },
      { id: 'curves', heading: 'Training', body: curves(fit) },
      { id: 'data', heading: 'Data', body: info === undefined ? [] : ownDataHtml(info) },
      {
        id: 'settings',
        heading: 'Settings and machine',
        folded: true,
        body: runs.length === 0 ? [] : [settingsHtml(runs)],
      },
      { id: 'commands', heading: 'Commands', body: commands(fit, command) },
    ],
  });
};
