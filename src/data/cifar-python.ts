import { printable } from '../label/index.js';
import { type Pickled, PickleError, readPickle } from './pickle.js';

/** The files of CIFAR's Python version, by the names of the equivalent binary files. */
const STANDS_FOR: Readonly<Record<string, string>> = {
  ...Object.fromEntries([1, 2, 3, 4, 5].map((n) => [`data_batch_${n}`, `data_batch_${n}.bin`])),
  test_batch: 'test_batch.bin',
  'batches.meta': 'batches.meta.txt',
  train: 'train.bin',
  test: 'test.bin',
  meta: 'fine_label_names.txt',
};

/** The names of the Python version's files. */
export const pythonNames = Object.keys(STANDS_FOR);

/** Whether names are those of CIFAR's Python version. */
export const isPythonCifar = (names: readonly string[]): boolean =>
  names.includes('data_batch_1') || ['train', 'test', 'meta'].every((name) => names.includes(name));

const listOf = (value: Pickled | undefined): readonly Pickled[] | undefined =>
  Array.isArray(value) ? value : undefined;

/** A batch as the binary version has it: the coarse label, where there is one, the label, and the pixels. */
const records = (batch: ReadonlyMap<string, Pickled>): Buffer => {
  const data = batch.get('data');
  const array = data !== null && typeof data === 'object' && 'array' in data ? data.array : undefined;
  const lists = [batch.get('coarse_labels'), batch.get('fine_labels') ?? batch.get('labels')].flatMap((value) => {
    const list = listOf(value);
    return list === undefined ? [] : [list.map(Number)];
  });
  const [n = 0, pixels = 0] = array?.shape ?? [];
  if (array === undefined || array.dtype !== 'u1' || array.bytes.length !== n * pixels || lists.length === 0)
    throw new PickleError('it has no "data" of bytes with "labels"');
  if (lists.some((list) => list.length !== n)) throw new PickleError('it has not as many labels as images');
  const size = lists.length + pixels;
  const out = Buffer.alloc(n * size);
  for (let i = 0; i < n; i++) {
    for (const [k, list] of lists.entries()) out[i * size + k] = list[i] ?? 0;
    array.bytes.copy(out, i * size + lists.length, i * pixels, (i + 1) * pixels);
  }
  return out;
};

const names = (meta: ReadonlyMap<string, Pickled>): Buffer => {
  const list = listOf(meta.get('fine_label_names') ?? meta.get('label_names')) ?? [];
  return Buffer.from(list.map((name) => (Buffer.isBuffer(name) ? name.toString('utf8') : '')).join('\n'));
};

/**
 * Converts the files of CIFAR's Python version to those of its binary version. They are pickles, which may run code
 * when Python reads them; here no code runs. Throws on files that hold anything else.
 */
export const fromPython = (files: ReadonlyMap<string, Buffer>, { path }: { path: string }): Map<string, Buffer> => {
  const found = new Map<string, Buffer>();
  for (const [name, bytes] of files) {
    const binary = STANDS_FOR[name];
    if (binary === undefined) continue;
    try {
      const value = readPickle(bytes);
      if (!(value instanceof Map)) throw new PickleError('it is no dictionary');
      found.set(binary, binary.endsWith('.bin') ? records(value) : names(value));
    } catch (cause) {
      const reason = cause instanceof PickleError ? cause.message : 'it is damaged';
      throw new Error(
        `Cannot open data: ${name} in ${printable(path)} must be like CIFAR's Python version, but ${reason}; ` +
          'download it again, or take the binary version',
        { cause },
      );
    }
  }
  return found;
};
