import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { fits, imageDecoder } from '../../src/data/decode.js';
import { readImages } from '../../src/data/read-images.js';
import { Rng } from '../../src/data/rng.js';
import { broughtTo } from '../../src/export/card.js';
import { modelCard, placeDemo, placeTransformers, placeWeights, withExportable } from '../../src/export/index.js';
import { exportOnnx } from '../../src/index.js';
import { open } from '../../src/session/index.js';
import { scope, softmax } from '../../src/tensor/index.js';
import { launch, serve } from '../support/browser.js';
import { peers } from '../support/peers.js';
import { trainedRun } from '../support/trained.js';

const folder = mkdtempSync(join(tmpdir(), 'tailnas-files-'));
const runs: Record<string, string> = {};
const image = join(folder, 'a photo.png');
const kinds = ['colour', 'grey'] as const;

/** A tensor's name, shape and sum. */
const sum = z.tuple([z.string(), z.array(z.number()), z.number()]);
type Sum = z.infer<typeof sum>;
const inPython = z.tuple([z.record(z.string(), z.string()), z.array(sum)]);

/** What the run's own network says of the image, as the training would have read it. */
const ours = async (kind: string): Promise<{ classes: readonly string[]; shares: number[] }> => {
  const model = open(runs[kind] ?? '');
  const { imageSize, channels } = model.info.data;
  if (imageSize === null || (channels !== 1 && channels !== 3)) throw new Error('no sizes');
  const { images } = await readImages([image], { imageSize, channels });
  const shares = scope(() => softmax(model.logits(images)).toArray());
  model.dispose();
  return { classes: model.classes, shares };
};

beforeAll(async () => {
  for (const kind of kinds) runs[kind] = await trainedRun(join(folder, kind), { grey: kind === 'grey', name: kind });
  const [width, height] = [61, 40];
  const pixels = Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const [x, y, c] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width), i % 3];
    return 128 + 100 * Math.sin(x / 6 + c) * Math.cos(y / 9);
  });
  await sharp(pixels, { raw: { width, height, channels: 3 } })
    .png()
    .toFile(image);
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(kinds)('the files of a network of %s images', (kind) => {
  it('are read by transformers.js, which answers alike', async () => {
    const target = join(folder, 'models', kind);
    withExportable(runs[kind] ?? '', (network) => placeTransformers(network, target));
    const script = join(peers.modules, 'answer.mjs');
    writeFileSync(
      script,
      `import { env, pipeline } from '@huggingface/transformers';
const [models, name, image] = process.argv.slice(2);
[env.allowRemoteModels, env.localModelPath] = [false, models];
const classify = await pipeline('image-classification', name);
console.log(JSON.stringify(await classify(image, { top_k: 3 })));`,
    );
    const words = [script, join(folder, 'models'), kind, image];
    const answers: { label: string; score: number }[] = JSON.parse(
      execFileSync(process.execPath, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
    );
    const { classes, shares } = await ours(kind);
    expect(answers.length).toBe(3);
    // It scales and then cuts as we do, but by rounded sizes.
    for (const { label, score } of answers) expect(score).toBeCloseTo(shares[classes.indexOf(label)] ?? 0, 1);
    expect(answers[0]?.label).toBe(classes[shares.indexOf(Math.max(...shares))]);
  });

  it("are read by PyPI's safetensors, byte for byte", () => {
    const file = join(folder, `${kind}.safetensors`);
    const sums = withExportable(runs[kind] ?? '', (network) => {
      placeWeights(network, file);
      return [...network.weights].map(([name, t]): Sum => [name, [...t.shape], t.toArray().reduce((a, b) => a + b, 0)]);
    });
    const code =
      'import json, sys; from safetensors import safe_open; f = safe_open(sys.argv[1], "np"); ' +
      'print(json.dumps([f.metadata(), [[k, list(f.get_tensor(k).shape), float(f.get_tensor(k).astype("f8").sum())] ' +
      'for k in f.keys()]]))';
    const [metadata, read] = inPython.parse(JSON.parse(execFileSync(peers.python, ['-c', code, file]).toString()));
    expect(metadata).toMatchObject({ format: 'pt', image_size: '15', channels: kind === 'grey' ? '1' : '3' });
    expect(JSON.parse(metadata['genotype'] ?? '').backbone.normal.concat).toEqual([2, 3]);
    const listed = (list: readonly Sum[]) =>
      list.map(([name, shape, sum]) => `${name} ${shape} ${sum.toFixed(6)}`).sort();
    expect(listed(read)).toEqual(listed(sums));
  });

  it('are used as the model card says', async () => {
    const place = join(folder, `card-${kind}`);
    const card = withExportable(runs[kind] ?? '', modelCard);
    exportOnnx(runs[kind] ?? '', join(place, 'model.onnx'));
    const [, code = ''] = /```python\n([\s\S]*?)```/.exec(card) ?? [];
    writeFileSync(join(place, 'use.py'), code.replace('"image.jpg"', JSON.stringify(image)));
    const out = execFileSync(peers.python, ['use.py'], { cwd: place, encoding: 'utf8' });
    const { classes, shares } = await ours(kind);
    const lines = out.trim().split('\n');
    expect(lines.length).toBe(3);
    for (const line of lines) {
      const [, name = '', share] = /^(.*): ([\d.]+)%$/.exec(line) ?? [];
      expect(Number(share) / 100).toBeCloseTo(shares[classes.indexOf(name)] ?? Number.NaN, 1);
    }
  });
});

describe('the lines of the model card that bring an image to the size', () => {
  it.each(fits)('%s: give the pixels that the training saw', async (fit) => {
    const imageSize = 24;
    const code = ['from PIL import Image'];
    const seen: Buffer[] = [];
    const decoder = await imageDecoder({ imageSize, channels: 3, fit });
    const noise = new Rng(1, fit);
    const sizes = [97, 64, 64, 97, 75, 50, 104, 64, 64, 40, 108, 64]; // also an odd rest, and a side of 40.5
    for (let at = 0; 2 * at < sizes.length; at++) {
      const [width = 0, height = 0] = sizes.slice(2 * at);
      const pixels = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i % 5) * 20 + noise.below(150));
      const file = join(folder, `${fit}-${at}.png`);
      const png = await sharp(pixels, { raw: { width, height, channels: 3 } })
        .png()
        .toBuffer();
      writeFileSync(file, png);
      seen.push(await decoder.decode(png));
      code.push(`image = Image.open(${JSON.stringify(file)})`, broughtTo(fit, imageSize));
      code.push(`open(${JSON.stringify(`${file}.raw`)}, "wb").write(image.tobytes())`);
    }
    execFileSync(peers.python, ['-c', code.join('\n')]);
    for (const [at, ours] of seen.entries()) {
      const theirs = readFileSync(join(folder, `${fit}-${at}.png.raw`));
      expect(theirs.length).toBe(ours.length);
      const apart = ours.reduce((sum, value, i) => sum + Math.abs(value - (theirs[i] ?? Number.NaN)), 0) / ours.length;
      expect(apart).toBeLessThan(4); // moved by half a pixel it would be 15 and more
    }
  });
});

