import { describe, expect, it } from 'vitest';
import { progressPrinter } from './progress.js';

const recorder = (options: { isTTY: boolean; columns?: number }) => {
  const written: string[] = [];
  return { ...options, written, write: (text: string) => written.push(text) };
};

describe('progressPrinter', () => {
  it('prints each text once where the output is a file', () => {
    const stream = recorder({ isTTY: false });
    const { update, end } = progressPrinter(stream);
    for (const percent of [1, 2, 3]) update({ text: 'unpacking', percent });
    update({ text: 'linking' });
    end();
    expect(stream.written).toEqual(['unpacking\n', 'linking\n']);
  });

  it('redraws one line on a terminal, never wider than it, and removes it at the end', () => {
    const stream = recorder({ isTTY: true, columns: 12 });
    const { update, end } = progressPrinter(stream);
    update({ text: 'unpacking', percent: 7.9 });
    update({ text: 'compiling a-long-name.cc' });
    end();
    end();
    expect(stream.written).toEqual(['\r\x1b[2Kunpacking 7', '\r\x1b[2Kcompiling a', '\r\x1b[2K']);
  });
});
