/**
 * The demo's `prepare.js`: prepares an image as `data/decode.ts` does with libvips. Alpha on black, grey by linear
 * light, scaled to cover the square (means of whole pixels while it is more than four times too large, then Lanczos 3;
 * cubic where it is too small), cut in the middle. A test compares it with libvips.
 */
export const prepareScript = `// Prepares images as the training did: RGBA of any size to bytes [size, size, channels].

const linear = Float64Array.from({ length: 256 }, (_, i) => {
  const v = i / 255;
  return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
});
const byte = (v) => Math.max(0, Math.min(255, Math.round(v)));
const STEPS = 65535;
const gamma = Uint8Array.from({ length: STEPS + 1 }, (_, i) => {
  const y = i / STEPS;
  return byte(255 * (y <= 0.0031308 ? 12.92 * y : 1.055 * y ** (1 / 2.4) - 0.055));
});

/** Without alpha, which is laid on black; one channel of linear light where the network has one. */
const flatten = (rgba, channels) => {
  const n = rgba.length / 4;
  const out = new Uint8Array(n * channels);
  for (let i = 0; i < n; i++) {
    const alpha = rgba[4 * i + 3];
    // Plain lines, no arrays: photographs have millions of pixels.
    let r = rgba[4 * i];
    let g = rgba[4 * i + 1];
    let b = rgba[4 * i + 2];
    if (alpha < 255) {
      r = Math.floor((r * alpha) / 255);
      g = Math.floor((g * alpha) / 255);
      b = Math.floor((b * alpha) / 255);
    }
    if (channels === 1) {
      out[i] = gamma[Math.round(STEPS * (0.2126 * linear[r] + 0.7152 * linear[g] + 0.0722 * linear[b]))];
    } else {
      out[3 * i] = r;
      out[3 * i + 1] = g;
      out[3 * i + 2] = b;
    }
  }
  return out;
};

const sinc = (x) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
const lanczos = (x) => (Math.abs(x) >= 3 ? 0 : sinc(x) * sinc(x / 3));
const cubic = (x) => {
  const d = Math.abs(x);
  if (d >= 2) return 0;
  return d < 1 ? (1.5 * d - 2.5) * d * d + 1 : ((-0.5 * d + 2.5) * d - 4) * d + 2;
};

/** For each of the new places along one side: the first old place that counts, and the weight of each. */
const windows = ({ to, factor, extra }) => {
  // libvips enlarges from the corner of a pixel, not from its middle.
  const offset = factor > 1 ? (factor + extra - 1) / 2 : -0.5;
  const [kernel, reach, stretch] = factor > 1 ? [lanczos, 3 * factor, factor] : [cubic, 2, 1];
  return Array.from({ length: to }, (_, i) => {
    const centre = i * factor + offset;
    const first = Math.ceil(centre - reach);
    const length = Math.floor(centre + reach) - first + 1;
    const weights = Array.from({ length }, (_w, j) => kernel((first + j - centre) / stretch));
    const sum = weights.reduce((a, b) => a + b, 0);
    return { first, weights: weights.map((w) => w / sum) };
  });
};

/** Scales one side of bytes seen as [outer, from, inner]. */
const along = (bytes, { outer, from, to, inner, ...how }) => {
  const out = new Uint8Array(outer * to * inner);
  const places = windows({ to, ...how });
  const sums = new Float64Array(inner);
  for (let o = 0; o < outer; o++)
    for (const [i, { first, weights }] of places.entries()) {
      sums.fill(0);
      for (const [j, weight] of weights.entries()) {
        const at = (o * from + Math.max(0, Math.min(from - 1, first + j))) * inner;
        for (let k = 0; k < inner; k++) sums[k] += weight * bytes[at + k];
      }
      const target = (o * to + i) * inner;
      for (let k = 0; k < inner; k++) out[target + k] = byte(sums[k]);
    }
  return out;
};

/** Means of \`times\` old places each, the last of them repeated where some are missing. */
const means = (bytes, { outer, from, times, inner }) => {
  const to = Math.ceil(from / times);
  const out = new Uint8Array(outer * to * inner);
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < to; i++)
      for (let k = 0; k < inner; k++) {
        let sum = 0;
        for (let j = 0; j < times; j++) sum += bytes[(o * from + Math.min(from - 1, i * times + j)) * inner + k];
        out[(o * to + i) * inner + k] = byte(sum / times);
      }
  return out;
};

const scale = (bytes, { outer, from, to, inner, shrink }) => {
  if (shrink === 1) return bytes;
  const times = Math.max(1, Math.floor(from / to / 2));
  const fewer = times > 1 ? means(bytes, { outer, from, times, inner }) : bytes;
  // What the factor leaves over is left out at both ends alike. It counts as it was before the means were taken: the
  // last of them has part of its pixels outside.
  const how = { factor: shrink / times, extra: (from - to * shrink) / times };
  return along(fewer, { outer, from: Math.ceil(from / times), to, inner, ...how });
};

/** rgba: [height, width, 4] → bytes [size, size, channels] */
export const prepare = (rgba, { width, height, size, channels }) => {
  const shrink = Math.min(width / size, height / size);
  const [w, h] = [Math.max(size, Math.round(width / shrink)), Math.max(size, Math.round(height / shrink))];
  const flat = flatten(rgba, channels);
  const low = scale(flat, { outer: 1, from: height, to: h, inner: width * channels, shrink });
  const small = scale(low, { outer: h, from: width, to: w, inner: channels, shrink });
  const [left, top] = [Math.floor((w - size + 1) / 2), Math.floor((h - size + 1) / 2)];
  const out = new Uint8Array(size * size * channels);
  for (let y = 0; y < size; y++) {
    const start = ((top + y) * w + left) * channels;
    out.set(small.subarray(start, start + size * channels), y * size * channels);
  }
  return out;
};
`;
