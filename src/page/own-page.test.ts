import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import { fakeRun, fakeTraining } from '../../test/support/fake-runs.js';
import { fakeFit, OWN_CLASSES, onOwnData } from '../../test/support/own-data.js';
import type { LoadedFit, LoadedRun } from '../measure/index.js';
import { fitPage } from './fit-page.js';
import { fitMarkdown } from './markdown.js';
import { reportPage } from './page.js';

const command = ['tailnas', 'report', 'birds-fit'];
const open = async (fit: LoadedFit) => parseHTML(await fitPage(fit, { command })).document;
const report = async (runs: readonly LoadedRun[]) => parseHTML(await reportPage(runs, { command })).document;
/** Pages of the plain cases, made once: their figures take seconds. */
const whole = open(fakeFit());
type Page = Awaited<ReturnType<typeof open>>;
const textOf = (page: Page, selector: string): string =>
  (page.querySelector(selector)?.textContent ?? '').replace(/\s+/g, ' ');
const rowsOf = (page: Page, selector: string) =>
  [...page.querySelectorAll(`${selector} tr`)].map((row) => [...row.children].map((cell) => cell.textContent));

const hls = onOwnData(fakeRun({ name: 'hls', label: 'HLS', seed: 0, epochs: 3, bilateral: true, paper: 65.12 }));
const darts = onOwnData(fakeRun({ name: 'darts', label: 'DARTS', seed: 0, epochs: 3, bilateral: false }));
const trained = onOwnData(fakeTraining({ name: 'train-hls', label: 'HLS, derived', seed: 0, epochs: 3 }));
const three = report([hls, darts, trained]);

const balanced = (run: LoadedRun): LoadedRun => {
  if (run.evaluation === undefined) throw new Error('fakeTraining has a test');
  const confusion = OWN_CLASSES.map((_, r) => OWN_CLASSES.map((_, c) => (r === c ? 8 : c === (r + 1) % 10 ? 2 : 0)));
  return { ...run, evaluation: { ...run.evaluation, confusion, accuracy: 0.8, meanPerClassAccuracy: 0.8 } };
};

