import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { damaged, randomOf } from '../../test/support/damage.js';
import { info, recordOf, resultOf } from '../../test/support/run-files.js';
import {
  createRun,
  type FitPlan,
  openRun,
  readFitOutcome,
  readFitPlan,
  readPictures,
  writeFitOutcome,
  writeFitPlan,
  writePictures,
} from './index.js';

/** Damages of each file: `TAILNAS_DAMAGES=500` for as many as one has time for. */
const DAMAGES = Number(process.env['TAILNAS_DAMAGES'] ?? 100);

let base = '';
const run = (): string => join(base, 'run');
const fit = (): string => join(base, 'fit');

const part = { what: 'darts', values: { epochs: 3, lr: 0.1, name: 'x' }, expectedSeconds: 12.5 };
const plan: FitPlan = {
  format: 1,
  budgetSeconds: 600,
  seed: 1,
  device: 'cpu',
  threads: 2,
  nodes: 4,
  data: { spec: 'images', imageSize: 32 },
  fingerprint: 'f00d',
  parts: { search: part, network: part, random: part, resnet: part },
  command: ['tailnas', 'fit', '--data', 'images'],
};

beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), 'tailnas-damage-'));
  const made = createRun(run(), info);
  for (let epoch = 0; epoch < 10; epoch++) made.appendRecord(recordOf(epoch));
  made.writeGenotype({
    backbone: { normal: { nodes: [[{ op: 'skip_connect', from: 0 }]], concat: [2] } },
    class: { normal: { nodes: [[{ op: 'none', from: 1 }]], concat: [2] } },
  });
  made.writeEvaluation(resultOf());
  made.close();
  const shown = { png: 'AAAA', index: 3, answer: 'dog', probability: 0.75, ofTruth: 0.25 };
  writePictures(
    run(),
    {
      format: 1,
      imageSize: 8,
      augment: 'flip',
      seen: [{ png: 'AAAA', classes: [{ name: 'cat', share: 1 }] }],
      mistakes: [{ name: 'cat', trainImages: 120, testImages: 4, mistaken: 1, shown: [shown] }],
    },
    {},
  );
  mkdirSync(fit());
  writeFitPlan(fit(), plan);
  writeFitOutcome(fit(), { format: 1, best: 'network' });
});
afterAll(() => rmSync(base, { recursive: true }));

/** What a folder says, with what contradicts itself refused. */
const everything = (): unknown => {
  const folder = openRun(run());
  const contradiction = folder.contradiction();
  if (contradiction !== undefined) throw new Error(contradiction);
  return [folder.info, folder.records(), folder.readGenotype(), folder.readEvaluation(), readPictures(run())];
};
const ofFit = (): unknown => [readFitPlan(fit()), readFitOutcome(fit())];

const files: readonly (readonly [name: string, file: () => string, read: () => unknown])[] = [
  ...['run.json', 'metrics.jsonl', 'genotype.json', 'evaluation.json', 'pictures/pictures.json'].map(
    (name) => [name, () => join(run(), name), everything] as const,
  ),
  ...['fit.json', 'result.json'].map((name) => [name, () => join(fit(), name), ofFit] as const),
];

describe('a file of a run that was damaged', () => {
  it.each(files)('is refused in one sentence, or says the same as before: %s', (name, file, read) => {
    const whole = readFileSync(file());
    const before = read();
    const random = randomOf(`damage of ${name}`);
    let refused = 0;
    const passed: string[] = [];
    for (let i = 0; i < DAMAGES; i++) {
      const bytes = damaged(whole, random);
      if (bytes.equals(whole)) continue;
      writeFileSync(file(), bytes);
      try {
        expect(read()).toEqual(before); // such as another space between two values
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        if (message.startsWith('Cannot ')) refused++;
        else passed.push(`${i}: ${message}`);
      }
    }
    writeFileSync(file(), whole);
    expect(passed).toEqual([]);
    expect(refused).toBeGreaterThan(DAMAGES / 2);
    expect(read()).toEqual(before);
  });

  it('leaves nothing else in the folder', () => {
    expect(readdirSync(run()).sort()).toEqual([
      'checkpoints',
      'evaluation.json',
      'genotype.json',
      'metrics.jsonl',
      'pictures',
      'run.json',
    ]);
    expect(existsSync(join(run(), 'cells'))).toBe(false);
  });
});
