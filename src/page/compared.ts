import {
  type ComparedNetwork,
  comparedColumns,
  comparedNetworks,
  type FitResult,
  perClassCounts,
  TEST_ALL,
  TEST_PER_CLASS,
  tableOf,
} from '../measure/index.js';
import { type Html, type HtmlColumn, html, tableHtml } from './html.js';

/** The networks of a fit side by side, and the floor below them. */
export const comparedHtml = (results: readonly FitResult[]): Html => {
  const counts = perClassCounts(results) ? TEST_PER_CLASS : TEST_ALL;
  const columns = comparedColumns.map(
    ([heading, cell]): HtmlColumn<ComparedNetwork> => [
      heading,
      (of) => (heading === counts ? html`<b>${cell(of)}</b>` : cell(of)),
    ],
  );
  const caption = html`★ The best on the validation images, mean per class: it is the one that is used. The difference
is in mean per class on the test, with its 95 % interval over test images; another seed could give another one.
Multiply-adds are for one image.`;
  const name: HtmlColumn<ComparedNetwork> = [
    'Network',
    (of) => html`${of.name}${of.isBest ? html` <b>★</b>` : null}<br><small>${of.label}</small>`,
  ];
  return tableHtml(caption, tableOf(comparedNetworks(results), [name, ...columns]));
};
