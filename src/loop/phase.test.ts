import { describe, expect, it } from 'vitest';
import { bytesOf, tinyContinued, tinyRun } from '../../test/support/tiny.js';
import type { Continuation } from '../experiment/index.js';
import { BACKBONE, bilateralNetwork } from '../net/index.js';
import { constant, schedule } from '../schedule/index.js';
import { parseSafetensors, scope } from '../tensor/index.js';
import { type Epoch, type Live, type Phase, totalEpochs } from './index.js';

const sizes = { epochs: 2, channels: 2, layers: 3, nodes: 1 } as const;

const phasesOf = (continued: Partial<Continuation> = {}, values = {}): readonly Phase[] =>
  tinyContinued([{ name: 'continued', share: 1, mixing: constant(0), ...continued }], { ...sizes, ...values }).phases;

/** Every tensor of a run as plain numbers, by its name in the snapshot. */
const stateOf = (live: Live): Map<string, number[]> =>
  scope(() => {
    const { tensors } = parseSafetensors(bytesOf(live));
    return new Map(Object.entries(tensors).map(([name, t]) => [name, t.toArray()]));
  });

const run = async (live: Live) => {
  const records: Epoch[] = [];
  const states: Map<string, number[]>[] = [];
  for await (const event of live) {
    if (event.type !== 'epoch') continue;
    records.push(event.record);
    states.push(stateOf(live));
  }
  return { records, states };
};

describe('phases', () => {
  it('start their schedules anew, and go by the mixing of their own', async () => {
    const live = tinyRun(phasesOf({ mixing: constant(0.5), frozen: [] }));
    expect(live.epochs).toBe(4);
    const { records } = await run(live);
    live.dispose();
    expect(records.map(({ phase, epoch, t, knobs }) => [phase, epoch, t, knobs['mixing']])).toEqual([
      ['search', 0, 0, 1],
      ['search', 1, 0.5, 0.75],
      ['continued', 2, 0, 0.5],
      ['continued', 3, 0.5, 0.5],
    ]);
    const rate = (epoch: number, name: string): number => records[epoch]?.knobs[name] ?? Number.NaN;
    expect(rate(2, 'weightLr')).toBe(rate(0, 'weightLr'));
    // Eq 17 at m = 0.5: the soft freeze follows the phase's mixing.
    expect(rate(2, `archLr.${BACKBONE}`) / rate(2, 'archLr.class')).toBeCloseTo(Math.exp(-1), 12);
  });

  it.each([1, 2] as const)(
    'frozen components do not move: weights, alpha, batch-norm buffers, nor what the optimizers remember (order %d)',
    async (order) => {
      const live = tinyRun(phasesOf({ frozen: [BACKBONE, 'instance'] }, { order }));
      const { records, states } = await run(live);
      live.dispose();
      const [before, after] = [states[1], states[3]];
      if (before === undefined || after === undefined) throw new Error('the search must have four epochs');
      const { store, alphas, dispose } = bilateralNetwork({ ...sizes, classes: 3, inputChannels: 3 });
      const momentum = (state: Map<string, number[]>, component: string): number[] => {
        const [start, length] = store.range(component);
        return (state.get('weight-optimizer/momentum') ?? []).slice(start, start + length);
      };
      for (const component of store.components) {
        const moved = momentum(before, component).join() !== momentum(after, component).join();
        expect(moved, `momentum of ${component}`).toBe(component === 'class');
      }
      const changed = (prefix: string): string[] =>
        [...before]
          .filter(([name, v]) => name.startsWith(prefix) && v.join() !== after.get(name)?.join())
          .map(([n]) => n);
      const moved = new Set(changed('weight/'));
      const own = store.parameters.filter(({ component }) => component === 'class');
      expect([...moved].sort()).toEqual(own.map(({ name }) => `weight/${name}`).sort());
      expect(changed('alpha/')).toEqual(['alpha/class.normal']);
      expect(changed('buffer/').length).toBeGreaterThan(0);
      expect(changed('buffer/').filter((name) => !name.startsWith('buffer/class.'))).toEqual([]);
      const classGroup = alphas.findIndex((a) => a.component === 'class');
      expect(changed('arch-optimizer/').filter((name) => !name.startsWith(`arch-optimizer/${classGroup}.`))).toEqual(
        [],
      );
      expect(Object.keys(records[3]?.gradNorm['weights'] ?? {})).toEqual(['class']);
      expect(Object.keys(records[3]?.gradNorm['alpha'] ?? {})).toEqual(['class']);
      dispose();
    },
  );

  it('are resumed within a frozen phase to the bit', async () => {
    const frozen = phasesOf({ frozen: [BACKBONE, 'instance'] });
    const whole = tinyRun(frozen);
    let middle: Buffer | undefined;
    for await (const event of whole)
      if (event.type === 'step' && event.epoch === 2 && event.step === 2) middle = bytesOf(whole);
    const end = bytesOf(whole);
    whole.dispose();
    const again = tinyRun(frozen, { resume: middle });
    for await (const _ of again);
    expect(bytesOf(again).equals(end)).toBe(true);
    again.dispose();
  });

  it('refuse to freeze what no network has, before anything is trained', () => {
    expect(() => tinyRun(phasesOf({ frozen: ['stem'] }))).toThrow(
      /"stem" must be one of the components backbone, instance, class/,
    );
  });

  it('refuse rates that are no rates, before anything is trained', () => {
    const wild = schedule('wild', (t) => (t === 0.5 ? Number.NaN : 1));
    const [search] = phasesOf();
    if (search === undefined) throw new Error('there must be a phase');
    const withKnobs = (knobs: Phase['knobs']) => [{ ...search, knobs: { ...search.knobs, ...knobs } }];
    expect(() => tinyRun(withKnobs({ 'archLr.backbone': wild }))).toThrow(
      'Cannot run phase search: archLr.backbone must be a number >= 0, wild is NaN at t = 0.50',
    );
    expect(() => tinyRun(withKnobs({ weightLr: constant(-1) }))).toThrow(
      'Cannot run phase search: weightLr must be a number >= 0, constant(-1) is -1 at t = 0.00',
    );
    expect(() => tinyRun(withKnobs({ temperature: wild }))).toThrow(/temperature must be a finite number, wild is NaN/);
  });

  it('last at least an epoch', () => {
    expect(totalEpochs(phasesOf({ share: 0.1 }))).toBe(3);
  });

  it('must begin with one that builds a network', () => {
    const [, continued] = phasesOf();
    expect(() => tinyRun(continued === undefined ? [] : [continued])).toThrow('the first phase must build a network');
    expect(() => tinyRun([])).toThrow(RangeError);
  });
});