describe('the demo in a browser', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
  }, 120_000);
  afterAll(() => browser.close());

  it.each(kinds)('prepares %s images as the training did, answers alike, and asks no one', async (kind) => {
    const target = join(folder, `demo-${kind}`);
    withExportable(runs[kind] ?? '', (network) => placeDemo(network, target));
    const { url, close } = await serve(target);
    const context = await browser.newContext({ viewport: { width: 400, height: 800 }, colorScheme: 'dark' });
    const page = await context.newPage();
    const said: string[] = [];
    const asked: string[] = [];
    page.on('console', (message) => said.push(message.text()));
    page.on('pageerror', (error) => said.push(error.message));
    page.on('request', (request) => asked.push(request.url()));
    page.on('response', (response) => response.ok() || said.push(`${response.status()} ${response.url()}`));
    await page.goto(url);
    await page.locator('#file:not([disabled])').waitFor({ state: 'attached' });
    await page.setInputFiles('#file', image);
    await page.locator('#result').waitFor();

    const { classes, shares } = await ours(kind);
    const theirs: number[] = JSON.parse((await page.locator('#result').getAttribute('data-shares')) ?? '[]');
    expect(theirs.length).toBe(3);
    for (const [c, share] of theirs.entries()) expect(share).toBeCloseTo(shares[c] ?? Number.NaN, 2);
    const best = classes[shares.indexOf(Math.max(...shares))] ?? '';
    expect(await page.locator('#classes li').first().textContent()).toContain(best);
    expect(await page.locator('#classes li').count()).toBe(3);
    expect(await page.locator('#status').textContent()).toContain(`Most likely: ${best}`);
    expect(await page.locator('html').evaluate((html) => html.scrollWidth - html.clientWidth)).toBeLessThanOrEqual(0);

    const broken = join(folder, 'no image.png');
    writeFileSync(broken, 'words');
    await page.setInputFiles('#file', broken);
    await page.locator('.status.warn').waitFor();
    expect(await page.locator('#status').textContent()).toContain('cannot read no image.png as an image');
    expect(asked.filter((each) => !each.startsWith(url) && !each.startsWith(`blob:${url}`))).toEqual([]);
    expect(said).toEqual([]);
    await context.close();
    close();
  });
});
