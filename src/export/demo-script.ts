/** The demo's `demo.js`: takes an image that is dropped or chosen, prepares it, runs the network, shows the answer. */
export const demoScript = `import * as ort from "./ort/ort.js";
import { prepare } from "./prepare.js";

/** Larger images are made smaller by the browser first: a canvas holds all their pixels. */
const LARGEST = 4096;
const SHOWN = 5;

const at = (id) => document.getElementById(id);
const [status, drop, input, result, list] = ['status', 'drop', 'file', 'result', 'classes'].map(at);
const say = (text, warn = false) => {
  status.textContent = text;
  status.classList.toggle('warn', warn);
};

// One thread: more need headers that a plain static host does not send.
ort.env.wasm.numThreads = 1;
ort.env.wasm.wasmPaths = { wasm: new URL('./ort/ort-wasm-simd-threaded.wasm', import.meta.url).href };

const ready = (async () => {
  const about = await (await fetch('./model.json')).json();
  const session = await ort.InferenceSession.create('./model.onnx', { executionProviders: ['wasm'] });
  return { about, session };
})();

/** The pixels of a file, upright: RGBA of [height, width, 4]. */
const pixelsOf = async (file) => {
  const bitmap = await createImageBitmap(file, { imageOrientation: 'from-image' });
  const less = Math.min(1, LARGEST / Math.max(bitmap.width, bitmap.height));
  const [width, height] = [bitmap.width, bitmap.height].map((side) => Math.max(1, Math.round(side * less)));
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext('2d', { willReadFrequently: true, colorSpace: 'srgb' });
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  return { rgba: context.getImageData(0, 0, width, height).data, width, height };
};

/** Bytes [size, size, channels] as the network takes them: 0…1, [1, channels, size, size]. */
const tensorOf = (bytes, { imageSize: size, channels }) => {
  const pixels = new Float32Array(bytes.length);
  for (let i = 0; i < size * size; i++)
    for (let c = 0; c < channels; c++) pixels[c * size * size + i] = bytes[i * channels + c] / 255;
  return new ort.Tensor('float32', pixels, [1, channels, size, size]);
};

const softmax = (logits) => {
  const most = Math.max(...logits);
  const shares = logits.map((z) => Math.exp(z - most));
  const sum = shares.reduce((a, b) => a + b, 0);
  return shares.map((share) => share / sum);
};

const showPrepared = (bytes, { imageSize: size, channels }) => {
  const canvas = at('prepared');
  [canvas.width, canvas.height] = [size, size];
  const image = new ImageData(size, size);
  for (let i = 0; i < size * size; i++)
    for (let c = 0; c < 4; c++) image.data[4 * i + c] = c === 3 ? 255 : bytes[i * channels + Math.min(c, channels - 1)];
  canvas.getContext('2d').putImageData(image, 0, 0);
};

const element = (name, className, textContent = '') =>
  Object.assign(document.createElement(name), { className, textContent });

const showClasses = (shares, classes) => {
  const best = [...shares.keys()].sort((a, b) => shares[b] - shares[a]).slice(0, SHOWN);
  list.replaceChildren(...best.map((c) => {
    const line = element('div', 'line');
    line.append(element('span', '', classes[c]), element('span', '', (100 * shares[c]).toFixed(1) + ' %'));
    const track = element('div', 'track');
    const fill = element('div', 'fill');
    fill.style.width = 100 * shares[c] + '%';
    track.setAttribute('aria-hidden', 'true');
    track.append(fill);
    const item = element('li', '');
    item.append(line, track);
    return item;
  }));
  return classes[best[0]];
};

let shown;
let latest = 0;
const answer = async (file) => {
  const own = ++latest; // a later image replaces this one, also while it is still being read
  say('Reading ' + file.name + ' …');
  try {
    const { about, session } = await ready;
    let pixels;
    try {
      pixels = await pixelsOf(file);
    } catch {
      const problem = 'This browser cannot read ' + file.name + ' as an image. Try a JPEG, PNG or WebP file.';
      if (own !== latest) return;
      result.hidden = true; // it is that of another file
      say(problem, true);
      return;
    }
    const { rgba, width, height } = pixels;
    const bytes = prepare(rgba, { width, height, size: about.imageSize, channels: about.channels });
    const from = performance.now();
    const { [about.output]: logits } = await session.run({ [about.input]: tensorOf(bytes, about) });
    const milliseconds = performance.now() - from;
    if (own !== latest) return;
    if (shown !== undefined) URL.revokeObjectURL(shown);
    shown = URL.createObjectURL(file);
    at('picture').src = shown;
    at('name').textContent = file.name + ', ' + width + '\\u00a0×\\u00a0' + height;
    showPrepared(bytes, about);
    const shares = softmax([...logits.data]);
    const best = showClasses(shares, about.classes);
    result.hidden = false;
    result.dataset.shares = JSON.stringify(shares);
    say('Most likely: ' + best + '. The network took ' + Math.max(1, Math.round(milliseconds)) + ' ms.');
  } catch (error) {
    say('Something went wrong: ' + (error instanceof Error ? error.message : error), true);
  }
};

input.addEventListener('change', () => {
  const [file] = input.files;
  if (file !== undefined) answer(file);
});
addEventListener('dragover', (event) => {
  event.preventDefault();
  drop.classList.add('over');
});
addEventListener('dragleave', (event) => {
  if (event.relatedTarget === null) drop.classList.remove('over');
});
addEventListener('drop', (event) => {
  event.preventDefault();
  drop.classList.remove('over');
  const [file] = event.dataTransfer.files;
  if (file !== undefined) answer(file);
});

say('Loading the network …');
ready.then(
  () => {
    input.disabled = false;
    if (latest === 0) say('Ready.');
  },
  (error) => say('The network cannot be loaded: ' + error.message, true),
);
`;
