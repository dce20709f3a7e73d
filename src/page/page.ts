import {
  isPapersData,
  type LoadedRun,
  requireComparable,
  setApart,
  type Unreadable,
  withoutCommon,
} from '../measure/index.js';
import { ownPage } from './own-page.js';
import { paperPage } from './paper-page.js';

export interface PageOptions {
  /** Folders that were asked for and could not be opened: they are named on the page. */
  readonly unreadable?: readonly Unreadable[];
  /** The command that makes the report, word by word: the page says how it was made. */
  readonly command: readonly string[];
  readonly title?: string;
}

/**
 * The report on runs as one HTML document: tables, figures, cells over epochs, and all that is needed to judge and
 * repeat them. On the paper's data it is about the paper, on others about these data. It needs no network, and scripts
 * only for the sliders. Throws a ComparisonError when the runs may not stand in one table.
 */
export const reportPage = async (given: readonly LoadedRun[], options: PageOptions): Promise<string> => {
  const runs = setApart(withoutCommon(given));
  const [first, ...others] = runs.map(({ info }) => info);
  if (first === undefined) throw new RangeError('Cannot make report: it must have at least 1 run, got none');
  requireComparable(runs);
  return (isPapersData(first) ? paperPage : ownPage)(runs, [first, ...others], options);
};
