import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { editJson } from '../../test/support/edit-run.js';
import { tinyPlan } from '../../test/support/tiny.js';
import { trainedRun, twoHeads } from '../../test/support/trained.js';
import { command } from '../cli/export.js';
import { exportOnnx } from '../index.js';
import { open } from '../session/index.js';
import { liveTensors, parseSafetensors, zeros } from '../tensor/index.js';
import { deviation, requireClose } from './check.js';
import { modelCard, placeDemo, placeTransformers, withExportable } from './index.js';
import { readOnnx } from './onnx-read.js';
import { placeFile, placeFolder } from './place.js';
import { runtimeFiles } from './runtime.js';

const folder = mkdtempSync(join(tmpdir(), 'tailnas-export-'));
const path = (...names: string[]): string => join(folder, ...names);
let [run, grey, searched] = ['', '', ''];

beforeAll(async () => {
  run = await trainedRun(folder);
  grey = await trainedRun(folder, { grey: true, name: 'grey' });
  searched = await trainedRun(folder, { plan: tinyPlan({ epochs: 1, nodes: 1, channels: 2 }), name: 'searched' });
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true }));

/** What a command prints on stdout. */
const said = async (...words: string[]): Promise<string> => {
  const written: string[] = [];
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      if (name === 'stdout') written.push(String(text));
      return true;
    }),
  );
  try {
    await command().exitOverride().parseAsync(words, { from: 'user' });
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  return written.join('');
};

describe('exportOnnx', () => {
  it('writes the file of a run, or of an open model, which stays open', () => {
    const before = liveTensors();
    const { file, bytes, opset, input, deviation: off } = exportOnnx(run, path('new', 'a.onnx'), { license: 'mit' });
    expect(liveTensors()).toBe(before);
    expect({ opset, shape: input.shape }).toEqual({ opset: 17, shape: ['batch', 3, 15, 15] });
    expect(off).toBeLessThan(1e-5);
    const content = readFileSync(file);
    expect(content.length).toBe(bytes);
    const { metadata, inputs } = readOnnx(content);
    expect(inputs[0]?.name).toBe('images');
    const model = open(run);
    expect(metadata).toMatchObject({
      classes: JSON.stringify(['cat', 'dog | "wild"', 'owl']),
      image_size: '15',
      mean: JSON.stringify(model.info.data.mean),
      data_fingerprint: model.info.data.fingerprint,
      license: 'mit',
    });
    expect(metadata['weights_sha256']).toMatch(/^[0-9a-f]{64}$/);
    expect(metadata['assumed_prior']).toBe(JSON.stringify(model.assumes));
    exportOnnx(model, path('b.onnx'), { license: 'mit' });
    expect(readFileSync(path('b.onnx')).equals(content)).toBe(true);
    model.logits(new Uint8Array(15 * 15 * 3)).dispose();
    model.dispose();
    expect(liveTensors()).toBe(before);
    expect(readdirSync(path('new'))).toEqual(['a.onnx']);
  });

  it('bakes in the mixing that the test was reported at', async () => {
    const both = await trainedRun(folder, { plan: twoHeads(), name: 'both' });
    const file = join(both, 'evaluation.json');
    const graphs = [0, 0.4].map((mixing) => {
      editJson(file, (text) => JSON.stringify({ ...JSON.parse(text), at: { mixing } }));
      exportOnnx(both, path(`mixing-${mixing}.onnx`));
      const graph = readOnnx(readFileSync(path(`mixing-${mixing}.onnx`)));
      expect(JSON.parse(graph.metadata['at'] ?? '')).toEqual({ mixing });
      return graph.constants.filter(({ name }) => name.startsWith('instance.')).length;
    });
    expect(graphs[0]).toBe(0);
    expect(graphs[1]).toBeGreaterThan(0);
  });

  it('refuses what cannot be exported, with what to do', () => {
    expect(() => exportOnnx(searched, path('no.onnx'))).toThrow(
      `Cannot export ${searched}: it must be a trained network, this is a search`,
    );
    const model = open(searched);
    expect(() => exportOnnx(model, path('no.onnx'))).toThrow('this is a search');
    model.dispose();
    const copy = (name: string): string => {
      cpSync(run, path(name), { recursive: true });
      return path(name);
    };
    const old = copy('old');
    editJson(join(old, 'run.json'), (text) => {
      const info = JSON.parse(text);
      Object.assign(info.data, { mean: null, std: null });
      return JSON.stringify(info);
    });
    expect(() => exportOnnx(old, path('no.onnx'))).toThrow('it is of format 1');
    const empty = copy('empty');
    rmSync(join(empty, 'checkpoints'), { recursive: true });
    expect(() => exportOnnx(empty, path('no.onnx'))).toThrow('its checkpoints are not there; copy');
    expect(() => exportOnnx(folder, path('no.onnx'))).toThrow('a run folder holds run.json');
    writeFileSync(path('taken.onnx'), 'mine');
    expect(() => exportOnnx(run, path('taken.onnx'))).toThrow('it must not exist yet, and it does; name another place');
    expect(readFileSync(path('taken.onnx'), 'utf8')).toBe('mine');
    expect(existsSync(path('no.onnx'))).toBe(false);
  });
});

