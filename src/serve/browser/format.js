// Numbers as text, as the reports have them.

export const NONE = '–';

/** @param {number | null | undefined} share */
export const percent = (share) => (share === null || share === undefined ? NONE : `${(100 * share).toFixed(1)} %`);

/** @param {number | null | undefined} value */
export const fixed = (value, digits = 3) => (value === null || value === undefined ? NONE : value.toFixed(digits));

/** Four digits: more than can be seen. @param {number} value */
export const digits = (value) => String(Number(value.toPrecision(4)));

/** @param {number} n @param {string} one */
export const plural = (n, one, many = `${one}s`) => `${n.toLocaleString('en-US')} ${n === 1 ? one : many}`;

/** `2 h 05 min`, `12 min 04 s`, `7 s`. @param {number | null} seconds */
export const duration = (seconds) => {
  if (seconds === null) return NONE;
  const whole = Math.max(0, Math.round(seconds));
  const [d, hours, m, s] = [
    Math.floor(whole / 86400),
    Math.floor((whole % 86400) / 3600),
    Math.floor((whole % 3600) / 60),
    whole % 60,
  ];
  const two = (/** @type {number} */ n) => String(n).padStart(2, '0');
  if (d > 0) return `${d} d ${hours} h`;
  return hours > 0 ? `${hours} h ${two(m)} min` : m > 0 ? `${m} min ${two(s)} s` : `${s} s`;
};
