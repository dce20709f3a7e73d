import { describe, expect, it } from 'vitest';
import { bytesOf, rest, tinyPlan, tinyRun, watched } from '../../test/support/tiny.js';
import { liveTensors, parseSafetensors, randn, toSafetensors } from '../tensor/index.js';
import type { LoopEvent } from './index.js';

const places: Readonly<Record<string, (event: LoopEvent) => boolean>> = {
  'in an epoch': (event) => event.type === 'step' && event.epoch === 0 && event.step === 2,
  'at the end of an epoch': (event) => event.type === 'epoch',
};
const cases = ([1, 2] as const).flatMap((order) =>
  Object.entries(places).map(([name, stop]) => ({ order, name, stop })),
);

describe('a run', { timeout: 30_000 }, () => {
  it.each(cases)('of order $order resumed $name continues as if nothing had happened, to the bit', async (given) => {
    const { phases } = tinyPlan({ order: given.order });
    const { events, middle, end } = await watched(tinyRun(phases, { seed: 3 }), given.stop);
    randn([5]).dispose();
    const resumed = tinyRun(phases, { seed: 3, resume: middle });
    expect(bytesOf(resumed).equals(middle)).toBe(true);
    expect(await rest(resumed)).toEqual(events);
    expect(bytesOf(resumed).equals(end)).toBe(true);
    resumed.dispose();
  });

  it('repeats itself for the same seed, and not for another', async () => {
    const run = async (seed: number) => {
      const live = tinyRun(tinyPlan({ epochs: 1 }).phases, { seed });
      const events = await rest(live);
      const bytes = bytesOf(live);
      live.dispose();
      return { events, bytes };
    };
    const [first, again, other] = [await run(1), await run(1), await run(2)];
    expect(again.events).toEqual(first.events);
    expect(again.bytes.equals(first.bytes)).toBe(true);
    expect(other.bytes.equals(first.bytes)).toBe(false);
  });

  it('leaves no tensor behind', async () => {
    const before = liveTensors();
    const live = tinyRun(tinyPlan({ epochs: 1 }).phases);
    await rest(live);
    for await (const _ of live.evaluate());
    live.dispose();
    expect(liveTensors()).toBe(before);
  });

  it('refuses a snapshot of another network', () => {
    const live = tinyRun(tinyPlan().phases);
    const bytes = bytesOf(live);
    live.dispose();
    const before = liveTensors();
    expect(() => tinyRun(tinyPlan({ channels: 6 }).phases, { resume: bytes })).toThrow(
      /^Cannot use checkpoint: its network must have the layout [0-9a-f]{12}…, it has [0-9a-f]{12}…: /,
    );
    expect(() => tinyRun(tinyPlan().phases, { resume: bytes.subarray(0, 100) })).toThrow('Cannot read safetensors');
    expect(liveTensors()).toBe(before);
  });

  it('refuses a snapshot whose standing is damaged', () => {
    const live = tinyRun(tinyPlan().phases);
    const { tensors } = parseSafetensors(bytesOf(live));
    live.dispose();
    for (const standing of ['', '{"epoch":1}', '[]']) {
      const resume = Buffer.concat(toSafetensors(tensors, { metadata: { standing } }));
      expect(() => tinyRun(tinyPlan().phases, { resume })).toThrow(
        'Cannot use checkpoint: it does not say the epoch and step of its run',
      );
    }
  });
});
