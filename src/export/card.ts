import { grouped, NONE, percent, plural, sum, wilson } from '../measure/index.js';
import { AUXILIARY } from '../net/index.js';
import { rankOrder } from '../run/index.js';
import type { Exportable } from './network.js';

const intervalText = (right: number, of: number): string => {
  const found = wilson(right, of);
  return found === null ? NONE : `${percent(found[0])} to ${percent(found[1])}`;
};

/** A cell of a Markdown table: no bar and no line end of a class name may break it. */
const cell = (text: string): string => text.replace(/[\\|`*_[\]<>]/g, '\\$&').replace(/\s+/g, ' ');
const table = (headings: readonly string[], rows: readonly (readonly string[])[]): string =>
  [headings, headings.map((_, i) => (i === 0 ? '---' : '---:')), ...rows.map((row) => row.map(cell))]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');

/** A string of YAML: JSON's are. */
const yaml = (text: string): string => JSON.stringify(text);

type Tested = Exportable & { readonly evaluation: NonNullable<Exportable['evaluation']> };

const frontMatter = ({ title, info, evaluation, license, open: { classes } }: Tested): string => {
  const { data } = info;
  const metric = (type: string, name: string, value: number): string[] => [
    `          - type: ${type}`,
    `            name: ${yaml(name)}`,
    `            value: ${Number((100 * value).toFixed(2))}`,
  ];
  return [
    '---',
    'library_name: onnx',
    'pipeline_tag: image-classification',
    ...(license === undefined ? [] : [`license: ${yaml(license)}`]),
    'tags:',
    ...['neural-architecture-search', 'long-tailed', 'tailnas'].map((tag) => `  - ${tag}`),
    'metrics:',
    '  - accuracy',
    'model-index:',
    `  - name: ${yaml(title)}`,
    '    results:',
    '      - task:',
    '          type: image-classification',
    '          name: Image classification',
    '        dataset:',
    `          name: ${yaml(data.name)}`,
    // The Hub's identifiers have no other signs.
    `          type: ${yaml(data.name.toLowerCase().replace(/[^a-z0-9._-]+/g, '-'))}`,
    '          split: test',
    '        metrics:',
    ...metric('accuracy', `Mean of the accuracies of ${classes.length} classes`, evaluation.meanPerClassAccuracy),
    ...metric('accuracy', 'Accuracy', evaluation.accuracy),
    '---',
  ].join('\n');
};

const ratio = (counts: readonly number[]): number => Math.max(...counts) / Math.max(1, Math.min(...counts));

/** From here on some classes have so many more images that a plain accuracy says little. */
const UNEVEN = 1.5;

const classRows = ({ open: { classes }, info, evaluation }: Tested): readonly (readonly string[])[] => {
  const { train, test } = info.data.counts;
  const { head, middle, tail } = rankOrder(train);
  const groups = { head, middle, tail };
  return Object.entries(groups).flatMap(([group, members]) =>
    members.map((c) => {
      const right = evaluation.confusion[c]?.[c] ?? 0;
      const answered = sum(evaluation.confusion.map((row) => row[c] ?? 0));
      const tested = test[c] ?? 0;
      return [
        classes[c] ?? '',
        group,
        grouped(train[c] ?? 0),
        `${grouped(right)} of ${grouped(tested)}`,
        percent(evaluation.perClassAccuracy[c] ?? null),
        intervalText(right, tested),
        answered === 0 ? 'never answered' : percent(right / answered),
      ];
    }),
  );
};

const results = (network: Tested): string => {
  const { evaluation, info, open: model } = network;
  const { train, test } = info.data.counts;
  const right = sum(model.classes.map((_, c) => evaluation.confusion[c]?.[c] ?? 0));
  const all = sum(evaluation.confusion.flat());
  const { head, middle, tail } = evaluation.ranks;
  const at = Object.entries(evaluation.at).map(([name, value]) => `${name} ${value}`);
  return [
    '## Results',
    `On ${plural(all, 'test image')} of ${plural(model.classes.length, 'class', 'classes')}${
      at.length === 0 ? '' : `, at ${at.join(', ')}`
    }:`,
    table(
      ['measure', 'value', '95 % interval'],
      [
        ['mean of the accuracies of the classes', percent(evaluation.meanPerClassAccuracy), ''],
        ['accuracy', percent(evaluation.accuracy), intervalText(right, all)],
        ['head (largest classes), mean', percent(head), ''],
        ['middle classes, mean', percent(middle), ''],
        ['tail (smallest classes), mean', percent(tail), ''],
        ['to compare: always the largest class', percent((test[train.indexOf(Math.max(...train))] ?? 0) / all), ''],
      ],
    ),
    'Class by class, from the most training images to the fewest. Recall: how many of its images a class gets back; ' +
      'precision: how often its name is right when it is the answer.',
    table(['class', 'group', 'training images', 'right', 'recall', '95 % interval', 'precision'], classRows(network)),
    `These are of one training, with seed ${info.seed}: another seed gives other numbers, and the intervals are only ` +
      'over test images.',
  ].join('\n\n');
};

const limits = ({ info, evaluation, open: { classes, assumes } }: Tested): string => {
  const { train, test } = info.data.counts;
  const worst = [...classes.keys()]
    .filter((c) => (evaluation.perClassAccuracy[c] ?? 1) < 0.5)
    .sort((a, b) => (evaluation.perClassAccuracy[a] ?? 0) - (evaluation.perClassAccuracy[b] ?? 0));
  const names = worst
    .slice(0, 10)
    .map((c) => `${cell(classes[c] ?? '')} (${percent(evaluation.perClassAccuracy[c] ?? null)})`);
  const uneven = ratio(test) >= UNEVEN;
  return [
    '## What it is not for',
    [
      '- Images of anything but its classes: it always answers with one of them.',
      '- Decisions about people, their health, safety or rights: it was not tested for that.',
      ...(worst.length === 0
        ? []
        : [
            `- Relying on ${names.join(', ')}${worst.length > 10 ? ' and others' : ''}: it gets less than half of ` +
              'their test images right.',
          ]),
      '- Other shares of classes than it was tested with. In training the largest class had ' +
        `${grouped(Math.round(ratio(train)))} times the images of the smallest; in the test ${
          uneven
            ? `${ratio(test).toFixed(1)} times, so that the accuracy is mostly that of the large classes`
            : 'all have about as many, so that the accuracy is not what to expect where large classes are more frequent'
        }. \`tailnas evaluate --prior\` says what to expect elsewhere.${
          assumes === undefined
            ? ''
            : ' The share of each class that its logits assume is `assumed_prior` in the metadata of the model: add ' +
              'the logarithm of your share over it to the logit of each class.'
        }`,
      '- Its probabilities as they are: they were not calibrated.',
      '- Images that were made or prepared in another way than the training images.',
    ].join('\n'),
  ].join('\n\n');
};

