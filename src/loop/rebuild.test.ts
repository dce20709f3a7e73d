import { describe, expect, it } from 'vitest';
import { bytesOf, rest, tinyDataset, tinyPlan, tinyRun, watched } from '../../test/support/tiny.js';
import { type Learner, plainObjective, supervised } from '../learn/index.js';
import { crossEntropyLoss } from '../loss/index.js';
import { derivedNetwork } from '../net/index.js';
import { genotypes } from '../run/index.js';
import { constant } from '../schedule/index.js';
import { liveTensors } from '../tensor/index.js';
import type { LoopEvent, Phase } from './index.js';

const sizes = { channels: 1, layers: 2, nodes: 1 };

/** How the second phase was started: with the learner before it, or from what a checkpoint holds. */
type Start = 'before' | 'memo';

/** A search, and the network that it found, trained anew: its learner remembers the cells. */
const searchAndTrain = (starts: Start[] = []): Phase[] => {
  const [search] = tinyPlan({ ...sizes, epochs: 2 }).phases;
  if (search === undefined) throw new Error('there must be a phase');
  const train: Phase = {
    name: 'train',
    epochs: 2,
    knobs: { weightLr: constant(0.05) },
    start: (context, { before, memo }): Learner => {
      starts.push(before === undefined ? 'memo' : 'before');
      const found = before?.genotypes() ?? genotypes.parse(memo);
      const model = derivedNetwork({ ...sizes, ...context }, { genotype: found['backbone'] ?? {} });
      const learner = supervised({
        model,
        objective: plainObjective(model, crossEntropyLoss().build(context.counts)),
        streams: [{ part: 'train', sampling: 'class' }],
        momentum: 0.9,
        weightDecay: 0,
        gradClip: 5,
        genotypes: found,
      });
      const remembered = JSON.parse(JSON.stringify(found));
      return { ...learner, memo: { save: () => remembered, restore: () => {} } };
    },
  };
  return [search, train];
};

const places: readonly [string, Start[], (event: LoopEvent) => boolean][] = [
  ['in the first phase', ['before'], (event) => event.type === 'step' && event.epoch === 1 && event.step === 2],
  ['at its end', ['before'], (event) => event.type === 'epoch' && event.record.epoch === 1],
  ['in the second phase', ['memo'], (event) => event.type === 'step' && event.epoch === 2 && event.step === 1],
  ['between its epochs', ['memo'], (event) => event.type === 'epoch' && event.record.epoch === 2],
  ['at the very end', ['memo'], (event) => event.type === 'epoch' && event.record.epoch === 3],
];

describe('a phase that builds a learner of its own', () => {
  it('is given the learner before it, which is then released', async () => {
    const before = liveTensors();
    const starts: Start[] = [];
    const live = tinyRun(searchAndTrain(starts));
    const records = (await rest(live)).filter((event) => 't' in Object(event));
    expect(records.map((record) => Object(record).kind)).toEqual(['search', 'search', 'train', 'train']);
    expect(records.map((record) => Object(record).t)).toEqual([0, 0.5, 0, 0.5]);
    expect(Object.keys(Object(records[2]).gradNorm)).toEqual(['weights']);
    expect(starts).toEqual(['before']);
    expect(live.genotypes()).toEqual(Object(records[1]).genotype);
    live.dispose();
    expect(liveTensors()).toBe(before);
  });

  it.each(places)('is resumed %s to the byte', async (_, how, place) => {
    const { events, middle, end } = await watched(tinyRun(searchAndTrain(), { seed: 4 }), place);
    const starts: Start[] = [];
    const resumed = tinyRun(searchAndTrain(starts), { seed: 4, resume: middle });
    expect(bytesOf(resumed).equals(middle)).toBe(true);
    expect(await rest(resumed)).toEqual(events);
    expect(bytesOf(resumed).equals(end)).toBe(true);
    expect(starts).toEqual(how);
    resumed.dispose();
  });

  it('is what a run ends with, and is tested', async () => {
    const live = tinyRun(searchAndTrain());
    await rest(live);
    const pass = live.evaluate();
    let next = await pass.next();
    while (!next.done) next = await pass.next();
    expect(next.value).toMatchObject({ split: 'test', at: {}, answers: null });
    expect(next.value.confusion.flat().reduce((a, b) => a + b)).toBe(tinyDataset().test.labels.length);
    live.dispose();
  });
});
