import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventBytes } from '../src/log/event-bytes.js';
import { readLogged } from '../src/log/index.js';
import { buildCli, type Cli } from './support/cli.js';
import { writeImages } from './support/images.js';

const TINY = ['--data', 'data', '--imbalance', 'natural', '--image-size', '16', '--threads', '1', '--batch-size', '8'];

let cli: Cli;
const path = (...names: string[]): string => join(cli.folder, ...names);
/** The one event file of a folder, and whether it says what the run's records say. */
const eventFile = (folder: string, run = folder) => {
  const names = readdirSync(path(folder)).filter((name) => name.startsWith('events.out.tfevents.'));
  const bytes = readFileSync(path(folder, names[0] ?? ''));
  return { files: names.length, exact: Buffer.compare(bytes, eventBytes(readLogged(path(run)))) === 0 };
};

beforeAll(async () => {
  cli = await buildCli();
  await writeImages(path('data', 'train'), { cat: 40, dog: 12 });
  await writeImages(path('data', 'test'), { cat: 6, dog: 6 });
}, 300_000);
afterAll(() => cli?.dispose());

describe('a run with --tensorboard', () => {
  it('has an event file of its records after a kill and a resume that does not name it', async () => {
    const train = ['train', 'resnet8', ...TINY, '--channels', '2', '--epochs', '6', '--tensorboard', '--out', 'run'];
    const running = cli.start([...train, '--checkpoint-minutes', '0']);
    await running.said('2/6');
    running.send('SIGKILL');
    expect((await running.exit).signal).toBe('SIGKILL');
    expect(await cli.run(['resume', 'run'])).toMatchObject({ code: 0 });
    expect(eventFile('run')).toEqual({ files: 1, exact: true });
  });

  it('is logged into another folder as well, as often as one likes', async () => {
    for (let i = 0; i < 2; i++) {
      const exit = await cli.run(['log', 'run', '--to', 'tensorboard:board']);
      expect(exit).toMatchObject({ code: 0, stdout: expect.stringMatching(/^run: 6 epochs → board\/run\/events/) });
      expect(eventFile('board/run', 'run')).toEqual({ files: 1, exact: true });
    }
  });

  it.each([
    [
      ['log', 'run', '--to', 'tensorbord:x'],
      /must be tensorboard:<folder> or mlflow:<url>.*did you mean "tensorboard"/,
    ],
    [['log', 'run', '--to', 'mlflow:localhost:5000'], /must begin with http:\/\/ or https:\/\/, got "localhost:5000"/],
    [['log', 'run', 'board/../run', '--to', 'tensorboard:x'], /"run" is there twice/],
  ])('refuses %j', async (words, message) => {
    expect(await cli.run(words)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(message) });
  });
});
