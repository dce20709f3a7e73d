import { describe, expect, it } from 'vitest';
import {
  bytes,
  commandText,
  duration,
  durationWithUnits,
  meanAndSd,
  percent,
  plural,
  recordedCommand,
  signed,
} from './format.js';

describe('numbers as text', () => {
  it('are written as papers do', () => {
    const of = (mean: number | null, sd: number | null) => meanAndSd({ mean, sd });
    expect([of(65.123, 0.4), of(65.1, null), of(null, null), meanAndSd(null)]).toEqual([
      '65.12 ± 0.40',
      '65.10',
      '–',
      '–',
    ]);
    expect([signed(-1.2), signed(0.5), signed(null)]).toEqual(['−1.20', '+0.50', '–']);
    expect([percent(0.5), percent(null)]).toEqual(['50.00 %', '–']);
  });

  it('have units', () => {
    expect([7, 724, 7500, null].map(durationWithUnits)).toEqual(['7 s', '12 min 04 s', '2 h 05 min', '–']);
    expect([7, 724, 3723].map(duration)).toEqual(['0:07', '12:04', '1:02:03']);
    expect([8.5e8, 3.46e10, null].map(bytes)).toEqual(['850 MB', '34.6 GB', '–']);
    expect([plural(1, 'epoch'), plural(2000, 'epoch'), plural(2, 'class', 'classes')]).toEqual([
      '1 epoch',
      '2,000 epochs',
      '2 classes',
    ]);
  });
});

describe('the command of a run folder', () => {
  it('is none to type where it is not of tailnas, and spells out what would not be seen', () => {
    expect(recordedCommand(['tailnas', 'search', '--out', 'a b'], { name: 'hls' })).toBe("tailnas search --out 'a b'");
    expect(recordedCommand(['rm', '-rf', '~'], { name: 'hls\nrm -rf ~' })).toBe(
      '# hls rm -rf ~ says that it was started otherwise',
    );
    expect(recordedCommand([], { name: 'hls' })).toBe('# hls was started from a program');
    expect(recordedCommand(['tailnas', "a\nrm -rf '~'\u202e"], { name: '' })).toBe(
      "tailnas $'a\\U0000000arm -rf \\'~\\'\\U0000202e'",
    );
  });
});

describe('a command', () => {
  it('has quotes where a shell would not take a word as it is', () => {
    expect(commandText(['tailnas', '--out', 'a b', "it's", 'runs/x_1.0'])).toBe(
      "tailnas --out 'a b' 'it'\\''s' runs/x_1.0",
    );
  });
});
