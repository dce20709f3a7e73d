import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as ort from 'onnxruntime-web';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { toOnnxBytes } from '../../src/export/onnx-write.js';
import { noGrad, randn, scope } from '../../src/tensor/index.js';
import { built, graphOf, networkCases, primitiveCases } from '../support/exports.js';
import { peers } from '../support/peers.js';

const TOLERANCE = 1e-4;
const folder = mkdtempSync(join(tmpdir(), 'tailnas-peers-'));

interface Batch {
  readonly input: string;
  readonly output: string;
  readonly shape: readonly number[];
}
const cases: { readonly file: string; readonly batches: readonly Batch[] }[] = [];
const found = z.array(
  z.object({
    file: z.string(),
    opset: z.number(),
    ir: z.number(),
    free: z.string(),
    metadata: z.record(z.string(), z.string()),
    deviation: z.number(),
  }),
);
const floats = (name: string): Float32Array =>
  new Float32Array(new Uint8Array(readFileSync(join(folder, name))).buffer);

/** Writes the graph of every primitive and network, with images and what libtorch answers to them. */
beforeAll(() => {
  for (const [name, make] of [...primitiveCases(), ...networkCases()]) {
    const of = built(make);
    const file = `${name.replace(/\W+/g, '-')}.onnx`;
    writeFileSync(join(folder, file), toOnnxBytes(graphOf(of)));
    const batches = [1, 3].map((images): Batch => {
      const shape = [images, of.channels, of.imageSize, of.imageSize];
      const [input, output] = ['in', 'out'].map((what) => `${file}.${images}.${what}`);
      if (input === undefined || output === undefined) throw new Error('no names');
      scope(() =>
        noGrad(() => {
          const x = randn(shape);
          writeFileSync(join(folder, input), Buffer.from(Float32Array.from(x.toArray()).buffer));
          writeFileSync(join(folder, output), Buffer.from(Float32Array.from(of.answer(x).toArray()).buffer));
        }),
      );
      return { input, output, shape };
    });
    of.store.dispose();
    cases.push({ file, batches });
  }
  writeFileSync(join(folder, 'cases.json'), JSON.stringify(cases));
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('every primitive and network, read by others', () => {
  it("passes onnx's full check and answers as libtorch in PyPI's onnxruntime", () => {
    const script = join(import.meta.dirname, 'check.py');
    const out = execFileSync(peers.python, [script, folder], { encoding: 'utf8', maxBuffer: 2 ** 26 });
    const read = found.parse(JSON.parse(out));
    expect(read.map(({ file }) => file)).toEqual(cases.map(({ file }) => file));
    expect(read.length).toBeGreaterThan(90);
    expect(read.filter(({ deviation }) => !(deviation < TOLERANCE))).toEqual([]);
    expect(new Set(read.map(({ opset, ir, free }) => `${opset} ${ir} ${free}`))).toEqual(new Set(['17 8 batch']));
    expect(read[0]?.metadata).toEqual({ classes: '["a"]' });
    console.log(`onnxruntime: at most ${Math.max(...read.map(({ deviation }) => deviation)).toExponential(1)}`);
  });

  it('answers as libtorch in onnxruntime-web', async () => {
    ort.env.wasm.numThreads = 1;
    const off: [string, number][] = [];
    for (const { file, batches } of cases) {
      const session = await ort.InferenceSession.create(readFileSync(join(folder, file)));
      for (const { input, output, shape } of batches) {
        const { logits } = await session.run({ images: new ort.Tensor('float32', floats(input), shape) });
        const expected = floats(output);
        const largest = expected.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
        expect(logits?.data.length).toBe(expected.length);
        const differences = Array.from(expected, (value, i) => Math.abs(value - Number(logits?.data[i])));
        off.push([file, Math.max(...differences) / largest]);
      }
      await session.release();
    }
    expect(off.filter(([, deviation]) => !(deviation < TOLERANCE))).toEqual([]);
    console.log(`onnxruntime-web: at most ${Math.max(...off.map(([, deviation]) => deviation)).toExponential(1)}`);
  });
});
