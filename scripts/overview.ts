// The picture of README.md: npx tsx scripts/overview.ts docs/images/overview.png <runs of a ResNet> -- <runs of a found network>
import { writeFileSync } from 'node:fs';
import sharp from 'sharp';
import { cellSvg, svgToPng } from '../src/figure/index.js';
import { type LoadedRun, loadRun, mean } from '../src/measure/index.js';

const [out = '', ...words] = process.argv.slice(2);
const between = words.indexOf('--');
const [resnets, found] = [words.slice(0, between), words.slice(between + 1)].map((folders) => folders.map(loadRun));
const [first] = found ?? [];
const cell = Object.values(first?.genotypes ?? {})[0]?.['normal'];
if (out === '' || between < 1 || first === undefined || cell === undefined)
  throw new Error('Cannot draw: give a PNG, the runs of a ResNet, --, and the runs of a network with cells');

const WIDTH = 1200;
const HEIGHT = 430;
const GREY = '#767676';
const BLUE = '#0072B2';
const VERMILLION = '#D55E00';
const text = (x: number, y: number, words: string, attributes = ''): string =>
  `<text x="${x}" y="${y}" font-family="Arimo" ${attributes.includes('font-size') ? '' : 'font-size="14"'} ${attributes}>${words}</text>`;
const heading = (x: number, words: string): string => text(x, 26, words, 'font-size="17" font-weight="700"');

const { classes, counts } = first.info.data;
const order = counts.train.map((_, c) => c).sort((a, b) => (counts.train[b] ?? 0) - (counts.train[a] ?? 0));
const largest = Math.max(...counts.train);

const BARS = { x: 90, y: 48, width: 230, row: 33 };
const bars = order.map((c, i) => {
  const n = counts.train[c] ?? 0;
  const y = BARS.y + i * BARS.row;
  const length = Math.max(2, (n / largest) * BARS.width);
  return (
    text(BARS.x - 8, y + 17, classes[c] ?? '', 'text-anchor="end"') +
    `<rect x="${BARS.x}" y="${y}" width="${length}" height="22" fill="${GREY}"/>` +
    (length > 190
      ? text(BARS.x + length - 6, y + 16, n.toLocaleString('en'), 'text-anchor="end" fill="#fff"')
      : text(BARS.x + length + 6, y + 16, n.toLocaleString('en')))
  );
});

const accuracy = (runs: readonly LoadedRun[] | undefined, c: number): number =>
  100 * mean((runs ?? []).flatMap(({ evaluation }) => evaluation?.perClassAccuracy[c] ?? []));
const PLOT = { x: 850, width: 330 };
const at = (percent: number): number => PLOT.x + (percent / 100) * PLOT.width;
const lines = order.map((c, i) => {
  const y = BARS.y + i * BARS.row + 11;
  const [plain, ours] = [accuracy(resnets, c), accuracy(found, c)];
  return (
    text(PLOT.x - 10, y + 5, classes[c] ?? '', 'text-anchor="end"') +
    `<path d="M${at(0)} ${y}H${at(100)}" stroke="#ddd"/>` +
    `<path d="M${at(plain)} ${y}H${at(ours)}" stroke="#999" stroke-width="2"/>` +
    `<rect x="${at(plain) - 6}" y="${y - 6}" width="12" height="12" fill="${VERMILLION}"/>` +
    `<circle cx="${at(ours)}" cy="${y}" r="7" fill="${BLUE}"/>`
  );
});
const ticks = [0, 25, 50, 75, 100].map((percent) =>
  text(at(percent), BARS.y + order.length * BARS.row + 14, `${percent} %`, 'text-anchor="middle"'),
);

const drawn = (await cellSvg(cell, { title: '', narrow: true })).replace(/^[\s\S]*?<svg/, '<svg');
const [, w = 1, h = 1] = (/viewBox="[\d.]+ [\d.]+ ([\d.]+) ([\d.]+)"/.exec(drawn) ?? []).map(Number);
const scale = Math.min(330 / w, 320 / h);
const inner = drawn.replace(
  /^<svg[^>]*>/,
  `<svg x="${560 - (w * scale) / 2}" y="${46 + (320 - h * scale) / 2}" width="${w * scale}" height="${h * scale}" viewBox="0 0 ${w} ${h}">`,
);

const svg = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="${WIDTH}" height="${HEIGHT}">
<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>
${heading(20, 'A long tail of images')}${bars.join('')}
${heading(400, 'a cell that is found for it')}${inner}
${heading(760, 'test accuracy of every class')}${lines.join('')}${ticks.join('')}
<rect x="${PLOT.x + 20}" y="${HEIGHT - 16}" width="12" height="12" fill="${VERMILLION}"/>${text(PLOT.x + 38, HEIGHT - 5, 'ResNet-32')}
<circle cx="${PLOT.x + 146}" cy="${HEIGHT - 10}" r="7" fill="${BLUE}"/>${text(PLOT.x + 158, HEIGHT - 5, 'found, of equal cost')}
</svg>`;
// Few colours: a palette makes the file a third as large.
writeFileSync(out, await sharp(svgToPng(svg)).png({ palette: true, colours: 64, effort: 10 }).toBuffer());