describe('fitPage', () => {
  it('says in one paragraph what is best, good and bad at what, above what floor, for what cost', async () => {
    const page = await whole;
    const text = textOf(page, '.lead');
    expect(text).toContain('The best network on the validation images is the network found (darts, 1.23 million');
    expect(text).toContain('Always answering “robin”, the largest class, would reach 10.0 % and');
    expect(text).toMatch(/It is best at robin \(\d\d\.\d %\)/);
    expect(text).toMatch(/worst at kite \(\d of 3\), /);
    expect(text).toMatch(/Did the search help\? \S.* against |Did the search help\? Yes, it beats/);
    expect(text).toContain('All of this took 11 min 00 s of training on 2 threads, of which the search took 4 min');
    // The test is imbalanced: what is bold is the mean per class.
    const { meanPerClassAccuracy = 0 } = fakeFit().parts.network?.evaluation ?? {};
    expect(page.querySelectorAll('.lead b')[1]?.textContent).toBe(`${(100 * meanPerClassAccuracy).toFixed(1)} %`);
  });

  it('says so where the network is no better than the floor', async () => {
    const fit = fakeFit();
    const worse = (run: LoadedRun | undefined): LoadedRun => {
      if (run?.evaluation === undefined) throw new Error('fakeFit has tests');
      const confusion = run.evaluation.confusion.map((row) => row.map((_, c) => (c === 0 ? 5 : 0)));
      return { ...run, evaluation: { ...run.evaluation, confusion, accuracy: 0.1, meanPerClassAccuracy: 0.1 } };
    };
    const { network, random, resnet, search } = fit.parts;
    const parts = { network: worse(network), random: worse(random), resnet: worse(resnet), ...(search && { search }) };
    expect(textOf(await open({ ...fit, parts }), '.lead .warn')).toContain('no better than not looking');
    expect((await whole).querySelector('.lead .warn')).toBeNull();
  });

  it('has the class table, the largest class first, in three groups, with the mean per class in bold', async () => {
    const page = await whole;
    const rows = rowsOf(page, '#classes');
    expect(rows[0]?.slice(0, 4)).toEqual(['Class', 'Training images', 'Test images', 'Right']);
    expect(rows.map(([name]) => name)).toEqual([
      'Class',
      'Head: the largest 30 % of the classes',
      ...OWN_CLASSES.slice(0, 3),
      'Middle',
      ...OWN_CLASSES.slice(3, 7),
      'Tail: the smallest 30 %',
      ...OWN_CLASSES.slice(7),
      'Mean per class',
      'All images',
    ]);
    expect(rows[2]?.slice(1, 4)).toEqual(['4,000', '200', expect.stringMatching(/^\d+ of 200$/)]);
    expect(page.querySelectorAll('#classes tfoot b')).toHaveLength(1);
    expect(page.querySelector('#classes tfoot tr b')?.closest('tr')?.textContent).toContain('Mean per class');
    expect(textOf(page, '#classes ul')).toContain('of “heron” are taken for “robin”');
  });

  it('puts all images first where the test is balanced', async () => {
    const fit = fakeFit();
    const { network, ...others } = fit.parts;
    if (network === undefined) throw new Error('fakeFit has a network');
    const page = await open({ ...fit, parts: { ...others, network: balanced(network) } });
    expect(page.querySelector('#classes tfoot tr b')?.closest('tr')?.textContent).toContain('All images');
    expect(textOf(page, '.lead')).toContain('It answers 80.0 % of the test images right.');
    expect([...page.querySelectorAll('#networks tbody tr:first-child b')].map((b) => b.textContent)).toEqual([
      '★',
      '80.0 %',
    ]);
  });

  it('compares the networks and the floor by the same measure', async () => {
    const rows = rowsOf(await whole, '#networks');
    expect(rows.map(([name]) => name)).toEqual([
      'Network',
      'The network found ★darts',
      'A random cellrandom',
      'A ResNetresnet(20)',
      'always “robin”',
    ]);
    const { network, random } = fakeFit().parts;
    const valid = network?.records.at(-1)?.perClassAccuracy ?? [];
    const mean = valid.reduce((a: number, b) => a + (b ?? 0), 0) / valid.length;
    expect(rows[1]?.slice(1, 3)).toEqual(
      [mean, network?.evaluation?.meanPerClassAccuracy ?? 0].map((share) => `${(100 * share).toFixed(1)} %`),
    );
    const points =
      100 * ((network?.evaluation?.meanPerClassAccuracy ?? 0) - (random?.evaluation?.meanPerClassAccuracy ?? 0));
    expect(rows[2]?.[4]).toMatch(new RegExp(`^\\${points < 0 ? '−' : '+'}${Math.abs(points).toFixed(1)} \\(`));
    expect(rows[1]?.slice(5)).toEqual(['1.23 million', '12.3 million', '4', '4 min 00 s']);
    expect(rows[4]?.[1]).toBe('10.0 %');
  });

  it('shows what the network saw and got wrong, each with what it is', async () => {
    const page = await whole;
    const images = [...page.querySelectorAll('#pictures img')];
    expect(images).toHaveLength(10 + 8 * 3);
    expect(images.every((image) => image.getAttribute('src')?.startsWith('data:image/png;base64,'))).toBe(true);
    expect(images[0]?.getAttribute('alt')).toBe('training image after augmentation, 70 % kite and 30 % robin');
    expect(images[10]?.getAttribute('alt')).toBe('test image 1, a kite taken for robin');
    expect(textOf(page, '#pictures h4')).toBe('kite: 12 of 40 test images mistaken, 120 training images');
    expect(textOf(page, '#pictures li:nth-child(1) b')).toBe('70 % kite');
  });

  it('says what of the data was used and what was left out, and why', async () => {
    const page = await whole;
    const { train, valid } = fakeFit().parts.network?.info.data.counts ?? { train: [], valid: [] };
    const used = [...train, ...valid].reduce((a, b) => a + b, 0);
    expect(textOf(page, '#data')).toContain(
      `${used.toLocaleString('en-US')} of ${(used + 2).toLocaleString('en-US')} training images are used`,
    );
    expect(textOf(page, '#data details')).toContain('empty <x>.jpg: could not be read as an image');
    expect(textOf(page, '#data')).not.toContain('--imbalance');
  });

  it('has cells, curves of every part and commands, every chart with its numbers', async () => {
    const page = await whole;
    expect(page.querySelectorAll('#cells .cell')).toHaveLength(2);
    expect(page.querySelectorAll('.slider')).toHaveLength(0);
    expect([...page.querySelectorAll('#curves figure')].map(({ id }) => id)).toEqual(
      ['search', 'network', 'random', 'resnet'].map((part) => `curves-${part}`),
    );
    const charts = [...page.querySelectorAll('figure.plot')];
    expect(charts).toHaveLength(5);
    for (const chart of charts) expect(chart.querySelectorAll('details tbody tr').length).toBeGreaterThan(0);
    expect(textOf(page, '#commands')).toContain('tailnas predict birds-fit');
    expect(textOf(page, '#commands')).toContain("tailnas fit --data 'my birds'");
    const ids = [...page.querySelectorAll('[id]')].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('escapes names of classes', async () => {
    const page = await whole;
    expect([...page.querySelectorAll('b')].map((b) => b.textContent)).not.toContain('tit & co');
    expect(textOf(page, '#classes')).toContain('<b>tit & co</b>');
  });

  it('has what there is of a fit under way', async () => {
    const fit = fakeFit();
    const { search } = fit.parts;
    if (search === undefined) throw new Error('fakeFit has a search');
    const page = await open({ ...fit, parts: { search: { ...search, evaluation: undefined } } });
    expect(textOf(page, '.lead')).toContain('Nothing is tested yet: 1 run so far');
    expect(page.querySelectorAll('#curves figure')).toHaveLength(1);
    expect(page.querySelector('#classes')).toBeNull();
    expect((await open({ ...fit, parts: {} })).querySelector('#commands')).not.toBeNull();
  });

  it('is a table in Markdown too', () => {
    const text = fitMarkdown(fakeFit());
    expect(text.split('\n')[2]).toMatch(/^\| The network found \(darts\) ★ /);
    expect(text).toContain('against a random cell');
  });
});

describe('reportPage on own data', () => {
  it('leaves out what is of the paper alone', async () => {
    const page = await three;
    const text = textOf(page, 'body');
    for (const word of ['paper', 'eq 17', 'table II', 'CIFAR'])
      expect(text.toLowerCase()).not.toContain(word.toLowerCase());
    for (const id of ['claims', 'choices', 'sensitivity']) expect(page.querySelector(`#${id}`)).toBeNull();
    expect(textOf(page, 'h1')).toBe('birds: 10 classes');
    expect(page.querySelectorAll('#figures figure').length).toBeGreaterThan(1);
    for (const chart of page.querySelectorAll('figure.plot'))
      expect(chart.querySelector('details table')).not.toBeNull();
  });

  it('is about the best trained network, rather than a supernet', async () => {
    const page = await three;
    expect(textOf(page, '.lead')).toMatch(/^Of 3 runs, the best on the validation images is HLS, derived \(train\)/);
    expect(page.querySelectorAll('#pictures img').length).toBeGreaterThan(0);
    expect(rowsOf(page, '#results')[0]?.slice(0, 4)).toEqual(['Method', 'Seeds', 'Mean per class', 'All images']);
  });

  it('says what the figures of a search are of', async () => {
    const page = await report([darts]);
    expect(textOf(page, '.lead')).toContain('of the supernet that was searched in');
    expect(page.querySelector('#pictures')).toBeNull();
    expect(page.querySelectorAll('.slider')).toHaveLength(1);
  });

  it('has a page of runs that are not tested', async () => {
    const page = await report([{ ...darts, evaluation: undefined }]);
    expect(textOf(page, '.lead')).toContain('Nothing is tested yet');
  });
});
