import { labelLines, mistakenHeading, mistakenText, SMALL, seenText, shortShare } from '../figure/index.js';
import type { LoadedRun } from '../measure/index.js';
import type { RunPictures } from '../run/index.js';
import { type Html, html } from './html.js';

const tile = (png: string, { alt, lines }: { alt: string; lines: readonly string[] }): Html => {
  const [first = '', ...others] = lines;
  return html`<li><img alt="${alt}" src="data:image/png;base64,${png}"><b>${first}</b>${others.map(
    (line) => html`<span>${line}</span>`,
  )}</li>\n`;
};

const tiles = (items: readonly Html[], { imageSize }: RunPictures): Html =>
  html`<ul class="tiles${imageSize < SMALL ? ' small' : ''}">${items}</ul>`;

/** What a network saw after augmentation, and what it got wrong, the smallest class first. Nothing without pictures. */
export const mosaicsHtml = ({ pictures }: LoadedRun): Html[] => {
  if (pictures === undefined) return [];
  const { seen, mistakes } = pictures;
  const seenTiles = seen.map(({ png, classes }) => {
    const lines = labelLines(classes);
    return tile(png, { alt: `training image after augmentation, ${lines.join(' and ')}`, lines });
  });
  const wrong = mistakes.map(
    (of) =>
      html`<h4>${mistakenHeading(of)}</h4>${tiles(
        of.shown.map(({ png, index, answer, probability, ofTruth }) =>
          tile(png, {
            alt: `test image ${index + 1}, a ${of.name} taken for ${answer}`,
            lines: [`${shortShare(probability)} ${answer}`, `${shortShare(ofTruth)} ${of.name}`],
          }),
        ),
        pictures,
      )}`,
  );
  return [
    html`<h3>What it saw</h3><p>${seenText(pictures)}</p>${tiles(seenTiles, pictures)}`,
    html`<h3>What it got wrong</h3>`,
    ...(wrong.length === 0
      ? [html`<p>Nothing: every test image is answered right.</p>`]
      : [html`<p>${mistakenText}</p>`]),
    ...wrong,
  ];
};