const fixed = (values: readonly number[]): string => `[${values.map((value) => Number(value.toFixed(6))).join(', ')}]`;

/** How Pillow brings an image to the size as libvips does: to whole pixels, of which it takes the same middle. */
export const broughtTo = (fit: string, size: number): string => {
  if (fit === 'stretch') return `image = image.resize((${size}, ${size}), Image.Resampling.LANCZOS)`;
  const [side, rest] = fit === 'contain' ? ['max', 'and black around it'] : ['min', 'without what sticks out'];
  return `scale = ${size} / ${side}(image.size)
image = image.resize([max(1, int(side * scale + 0.5)) for side in image.size], Image.Resampling.LANCZOS)
left, top = [(side - ${size} + 1) // 2 for side in image.size]
image = image.crop((left, top, left + ${size}, top + ${size}))  # the middle, ${rest}`;
};

const usage = ({ preparation, open: { classes }, info }: Tested): string => {
  const { imageSize: size, channels, mean, std, fit } = preparation;
  const grey = channels === 1;
  return [
    '## How to use it',
    `\`model.onnx\` (\`tailnas export <run> --onnx model.onnx\`) takes \`images\`: ${
      grey ? 'grey' : 'RGB'
    } pixels from 0 to 1, float32 of shape [batch, ${channels}, ${size}, ${size}]. It normalises them itself ` +
      `(mean ${fixed(mean)}, standard deviation ${fixed(std)}). It gives \`logits\`, [batch, ${classes.length}]; the ` +
      'names of the classes are in its metadata.',
    `\`\`\`python
import json
import numpy as np, onnxruntime as ort
from PIL import Image, ImageOps

session = ort.InferenceSession("model.onnx")
classes = json.loads(session.get_modelmeta().custom_metadata_map["classes"])
image = ImageOps.exif_transpose(Image.open("image.jpg")).convert("${grey ? 'L' : 'RGB'}")
${broughtTo(fit, size)}
pixels = np.asarray(image, np.float32)${grey ? '[None]' : '.transpose(2, 0, 1)'}[None] / 255
(logits,) = session.run(["logits"], {"images": pixels})
shares = np.exp(logits[0] - logits[0].max())
for c in np.argsort(-logits[0])[:5]:
    print(f"{classes[c]}: {shares[c] / shares.sum():.1%}")
\`\`\``,
    'For transformers.js, `tailnas export <run> --for transformers.js <folder>`; for a page to try it on, ' +
      `\`--demo <folder>\`; with tailnas itself, \`open(run)\`. Data: fingerprint \`${info.data.fingerprint}\`.`,
  ].join('\n\n');
};

