import { describe, expect, it } from 'vitest';
import { given } from '../../test/support/fixtures.js';
import { line, parabolicDecay, schedule } from '../schedule/index.js';
import { drawFigure, figures } from './figures.js';
import { schedulePlot } from './schedule.js';

const lines = (svg: string) => [...svg.matchAll(/aria-label="line"[^>]*><path d="([^"]*)"|aria-label="line"/g)];

describe('schedulePlot', () => {
  it('draws each schedule over all of training, named as it is written', () => {
    const { svg, title } = schedulePlot([line(1, 0), parabolicDecay()]);
    expect(lines(svg).length).toBe(2);
    for (const text of ['linear(1, 0)', 'parabolicDecay', 'training progress t', 'value', '0.5', '1.0'])
      expect(svg).toContain(`>${text}</text>`);
    expect(title).toBe('Schedules over training');
  });

  it('refuses values that are no finite number, naming where', () => {
    const pole = schedule('pole', (t) => 1 / (1 - t));
    expect(() => schedulePlot([pole])).toThrow('schedule pole: its values must be finite, got Infinity at t = 1;');
    expect(() => schedulePlot([])).toThrow('there must be at least 1, got none');
  });

  it('draws a schedule that never changes', () => {
    expect(schedulePlot([schedule('zero', () => 0)]).svg).not.toContain('NaN');
  });
});

describe('freeze', () => {
  it('is figure 5: the factor and the mixing that it follows', () => {
    const { name, svg } = drawFigure(given(figures.named('figure5')), []);
    expect(name).toBe('figure5');
    expect(svg).toContain('>softFreeze(parabolicDecay)</text>');
    expect(lines(svg).length).toBe(2);
  });
});
