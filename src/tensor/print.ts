/** Elements at each end of a dimension that are shown of a large tensor. */
const SHOWN = 3;
/** Tensors of more elements are shown by their ends. */
const LARGE = 1000;
const DIGITS = 4;

const numberText = (value: number): string => {
  if (Number.isInteger(value) && Math.abs(value) < 1e9) return String(value);
  const size = Math.abs(value);
  return size >= 1e-3 && size < 1e6 ? value.toFixed(DIGITS) : value.toExponential(DIGITS);
};

/** The numbers of a whole tensor look alike: all as integers, or all with as many decimals. */
const textsOf = (values: readonly (number | bigint | boolean)[]): string[] => {
  const numbers = values.filter((value) => typeof value === 'number' && Number.isFinite(value));
  const integers = numbers.every((value) => Number.isInteger(value) && Math.abs(Number(value)) < 1e9);
  return values.map((value) => {
    if (typeof value !== 'number' || !Number.isFinite(value)) return String(value);
    return !integers && Number.isInteger(value) && Math.abs(value) < 1e6 ? value.toFixed(DIGITS) : numberText(value);
  });
};

/**
 * A tensor's elements as nested rows, as numpy and PyTorch print them: `shape` [...], `at(i)` element i in row-major
 * order. Of more than 1,000 elements only the first and last three of each dimension are shown.
 */
export const printed = (shape: readonly number[], at: (i: number) => number | bigint | boolean): string => {
  const large = shape.reduce((a, b) => a * b, 1) > LARGE;
  const shownOf = (size: number): (number | undefined)[] => {
    const all = Array.from({ length: size }, (_, i) => i);
    return large && size > 2 * SHOWN ? [...all.slice(0, SHOWN), undefined, ...all.slice(-SHOWN)] : all;
  };
  const places: number[] = [];
  const collect = (dim: number, offset: number): void => {
    const size = shape[dim];
    if (size === undefined) return void places.push(offset);
    for (const i of shownOf(size)) if (i !== undefined) collect(dim + 1, offset * size + i);
  };
  collect(0, 0);
  const texts = textsOf(places.map(at));
  const width = Math.max(0, ...texts.map((text) => text.length));
  let next = 0;
  const rows = (dim: number): string => {
    const size = shape[dim];
    if (size === undefined) return (texts[next++] ?? '').padStart(shape.length === 0 ? 0 : width);
    const inner = shape.length - dim - 1;
    const parts = shownOf(size).map((i) => (i === undefined ? '…' : rows(dim + 1)));
    return `[${parts.join(inner === 0 ? ', ' : `,${'\n'.repeat(inner)}${' '.repeat(dim + 1)}`)}]`;
  };
  return rows(0);
};