const training = ({ info, version, fingerprint, open: { model } }: Tested): string => {
  const { experiment, data } = info;
  const size = model.store.size - model.store.range(AUXILIARY)[1];
  const epochs = sum(experiment.phases.map((phase) => phase.epochs));
  const found = experiment.network?.search;
  const { train, valid } = data.counts;
  return [
    '## Training',
    `${experiment.label}, ${plural(size, 'weight')}, ${plural(epochs, 'epoch')} on ` +
      `${plural(sum(train), 'image')} of ${data.name} (${grouped(Math.max(...train))} of the largest class, ` +
      `${grouped(Math.min(...train))} of the smallest${
        sum(valid) === 0 ? '' : `; ${grouped(sum(valid))} more to validate on`
      })${found === undefined ? '' : `; its cells were found by the search ${found.name}, seed ${found.seed}`}.`,
    table(
      ['option', 'value'],
      Object.entries(experiment.options).map(([name, value]) => [name, String(value)]),
    ),
    `Made with tailnas ${info.versions['tailnas'] ?? version}, libtorch ${info.versions['libtorch'] ?? NONE}; ` +
      `weights SHA-256 \`${fingerprint}\`.`,
  ].join('\n\n');
};

/**
 * A model card for the Hugging Face Hub, in Markdown with `model-index`: how good the network is class by class, what
 * it is not for, how it is used. Throws on a run that has no result yet.
 */
export const modelCard = (network: Exportable): string => {
  const { evaluation, title } = network;
  if (evaluation === undefined)
    throw new Error(
      'Cannot export card: the run must have a result to speak of, it has none yet; let it end, or continue it with ' +
        '`tailnas resume`',
    );
  const tested: Tested = { ...network, evaluation };
  const text =
    ratio(network.info.data.counts.train) >= UNEVEN
      ? 'An image classifier for long-tailed data: most of the images that it was trained on are of a few classes.'
      : 'An image classifier. It was trained on about as many images of each class.';
  return `${[
    frontMatter(tested),
    `# ${cell(title)}`,
    text,
    results(tested),
    limits(tested),
    usage(tested),
    training(tested),
  ].join('\n\n')}\n`;
};
