import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { command as plotCommand } from './plot.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tailnas-plot-'));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

const plot = async (...words: string[]): Promise<string> => {
  const written: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => written.push(String(text)) > 0);
  const command = plotCommand()
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  await command.parseAsync(words, { from: 'user' });
  return written.join('');
};

describe('tailnas plot', () => {
  it('draws schedules into an SVG or a PNG, making its folder', async () => {
    const svg = join(folder, 'new', 'a.svg');
    expect(await plot('schedule', 'softFreeze(parabolicDecay)', 'constant(0.5)', '--out', svg)).toBe(`${svg}\n`);
    expect(readFileSync(svg, 'utf8')).toContain('>softFreeze(parabolicDecay)</text>');
    const png = join(folder, 'a.png');
    const { files, title } = JSON.parse(await plot('schedule', 'parabolicDecay', '--out', png, '--json'));
    expect([files, title]).toEqual([[png], 'Schedule over training']);
    expect(readFileSync(png).subarray(1, 4).toString()).toBe('PNG');
  });

  it('draws figure 5, which needs no runs', async () => {
    const svg = join(folder, 'a.svg');
    await plot('figure5', '--out', svg);
    expect(readFileSync(svg, 'utf8')).toMatch(/^<svg/);
  });

  it.each([
    [['figure1'], 'got "figure1"; did you mean "figure2"?'],
    [['schedule'], 'name at least 1, such as parabolicDecay'],
    [['schedule', 'parabolicDeca'], 'did you mean "parabolicDecay"'],
    [['schedule', 'parabolicDecay', '--out', 'a.pdf'], 'It must end in .svg or .png'],
    [['figure2'], 'Cannot draw figure2: it needs at least 1 run, got none'],
  ])('refuses %j', async (words, message) => {
    await expect(plot(...words)).rejects.toThrow(message);
  });
});
