import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import { type FakeRunOptions, fakeRun, fakeTraining } from '../../test/support/fake-runs.js';
import { ComparisonError, type LoadedRun } from '../measure/index.js';
import { html, trusted } from './html.js';
import { reportPage } from './page.js';

const hls = (changes: Partial<FakeRunOptions> = {}) =>
  fakeRun({ name: 'hls', label: 'HLS', seed: 0, epochs: 3, bilateral: true, paper: 65.12, ...changes });
const darts = fakeRun({ name: 'darts', label: 'DARTS', seed: 0, epochs: 3, bilateral: false, paper: 64.56 });
const command = ['tailnas', 'report', 'runs/hls-0'];
const open = async (runs: readonly LoadedRun[]) => parseHTML(await reportPage(runs, { command })).document;
const rowsOf = (document: Awaited<ReturnType<typeof open>>, id: string) =>
  [...document.querySelectorAll(`#${id} tbody tr`)].map((row) => [...row.children].map((cell) => cell.textContent));

describe('reportPage', () => {
  it('has every section, and links that lead somewhere', async () => {
    const document = await open([hls(), darts]);
    const links = [...document.querySelectorAll('a[href^="#"]')].map((a) => a.getAttribute('href')?.slice(1) ?? '');
    expect(links.length).toBeGreaterThan(10);
    expect(links.filter((id) => document.getElementById(id) === null)).toEqual([]);
    const ids = [...document.querySelectorAll('[id]')].map((element) => element.id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(document.querySelectorAll('.confusion table')).toHaveLength(2);
    expect(document.querySelector('#commands')?.textContent).toContain('tailnas report runs/hls-0');
  });

  it('shows the paper, the mean, the difference and the optimistic choice of a row', async () => {
    const [, row] = rowsOf(await open([hls(), hls({ seed: 1 }), darts]), 'results');
    expect(row?.slice(0, 3)).toEqual(['HLS', '2', '65.12']);
    expect(row?.[3]).toMatch(/^\d\d\.\d\d ± \d\.\d\d$/);
    expect(row?.[4]).toMatch(/^[+−]\d/);
    expect(row?.[7]).toMatch(/^\d\d\.\d\d ± \d/);
  });

  it('leaves the columns of mixing out when no method mixes, and those of the paper on other data', async () => {
    const mnist = { ...darts, info: { ...darts.info, data: { ...darts.info.data, name: 'mnist' } } };
    const text = (await open([mnist])).querySelector('#results')?.textContent ?? '';
    expect(text).not.toContain('Mixing chosen');
    expect(text).not.toContain('Paper');
    expect((await open([darts])).querySelector('#results')?.textContent).toContain('Paper');
  });

  it('escapes all text that comes from a run', async () => {
    const evil = '</script><img src=x onerror="alert(1)">\'&|';
    const run = hls({ label: evil, continued: 1 });
    const { info } = run;
    const document = await open([
      {
        ...run,
        path: evil,
        problems: [evil],
        records: run.records.map((record) => ({ ...record, phase: `${record.phase}${evil}` })),
        info: {
          ...info,
          name: evil,
          command: ['tailnas', evil],
          device: evil,
          versions: { [evil]: evil },
          data: { ...info.data, name: evil, classes: info.data.classes.map((name) => name + evil) },
          experiment: {
            ...info.experiment,
            method: evil,
            options: { ...info.experiment.options, [evil]: evil },
            phases: [{ name: evil, epochs: 3, knobs: { [evil]: evil }, frozen: [evil] }],
          },
        },
      },
    ]);
    expect(document.querySelectorAll('img')).toHaveLength(0);
    expect(document.querySelectorAll('script')).toHaveLength(1);
    expect(document.querySelector('#problems code')?.textContent).toBe(evil);
    const labels = JSON.parse(document.querySelector('input[type=range]')?.getAttribute('data-labels') ?? '');
    expect(labels).toHaveLength(4);
    expect(labels[0]).toContain(`epoch 1 of 4, search${evil}`);
  });

  it('stores each cell once for all runs, and shows the last without scripts', async () => {
    const run = hls();
    const other = { nodes: [[{ op: 'max_pool_3x3', from: 0 }]], concat: [2] };
    const records = run.records.map((record, epoch) => {
      const own = record.genotype?.['instance'];
      const genotype = { ...record.genotype, instance: epoch === 1 ? { normal: other } : own };
      return { ...record, genotype: { ...genotype, instance: genotype.instance ?? {} } };
    });
    const going = hls({ name: 'hls-again', label: 'HLS again' });
    const document = await open([
      { ...run, records },
      { ...going, records },
    ]);
    const cells = [...document.querySelectorAll('.cell')];
    const once = ['0 0 0', '0 0 0', '0 1 0', '0 0 0'];
    expect(cells.map((cell) => cell.getAttribute('data-epochs'))).toEqual([...once, ...once]);
    expect(cells.map((cell) => cell.querySelectorAll('.wide svg').length)).toEqual(cells.map(() => 1));
    expect(cells.map((cell) => cell.querySelectorAll('.narrow svg').length)).toEqual(cells.map(() => 1));
    const templates = [...document.querySelectorAll('template')];
    expect(templates.map((template) => template.id)).toEqual(['cell-1']);
    expect(templates[0]?.innerHTML).toContain('max_pool_3x3');
    expect(document.querySelector('.slider')?.hasAttribute('hidden')).toBe(true);
    expect(document.querySelector('#cells details')?.textContent).toContain('2 = sep_conv_3x3(0) + skip_connect(1)');
  });

  it('opens with the finding: a paragraph, a figure of all methods, and then the table', async () => {
    const document = await open([hls(), hls({ seed: 1 }), darts]);
    const [lead, figure] = [...(document.querySelector('header')?.children ?? [])].slice(1);
    const text = (lead?.textContent ?? '').replace(/\s+/g, ' ');
    expect(text).toMatch(/^Of 2 methods, (HLS|DARTS) has the highest mean accuracy on the test images, \d\d\.\d\d/);
    expect(text).toMatch(
      /Of the paper’s 3 claims that these runs can measure, \d holds?, \d do(es)? not hold, \d (is|are)/,
    );
    expect(text).toContain('never retrained');
    expect(figure?.id).toBe('accuracy');
    expect([...(figure?.querySelectorAll('tbody tr') ?? [])].map(({ textContent }) => textContent)).toEqual([
      expect.stringMatching(/^DARTS\d\d\.\d\d.*64\.56$/),
      expect.stringMatching(/^HLS\d\d\.\d\d ± .*65\.12$/),
    ]);
    expect(document.querySelector('section')?.id).toBe('results');
    // One method has its classes instead, and a run under way nothing.
    expect((await open([hls()])).querySelector('header figure')?.id).toBe('by-class');
    const going = await open([{ ...darts, evaluation: undefined }]);
    expect(going.querySelector('.lead')?.textContent).toContain('Nothing is tested yet');
    expect(going.querySelector('header figure')).toBeNull();
  });

  it('has a card for each claim, with its verdict in words', async () => {
    const document = await open([
      hls(),
      hls({ seed: 1 }),
      hls({ seed: 2 }),
      ...[0, 1, 2].map((seed) => ({ ...darts, path: `${seed}`, info: { ...darts.info, seed } })),
    ]);
    const cards = [...document.querySelectorAll('.claim')];
    expect(cards.length).toBe(3);
    for (const card of cards) {
      expect(['holds', 'does not hold', 'inconclusive']).toContain(
        card.querySelector('.verdict')?.lastChild?.textContent,
      );
      expect(card.querySelector('dd')?.textContent).toMatch(/^[+−]\d+\.\d\d \([+−].* to .*\)$/);
      expect(card.querySelector('svg')?.getAttribute('aria-hidden')).toBe('true');
      expect(card.querySelector('svg')?.outerHTML).not.toMatch(/NaN|Infinity/);
    }
    expect(cards[0]?.textContent).toContain('The paper+0.56');
  });

  it('folds details, and says what is in them', async () => {
    const document = await open([hls(), darts]);
    const folded = [...document.querySelectorAll('section.folded')];
    expect(folded.map(({ id }) => id)).toEqual(['confusion', 'methods', 'settings', 'data', 'choices', 'commands']);
    for (const section of folded) expect(section.querySelector('details:not([open]) > summary > h2')).not.toBeNull();
    // The cells of the first method are seen, those of others are behind its name.
    expect([...document.querySelectorAll('#cells .more > summary')].map((s) => s.textContent)).toEqual([
      'Cells of HLS',
    ]);
  });

  it('says plainly what is missing, at the top and at the row', async () => {
    const stopped = { ...darts, evaluation: undefined, problems: ['it is not finished: 3 epochs so far, no test yet'] };
    const document = await open([hls(), stopped]);
    expect(document.querySelector('header')?.textContent).toContain('runs/darts-0: it is not finished: 3 epochs');
    expect(rowsOf(document, 'results')[0]?.[0]).toContain('no finished run');
    const damaged = { ...hls(), records: [], genotypes: undefined, problems: ['metrics.jsonl is damaged'] };
    expect((await open([damaged])).querySelectorAll('.cell')).toHaveLength(0);
  });

  it('lists what all runs share once, and by run what differs', async () => {
    const other = hls({ seed: 1 });
    const runs = [hls(), { ...other, info: { ...other.info, threads: 8 } }];
    const [shared, differing] = [...(await open(runs)).querySelectorAll('#settings table')];
    expect(shared?.textContent).toContain('batchSize128');
    expect(shared?.textContent).not.toContain('threads');
    expect([...(differing?.querySelectorAll('th[scope=col]') ?? [])].map((th) => th.textContent)).toEqual([
      'Run',
      'Method',
      'Seed',
      'time of epochs',
      'threads',
    ]);
  });

  it('sums the confusion of many classes into three groups', async () => {
    const run = hls();
    const classes = Array.from({ length: 30 }, (_, c) => `c${c}`);
    const counts = classes.map((_, c) => 300 - c);
    const { evaluation } = run;
    if (evaluation === undefined) throw new Error('fakeRun has a test');
    const confusion = classes.map((_, r) => classes.map((_, c) => (r === c ? 10 : 0)));
    const data = { ...run.info.data, classes, counts: { train: counts, valid: counts, test: counts } };
    const document = await open([
      { ...run, info: { ...run.info, data }, evaluation: { ...evaluation, confusion }, records: [] },
    ]);
    expect(rowsOf(document, 'confusion')).toEqual([
      ['head', '90', '0', '0'],
      ['middle', '0', '120', '0'],
      ['tail', '0', '0', '90'],
    ]);
  });

  it('refuses runs that are not to be compared, and none', async () => {
    const longer = hls({ seed: 1, epochs: 5 });
    await expect(reportPage([hls(), longer], { command })).rejects.toThrow(ComparisonError);
    await expect(reportPage([], { command })).rejects.toThrow('at least 1 run, got none');
  });

  it('shows trainings: their accuracy, curves and cells, without a slider', async () => {
    const trained = [0, 1].map((seed) => fakeTraining({ name: 'train-hls', label: 'HLS, derived', seed, epochs: 3 }));
    const resnet = fakeTraining({
      name: 'resnet32',
      label: 'ResNet-32',
      seed: 0,
      epochs: 3,
      validated: false,
      cells: false,
    });
    const alone = await open([...trained, resnet]);
    expect(alone.querySelector('#results')?.textContent).not.toContain('never retrained');
    expect(alone.querySelectorAll('.cell .wide svg').length).toBe(2);
    expect(alone.querySelectorAll('.slider')).toHaveLength(0);
    // What speaks of searches alone is not there.
    expect(alone.querySelector('h1')?.textContent).toBe('Training on long-tailed images');
    expect(alone.querySelector('#choices')).toBeNull();
    const captions = [...alone.querySelectorAll('figcaption b')].map(({ textContent }) => textContent);
    expect(captions.length).toBeGreaterThan(0);
    expect(captions.filter((caption) => caption?.includes('architecture'))).toEqual([]);
    expect(alone.querySelector('#cells details')?.textContent).toContain('sep_conv_3x3');
    const beside = await open([hls(), ...trained, resnet]);
    expect(rowsOf(beside, 'results').map(([method, seeds]) => [method, seeds])).toEqual([
      ...Array.from({ length: 2 }, () => [
        ['HLS', expect.anything()],
        ['HLS, derived (train)', expect.anything()],
        ['ResNet-32 (train)', expect.anything()],
      ]).flat(),
    ]);
    expect(beside.querySelector('#results')?.textContent).toContain('never retrained');
    expect(beside.querySelector('h1')?.textContent).toBe('Architecture search on long-tailed images');
    expect(beside.querySelector('#choices')).not.toBeNull();
    expect(beside.querySelector('header')?.textContent).toContain('Train: epochs 3, batchSize 96');
    expect(rowsOf(beside, 'classes')[0]).toHaveLength(2 + 3);
    expect(beside.querySelectorAll('.slider')).toHaveLength(1);
  });

  it('names runs that could not be opened', async () => {
    const unreadable = [{ path: 'runs/bad', problems: ['run.json is damaged'] }];
    const page = await reportPage([hls()], { command, unreadable });
    expect(page).toContain('<code>runs/bad</code>: run.json is damaged');
  });

  it('has what changes make of the claims', async () => {
    const varied = { ...hls(), info: { ...hls().info, changes: { freeze: 'sqrt' } } };
    const document = await open([hls(), darts, varied]);
    expect(rowsOf(document, 'sensitivity').map(([change]) => change)).toContain('freeze sqrt');
    expect((await open([hls(), darts])).querySelector('#sensitivity')).toBeNull();
  });
});

describe('writing a page', () => {
  it('escapes values and keeps markup', () => {
    expect(html`<a b="${'"<'}">${[html`<i>${'&'}</i>`, trusted('<b>')]}${null}${0}</a>`.markup).toBe(
      '<a b="&quot;&lt;"><i>&amp;</i><b>0</a>',
    );
  });
});