describe('the check', () => {
  it('sees an answer that differs, is no number, or is of the first batch only', () => {
    withExportable(run, (network) => {
      const exact = (change: (z: number[]) => number[]) => {
        let asked = 0;
        const own = network.open.logits;
        const answers: number[][] = [];
        const noted = {
          ...network,
          open: {
            ...network.open,
            logits: (bytes: Uint8Array) => {
              const logits = own(bytes);
              answers.push(logits.toArray());
              return logits;
            },
          },
        };
        return deviation(noted, () => {
          const answer = change(answers[asked++] ?? []);
          const out = zeros([answer.length]);
          Object.defineProperty(out, 'toArray', { value: () => answer });
          return out;
        });
      };
      expect(exact((z) => z)).toBe(0);
      expect(exact((z) => z.map((v, i) => (i === 3 ? v + 1e-3 : v)))).toBeGreaterThan(1e-4);
      expect(exact((z) => z.map(() => Number.NaN))).toBe(Number.POSITIVE_INFINITY);
      expect(exact((z) => z.slice(0, 3))).toBe(Number.POSITIVE_INFINITY);
    });
    expect(() => requireClose('it', 2e-4)).toThrow(
      /must be within 0.0001 of libtorch's on 64 images.*nothing was written/,
    );
    expect(() => requireClose('it', Number.NaN)).toThrow('nothing was written');
  });
});

