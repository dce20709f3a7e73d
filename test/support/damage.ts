import { Rng } from '../../src/data/rng.js';

/** Random numbers that are the same in each run of a test. */
export const randomOf = (name: string): Rng => new Rng(21, name);

const range = (bytes: Buffer, random: Rng): [from: number, to: number] => {
  const from = random.below(bytes.length);
  return [from, Math.min(bytes.length, from + 1 + random.below(1 + random.below(64)))];
};

/** What a disk, a network, an editor or a tool may do to a file. */
const kinds: readonly ((bytes: Buffer, random: Rng) => Buffer)[] = [
  // a bit
  (bytes, random) => {
    const copy = Buffer.from(bytes);
    const at = random.below(copy.length);
    copy[at] = (copy[at] ?? 0) ^ (1 << random.below(8));
    return copy;
  },
  // a digit or letter for another
  (bytes, random) => {
    const copy = Buffer.from(bytes);
    const signs = [...copy.keys()].filter((i) => /[0-9a-z]/.test(String.fromCharCode(copy[i] ?? 0)));
    const at = signs[random.below(signs.length)] ?? 0;
    copy[at] = '0123456789abcdefghijklmnopqrstuvwxyz'.charCodeAt(random.below(36));
    return copy;
  },
  // cut short
  (bytes, random) => bytes.subarray(0, random.below(bytes.length)),
  // a part lost
  (bytes, random) => {
    const [from, to] = range(bytes, random);
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
  },
  // a part twice
  (bytes, random) => {
    const [from, to] = range(bytes, random);
    return Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)]);
  },
  // zeros, as after a power cut
  (bytes, random) => {
    const [from, to] = range(bytes, random);
    return Buffer.from(bytes).fill(0, from, to);
  },
  // whole lines lost, twice, or in another order
  (bytes, random) => {
    const lines = bytes.toString('latin1').split('\n');
    const [a, b] = [random.below(lines.length), random.below(lines.length)];
    const [one = '', other = ''] = [lines[a], lines[b]];
    const changed = [
      lines.toSpliced(a, 1 + random.below(3)),
      lines.toSpliced(a, 0, other),
      lines.with(a, other).with(b, one),
    ][random.below(3)];
    return Buffer.from((changed ?? lines).join('\n'), 'latin1');
  },
];

/** A file damaged once, in a random way. */
export const damaged = (bytes: Buffer, random: Rng): Buffer =>
  (kinds[random.below(kinds.length)] ?? ((same: Buffer) => same))(bytes, random);
