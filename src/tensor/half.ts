/** A floating-point format of 16 bits, without the sign. */
interface Format {
  /** Bits of the fraction. */
  readonly fraction: number;
  readonly bias: number;
}

const formats = {
  /** IEEE 754 binary16. */
  float16: { fraction: 10, bias: 15 },
  /** The upper half of a 32-bit float. */
  bfloat16: { fraction: 7, bias: 127 },
} as const;

/** The formats whose elements JavaScript holds as 16-bit words. */
export type Half = keyof typeof formats;

export const isHalf = (dtype: string): dtype is Half => Object.hasOwn(formats, dtype);

/** The number of a 16-bit word; exact. */
export const ofHalf = (word: number, dtype: Half): number => {
  const { fraction, bias }: Format = formats[dtype];
  const sign = word & 0x8000 ? -1 : 1;
  const exponent = (word & 0x7fff) >> fraction;
  const rest = word & (2 ** fraction - 1);
  if (exponent === 2 * bias + 1) return rest === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * rest * 2 ** (1 - bias - fraction);
  return sign * (2 ** fraction + rest) * 2 ** (exponent - bias - fraction);
};

const roundHalfEven = (x: number): number => {
  const down = Math.floor(x);
  const up = x - down > 0.5 || (x - down === 0.5 && down % 2 === 1);
  return up ? down + 1 : down;
};

/** The 16-bit word nearest to a number; of two as near, the even one. */
export const toHalf = (x: number, dtype: Half): number => {
  const { fraction, bias }: Format = formats[dtype];
  const infinite = (2 * bias + 1) << fraction;
  if (Number.isNaN(x)) return infinite | (1 << (fraction - 1));
  const sign = x < 0 || Object.is(x, -0) ? 0x8000 : 0;
  const size = Math.abs(x);
  if (size === Number.POSITIVE_INFINITY) return sign | infinite;
  const bits = new DataView(new Float64Array([size]).buffer);
  // Numbers below the smallest normal one share its steps.
  const exponent = Math.max(((bits.getUint16(6, true) & 0x7fff) >> 4) - 1023, 1 - bias);
  const steps = roundHalfEven(size / 2 ** (exponent - fraction));
  // A fraction that was rounded up to 1 carries into the exponent, as the words are laid out.
  const word = steps < 2 ** fraction ? steps : ((exponent + bias) << fraction) + steps - 2 ** fraction;
  return sign | Math.min(word, infinite);
};