describe('a folder', () => {
  it('for transformers.js has what its pipeline reads; grey is made of three channels', () => {
    for (const [of, channels] of [
      [run, 3],
      [grey, 1],
    ] as const) {
      const out = path(`tf-${channels}`);
      const { files } = withExportable(of, (network) => placeTransformers(network, out));
      expect(files).toEqual(['config.json', 'preprocessor_config.json', 'onnx/model.onnx']);
      const read = (name: string) => JSON.parse(readFileSync(join(out, name), 'utf8'));
      expect(read('config.json')).toMatchObject({ model_type: 'resnet', id2label: { 1: 'dog | "wild"' } });
      const preparation = { size: { shortest_edge: 15 }, crop_size: { height: 15, width: 15 } };
      expect(read('preprocessor_config.json')).toMatchObject({ ...preparation, do_normalize: channels === 3 });
      const graph = readOnnx(readFileSync(join(out, 'onnx/model.onnx')));
      expect(graph.inputs).toEqual([{ name: 'pixel_values', type: 'float32', shape: ['batch', 3, 15, 15] }]);
      expect(graph.nodes[0]?.op).toBe(channels === 3 ? 'Conv' : 'LessOrEqual');
    }
  });

  it('of a demo has all that its page names, and no other host', () => {
    const out = path('demo');
    const runtime = () => new Map([['ort.js', '']]);
    const { files } = withExportable(run, (network) => placeDemo(network, out, { runtime }));
    const page = readFileSync(join(out, 'index.html'), 'utf8');
    for (const [, name = ''] of page.matchAll(/(?:href|src)="([^"]+)"/g)) expect(files).toContain(name);
    expect(page).toContain('script-src &#39;self&#39; &#39;wasm-unsafe-eval&#39;'.replaceAll('&#39;', "'"));
    expect(page).toContain('dog | &quot;wild&quot;');
    expect(files.map((name) => readFileSync(join(out, name), 'latin1')).join('')).not.toMatch(/src="http|from 'http/);
    expect(() => withExportable(run, (network) => placeDemo(network, out, { runtime }))).toThrow('must not exist yet');
  });

  it('of a demo needs onnxruntime-web, and says how to get it', () => {
    expect([...runtimeFiles().keys()]).toEqual(['ort.js', 'ort-wasm-simd-threaded.wasm', 'LICENSE']);
    expect(() => runtimeFiles([tmpdir()])).toThrow('say `npm install onnxruntime-web`');
  });

  it('is there complete or not at all', () => {
    const wrong = new Map([
      ['a', 'a'],
      ['a/b', 'no folder'],
    ]);
    mkdirSync(path('half'));
    expect(() => placeFolder(path('half', 'new'), wrong)).toThrow(`Cannot export to ${path('half', 'new')}: `);
    expect(readdirSync(path('half'))).toEqual([]);
  });

  it('goes through no link that lies in the way', () => {
    for (const name of ['ours', 'theirs']) mkdirSync(path(name));
    symlinkSync(path('theirs'), path('ours', `.tmp-${process.pid}-new`));
    placeFolder(path('ours', 'new'), new Map([['a', 'a']]));
    expect(readdirSync(path('ours'))).toEqual(['new']);
    symlinkSync(path('theirs', 'nothing'), path('ours', 'link'));
    expect(() => placeFile(path('ours', 'link'), 'a')).toThrow('it must not exist yet');
    expect(readdirSync(path('theirs'))).toEqual([]);
  });
});

describe('a model card', () => {
  it('says how good each class is, and has a model-index that YAML reads', () => {
    const card = withExportable(run, modelCard, { license: 'cc-by-4.0' });
    const [, front = ''] = /^---\n([\s\S]*?)\n---\n/.exec(card) ?? [];
    expect(front).toContain('pipeline_tag: image-classification\nlicense: "cc-by-4.0"\ntags:');
    expect(front).toMatch(/model-index:\n {2}- name: "cells on images"\n {4}results:\n {6}- task:/);
    expect(card).toMatch(/\| dog \\\| "wild" \| middle \| \d+ \| [0-3] of 3 \| [\d.]+ % \| [\d.]+ % to [\d.]+ % \|/);
    for (const part of ['Results', 'What it is not for', 'How to use it', 'Training'])
      expect(card).toContain(`## ${part}`);
    expect(card).not.toMatch(/NaN|undefined|Infinity/);
    expect(card).not.toContain(folder);
    const { evaluation: _, ...none } = open(run);
    expect(() => withExportable({ ...none, evaluation: undefined }, modelCard)).toThrow('it has none yet; let it end');
    none.dispose();
  });
});

describe('tailnas export', () => {
  it('makes all that it is asked for, and says what', async () => {
    const words = ['--onnx', path('c.onnx'), '--safetensors', path('c.safetensors'), '--card', path('C.md')];
    const out = JSON.parse(await said(run, ...words, '--for', 'transformers.js', path('c'), '--json'));
    expect(out).toMatchObject({ run, onnx: { opset: 17 }, safetensors: { tensors: expect.any(Number) } });
    expect(out.transformers.files.length).toBe(3);
    const { tensors, metadata } = parseSafetensors(readFileSync(path('c.safetensors')));
    expect(Object.keys(tensors)).toContain('stem.0.weight');
    expect(Object.keys(tensors).filter((name) => name.startsWith('auxiliary.'))).toEqual([]);
    expect(JSON.parse(metadata['genotype'] ?? '').backbone.normal.concat).toEqual([2, 3]);
    for (const t of Object.values(tensors)) t.dispose();
    expect(readFileSync(path('C.md'), 'utf8')).toBe(await said(run, '--card'));
    const text = await said(run, '--onnx', path('d.onnx'));
    expect(text).toMatch(/d\.onnx +ONNX, opset 17, \d/);
    expect(text).toMatch(/logits within \d\.\de-\d+ of libtorch's on 64 images/);
    expect(text).toContain('next');
  });

  it('refuses wrong words, and places that are taken, before it makes anything', async () => {
    await expect(said(run)).rejects.toThrow('--onnx, --safetensors, --for, --demo or --card');
    await expect(said(run, '--for', 'tensorflow', path('e'))).rejects.toThrow('--for must be "transformers.js" and');
    await expect(said(run, '--onnx', path('e'), '--demo', path('e'))).rejects.toThrow('is named twice');
    await expect(said(run, '--onnx', path('e'), '--card', path('taken.onnx'))).rejects.toThrow('must not exist yet');
    expect(existsSync(path('e'))).toBe(false);
  });
});
