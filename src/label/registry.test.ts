import { describe, expect, it } from 'vitest';
import { type Entry, numbers, parseLabel, registry, spell, word } from './index.js';

/** A registry of shapes, by their names and sizes. */
const shapes = () =>
  registry<string>('shape', {
    dot: { usage: 'dot', make: (args) => (args.length === 0 ? 'a dot' : undefined) },
    box: {
      usage: 'box(side) or box(side, colour)',
      make: ([side, colour, ...rest]) =>
        typeof side === 'number' && rest.length === 0 ? `a ${word(colour) ?? 'grey'} box of ${side}` : undefined,
    },
    ring: {
      usage: 'ring(shape)',
      make: ([inner], read) => (inner === undefined ? undefined : `a ring around ${read(inner)}`),
    },
  });

const line: Entry<string> = {
  usage: 'line(length)',
  make: (args) => numbers(args, 1)?.map((length) => `a line of ${length}`)[0],
};

describe('a registry', () => {
  it('makes values of names with their arguments, which may be labels themselves', () => {
    const { read } = shapes();
    expect(read('dot')).toBe('a dot');
    expect(read(' box( 2 ) ')).toBe('a grey box of 2');
    expect(read('box(2,red)')).toBe('a red box of 2');
    expect(read('ring(ring(box(1e-1)))')).toBe('a ring around a ring around a grey box of 0.1');
  });

  it('says what a name must be written like, and which name is nearest', () => {
    const { read } = shapes();
    expect(() => read('dot(1)')).toThrow('Cannot read shape "dot(1)": it must be written dot');
    expect(() => read('box(red)')).toThrow('it must be written box(side) or box(side, colour)');
    expect(() => read('rang(dot)')).toThrow('unknown shape "rang": did you mean "ring"? (one of dot, box, ring;');
    expect(() => read('ring(dat)')).toThrow('Cannot read shape "ring(dat)": unknown shape "dat": did you mean "dot"?');
    expect(() => read('ring(3)')).toThrow('3 must be a shape');
    expect(() => read('constructor')).toThrow('unknown shape "constructor"');
  });

  it.each(['', 'box(', 'box(1', 'box(1,)', 'dot dot', '3', '(dot)', 'dot)', 'dot; box(1)', 'dot + box(1)'])(
    'refuses "%s" with a RangeError that quotes it',
    (text) => {
      const { read } = shapes();
      expect(() => read(text)).toThrow(RangeError);
      expect(() => read(text)).toThrow(`Cannot read shape "${text}": `);
    },
  );

  it('takes names of others, and refuses those that are taken or could not be read', () => {
    const own = shapes();
    own.add('line', line);
    expect(own.read('line(3)')).toBe('a line of 3');
    expect(own.names()).toEqual(['dot', 'box', 'ring', 'line']);
    expect(own.usages().at(-1)).toBe('line(length)');
    expect(() => own.add('line', line)).toThrow('Cannot add shape "line": the name is taken');
    for (const name of ['', '3d', 'a b', 'a(', 'é', '-a', '+'])
      expect(() => own.add(name, line)).toThrow(`Cannot add shape "${name}": a name must be letters, digits, - and _`);
    own.add('thin-line_2', line);
    expect(own.read('thin-line_2(1)')).toBe('a line of 1');
    expect(shapes().names()).toEqual(['dot', 'box', 'ring']);
  });

  it('reads lists, of which none is the empty one', () => {
    const { readList } = shapes();
    expect(readList('dot + box(1) + dot')).toEqual(['a dot', 'a grey box of 1', 'a dot']);
    expect(readList(' none ')).toEqual([]);
    expect(() => readList('dot +')).toThrow('Cannot read shape "dot +": it ends where a shape should be');
    expect(() => readList('dot + none')).toThrow('unknown shape "none"');
  });
});

describe('a label', () => {
  it.each(['dot', 'box(2, red)', 'a(-0.5, b(c(1)), 1e-7)', 'constant(0.02) × cosine(1, 0) × linear(0, 1)'])(
    'is spelled as it is read: %s',
    (text) => expect(spell(parseLabel(text, { what: 'label' }))).toBe(text),
  );

  it('takes * for ×', () => {
    expect(spell(parseLabel('a*b(1)', { what: 'label' }))).toBe('a × b(1)');
    expect(() => parseLabel('+', { what: 'label' })).toThrow('"+" is not expected');
  });
});

describe('numbers', () => {
  it('are there when all are numbers, and as many as there should be', () => {
    const name = { name: 'a', args: [] };
    expect(numbers([1, 2], 2)).toEqual([1, 2]);
    expect(numbers([], 0, 1)).toEqual([]);
    for (const args of [[1], [1, 2, 3], [1, name]]) expect(numbers(args, 2)).toBeUndefined();
  });
});
