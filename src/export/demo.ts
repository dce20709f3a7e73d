import { grouped, percent, plural, sum } from '../measure/index.js';
import { type Html, html } from '../page/html.js';
import { prepareScript } from './demo-prepare.js';
import { demoScript } from './demo-script.js';
import { demoStyle } from './demo-style.js';
import { type Exportable, requireCover } from './network.js';
import { onnxBytes } from './onnx-file.js';
import type { Content } from './place.js';
import { runtimeFiles } from './runtime.js';
import { type FolderExport, placed } from './transformers.js';

/** Only files next to the page: no other host is contacted, and no inline script runs. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self' blob:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

const known = ({ open: { classes }, info, evaluation }: Exportable): Html => {
  const { train, test } = info.data.counts;
  const [names, images] = [plural(classes.length, 'class', 'classes'), plural(sum(train), 'image')];
  const head = html`It knows ${names}, and was trained on ${images}.`;
  if (evaluation === undefined) return html`<p>${head} It has not been tested yet.</p>`;
  const [all, classwise] = [percent(evaluation.accuracy), percent(evaluation.meanPerClassAccuracy)];
  return html`<p>${head} Of ${plural(sum(test), 'test image')} it got ${all} right${
    all === classwise ? '' : `; counting every class alike, ${classwise}`
  }.</p>`;
};

const classTable = ({ open: { classes }, info, evaluation }: Exportable): Html => {
  const { train } = info.data.counts;
  const order = [...classes.keys()].sort((a, b) => (train[b] ?? 0) - (train[a] ?? 0));
  const row = (c: number) =>
    html`<tr><th scope="row">${classes[c] ?? ''}</th><td>${grouped(train[c] ?? 0)}</td>${
      evaluation === undefined ? null : html`<td>${percent(evaluation.perClassAccuracy[c] ?? null)}</td>`
    }</tr>
`;
  return html`<div class="scroll" tabindex="0" role="group" aria-label="Classes"><table>
<thead><tr><th scope="col">class</th><th scope="col">trained on</th>${
    evaluation === undefined ? null : html`<th scope="col">right in the test</th>`
  }</tr></thead>
<tbody>${order.map(row)}</tbody></table></div>`;
};

const page = (network: Exportable): Html => {
  const { title, preparation, version } = network;
  const { imageSize, channels } = preparation;
  const shades = channels === 1 ? 'grey' : 'colour';
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<link rel="icon" href="icon.svg">
<link rel="stylesheet" href="demo.css">
<script type="module" src="demo.js"></script>
</head>
<body>
<main>
<h1>${title}</h1>
${known(network)}
<label class="drop" id="drop"><strong>Drop an image here</strong>
<span class="soft">It stays on this device.</span>
<span class="button">Choose an image</span><input type="file" id="file" accept="image/*" disabled></label>
<p class="status" id="status" role="status">This page needs JavaScript, and a web server: in its folder, say
<code>npx http-server</code> or <code>python3 -m http.server</code>.</p>
<section class="result" id="result" aria-label="Answer" hidden>
<div class="pictures">
<figure><img id="picture" alt="The image that was chosen"><figcaption id="name"></figcaption></figure>
<figure><canvas id="prepared" role="img" aria-label="The same image as the network sees it"></canvas>
<figcaption>what the network sees: ${imageSize}\u00a0×\u00a0${imageSize}, ${shades}</figcaption></figure>
</div>
<div><h2>Most likely classes</h2><ol id="classes"></ol></div>
</section>
<details><summary>What it knows, class by class</summary>
${classTable(network)}
</details>
<details><summary>How far to trust it</summary>
<p>It always answers with one of its classes, also for an image of something else. Its percentages are its own: they are
not how often it is right. Classes that it saw little of are harder for it, as the table says.</p>
<p>An image is brought to ${imageSize} × ${imageSize} pixels as in the training: scaled to cover the square, and cut in
the middle. The training makes large JPEG files smaller while it decodes them, and reads colour profiles in its own way:
for photographs the percentages may be a point or two from those of tailnas.</p>
</details>
<footer class="soft"><p>Made with tailnas ${version}; runs in this browser with ONNX Runtime Web. Nothing is sent
anywhere.</p></footer>
</main>
</body>
</html>
`;
};

const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">
<rect width="16" height="16" rx="3" fill="#1d5a9e"/>
<path d="M3 12V3h2v9zM7 12V7h2v5zM11 12v-2h2v2z" fill="#fff"/></svg>
`;

/** Writes a page that runs the network in a browser: a folder for any static host, which asks no other host. */
export const placeDemo = (
  network: Exportable,
  folder: string,
  { runtime = runtimeFiles }: { runtime?: () => ReadonlyMap<string, Content> } = {},
): FolderExport => {
  const ort = runtime();
  const { bytes, deviation } = onnxBytes(network);
  requireCover(network, 'a demo');
  const { imageSize, channels } = network.preparation;
  const about = { classes: network.open.classes, imageSize, channels, input: 'images', output: 'logits' };
  const files = new Map<string, Content>([
    ['index.html', page(network).markup],
    ['demo.css', demoStyle],
    ['demo.js', demoScript],
    ['prepare.js', prepareScript],
    ['icon.svg', ICON],
    ['model.json', `${JSON.stringify(about)}\n`],
    ['model.onnx', bytes],
    ...[...ort].map(([name, content]): [string, Content] => [`ort/${name}`, content]),
  ]);
  return placed(folder, { files, deviation });
};
