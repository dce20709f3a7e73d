import { describe, expect, it } from 'vitest';
import { bytesOf, rest, tinyContinued, tinyPlan, tinyRun, watched } from '../../test/support/tiny.js';
import type { Epoch, LoopEvent, Phase, StopRule } from '../loop/index.js';
import { constant } from '../schedule/index.js';
import { dartsSpace } from '../space/index.js';
import { stopRules } from './index.js';

const sizes = { epochs: 3, channels: 1, layers: 1, nodes: 1 };

/** HLS at 3 epochs, and 2 more; its search ends after one, its second phase when `later` says. */
const phasesWith = (first: StopRule | undefined, later?: StopRule): Phase[] =>
  tinyContinued([{ name: 'continued', share: 2 / 3, mixing: constant(0.5) }], sizes).phases.map((phase, i) => ({
    ...phase,
    stop: i === 0 ? first : later,
  }));

/** Ends a phase after so many of its epochs. */
const after = (n: number): StopRule => ({
  label: `after(${n})`,
  reason: (epochs) => (epochs.length >= n ? `${epochs.length} of phase ${epochs[0]?.phase}` : undefined),
});

const epochsOf = (events: readonly unknown[]): unknown[] =>
  events.flatMap((event) => {
    const { phase, epoch, t } = { phase: '', epoch: -1, t: -1, ...Object(event) };
    return t < 0 ? [] : [[phase, epoch, t]];
  });

describe('a phase that ends early', () => {
  it('is followed by the next from its first progress on, in the epoch that comes', async () => {
    const live = tinyRun(phasesWith(after(1)));
    const events = await rest(live);
    expect(epochsOf(events)).toEqual([
      ['search', 0, 0],
      ['continued', 1, 0],
      ['continued', 2, 0.5],
    ]);
    expect(live.epoch).toBe(3);
    live.dispose();
    const stop = events.findIndex((event) => Object(event).type === 'stop');
    expect(events[stop]).toEqual({ type: 'stop', phase: 'search', epoch: 1, reason: '1 of phase search' });
    expect(events[stop - 1]).toMatchObject({ phase: 'search', epoch: 0 });
    expect(events[stop + 1]).toMatchObject({ type: 'step', epoch: 1, step: 1 });
  });

  it('ends the run where it is the last, and sees the epochs of its own phase alone', async () => {
    const live = tinyRun(phasesWith(after(2), after(1)));
    const events = await rest(live);
    expect(epochsOf(events)).toEqual([
      ['search', 0, 0],
      ['search', 1, 1 / 3],
      ['continued', 2, 0],
    ]);
    expect(events.at(-1)).toEqual({ type: 'stop', phase: 'continued', epoch: 3, reason: '1 of phase continued' });
    const resumed = tinyRun(phasesWith(after(2), after(1)), { resume: bytesOf(live) });
    expect(bytesOf(resumed).equals(bytesOf(live))).toBe(true);
    expect(await rest(resumed)).toEqual([]);
    for (const each of [live, resumed]) each.dispose();
  });

  it('has not ended early when it was over', async () => {
    const live = tinyRun(phasesWith(after(3)));
    expect((await rest(live)).filter((event) => Object(event).type === 'stop')).toEqual([]);
    expect(live.epoch).toBe(5);
    live.dispose();
  });

  /** Where it is resumed, and whether the stop is still to be said. */
  const places: readonly [string, (event: LoopEvent) => boolean, boolean][] = [
    ['before it ends', (event) => event.type === 'step' && event.epoch === 1 && event.step === 3, true],
    ['right after its last epoch', (event) => event.type === 'epoch' && event.record.epoch === 1, false],
    ['when the stop was said', (event) => event.type === 'stop', false],
    ['within the following phase', (event) => event.type === 'step' && event.epoch === 2 && event.step === 2, false],
    ['in its second epoch', (event) => event.type === 'step' && event.epoch === 3 && event.step === 1, false],
  ];
  it.each(places)('is resumed %s to the byte', async (_, place, said) => {
    const phases = phasesWith(after(2));
    const { events, records, middle, end } = await watched(tinyRun(phases), place);
    const resumed = tinyRun(phases, { resume: middle, records });
    expect(bytesOf(resumed).equals(middle)).toBe(true);
    const again = await rest(resumed);
    expect(bytesOf(resumed).equals(end)).toBe(true);
    resumed.dispose();
    expect(again).toEqual(events.filter((event) => said || Object(event).type !== 'stop'));
  });
});

describe('stop rules', () => {
  const epoch = (found: Epoch['genotype']): Epoch[] => [
    {
      ...{ kind: 'search', phase: 'search', epoch: 0, t: 0, knobs: {}, trainLoss: 0, trainAccuracy: 0 },
      ...{ validLoss: null, validAccuracy: null, perClassAccuracy: null, answers: null, gradNorm: {} },
      ...{ seconds: 0, imagesPerSecond: 0 },
      ...(found && { genotype: found }),
    },
  ];
  const cellWith = (skips: number) => ({
    nodes: [0, 1].map((node) =>
      [0, 1].map((from) => ({ op: 2 * node + from < skips ? 'skip_connect' : 'sep_conv_3x3', from })),
    ),
    concat: [2, 3],
  });

  it('never ends nothing', () => {
    expect(stopRules.read('never').reason(epoch({ backbone: { normal: cellWith(4) } }), dartsSpace)).toBeUndefined();
  });

  it('skips ends a search whose normal cell has too many skip connections, in any component', () => {
    const { reason, label } = stopRules.read('skips(3)');
    expect(label).toBe('skips(3)');
    expect(stopRules.read('skips').label).toBe('skips(2)');
    expect(reason(epoch({ backbone: { normal: cellWith(2), reduction: cellWith(4) } }), dartsSpace)).toBeUndefined();
    expect(reason(epoch({ backbone: { normal: cellWith(1) }, class: { normal: cellWith(3) } }), dartsSpace)).toBe(
      'the normal cell of class has 3 skip connections',
    );
    // Before the class head has had a gradient, its cell is that of chance.
    const heads = { backbone: { normal: cellWith(1) }, class: { normal: cellWith(3) } };
    const [early = [], late = []] = [0, 0.1].map((norm) =>
      epoch(heads).map((one) => ({ ...one, gradNorm: { alpha: { backbone: 0.1, class: norm } } })),
    );
    expect(reason(early, dartsSpace)).toBeUndefined();
    expect(reason([...early, ...late], dartsSpace)).toBe('the normal cell of class has 3 skip connections');
    expect(reason(epoch(undefined), dartsSpace)).toBeUndefined();
    expect(reason([], dartsSpace)).toBeUndefined();
  });

  it('are options of a search', () => {
    const { phases, values } = tinyPlan({ stop: 'skips(1)', layers: 3 });
    expect([phases[0]?.stop?.label, values['stop']]).toEqual(['skips(1)', 'skips(1)']);
    for (const stop of ['skips(0)', 'skips(1.5)', 'skips(-2)'])
      expect(() => tinyPlan({ stop })).toThrow('--stop: Cannot read stop rule');
  });
});
