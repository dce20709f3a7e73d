import { basename } from 'node:path';
import { Command, Option } from 'commander';
import {
  CHECKED_IMAGES,
  type Exportable,
  type FolderExport,
  modelCard,
  type OnnxExport,
  placeDemo,
  placeFile,
  placeOnnx,
  placeTransformers,
  placeWeights,
  requireFree,
  type WeightsExport,
  withExportable,
} from '../export/index.js';
import { commandText } from '../measure/index.js';
import { listing, plural } from './format.js';
import { UsageError } from './usage.js';

interface Flags {
  readonly onnx?: string;
  readonly safetensors?: string;
  readonly for?: readonly string[];
  readonly demo?: string;
  /** true where no file is named. */
  readonly card?: string | true;
  readonly license?: string;
  readonly json?: true;
}

/** What an export wrote, in --json and in words. */
type Written = OnnxExport | WeightsExport | FolderExport | { readonly file: string | null };

interface Done {
  readonly what: string;
  readonly written: Written;
  readonly rows: readonly (readonly [string, string])[];
}

const TRANSFORMERS = 'transformers.js';

const size = (bytes: number): string =>
  bytes < 1e5 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(bytes < 1e7 ? 2 : 1)} MB`;
const shape = ({ name, shape: sizes }: OnnxExport['input']): string => `${name} [${sizes.join(', ')}]`;
const checked = (deviation: number): readonly [string, string] => [
  '  checked',
  `logits within ${deviation.toExponential(1)} of libtorch's on ${CHECKED_IMAGES} images, as a share of the largest`,
];

/** The folder for transformers.js. */
const folderFor = (words: readonly string[] | undefined): string | undefined => {
  if (words === undefined) return undefined;
  const [reader, folder, ...more] = words;
  if (reader !== TRANSFORMERS || folder === undefined || more.length > 0)
    throw new UsageError(
      `--for must be "${TRANSFORMERS}" and a folder, got "${words.join(' ')}"; the run comes before it: ` +
        `tailnas export <run> --for ${TRANSFORMERS} <folder>`,
    );
  return folder;
};

const onnx = (network: Exportable, file: string): Done => {
  const written = placeOnnx(network, file);
  const grey = network.preparation.channels === 1 ? 'grey' : 'RGB';
  return {
    what: 'onnx',
    written,
    rows: [
      [file, `ONNX, opset ${written.opset}, ${size(written.bytes)}`],
      ['  takes', `${shape(written.input)}, ${grey} pixels in 0…1; it normalises them itself`],
      ['  gives', `${shape(written.output)}; names of the classes in its metadata`],
      checked(written.deviation),
      ['  next', "PyPI's onnxruntime, or any reader of ONNX; --card has the lines of Python"],
    ],
  };
};

const weights = (network: Exportable, file: string): Done => {
  const written = placeWeights(network, file);
  return {
    what: 'safetensors',
    written,
    rows: [
      [file, `safetensors, ${plural(written.tensors, 'tensor')}, ${size(written.bytes)}`],
      ['  checked', 'read back, equal to the byte; cells, classes and preparation are in its metadata'],
      ['  next', "PyPI's safetensors: safetensors.torch.load_file(…)"],
    ],
  };
};

const folderRows = (
  { folder, files, bytes, deviation }: FolderExport,
  { what, next }: { what: string; next: string },
): Done['rows'] => [
  [folder, `${what}, ${plural(files.length, 'file')}, ${size(bytes)}`],
  checked(deviation),
  ['  next', next],
];

const transformers = (network: Exportable, folder: string): Done => {
  const written = placeTransformers(network, folder);
  const task = 'image-classification';
  const next = `put it in the folder of env.localModelPath, and call pipeline('${task}', '${basename(folder)}')`;
  return { what: 'transformers', written, rows: folderRows(written, { what: 'a model for transformers.js', next }) };
};

const demo = (network: Exportable, folder: string): Done => {
  const written = placeDemo(network, folder);
  const serve = commandText(['npx', 'http-server', folder]);
  const next = `${serve}, and open the address that it prints; any static host works`;
  return { what: 'demo', written, rows: folderRows(written, { what: 'a page to try it on', next }) };
};

const card = (text: string, file: string): Done => {
  placeFile(file, text);
  const next = 'put it next to the files, as README.md: npx @huggingface/hub upload <user>/<name> <folder>';
  return {
    what: 'card',
    written: { file },
    rows: [
      [file, 'a model card for the Hugging Face Hub'],
      ['  next', next],
    ],
  };
};

export const command = (): Command =>
  new Command('export')
    .description('write a trained network to files for other programs; each file is checked before it is in place')
    .argument('<run>', 'the folder of a training, which may still be running')
    .option('--onnx <file>', 'an ONNX file (opset 17) that takes plain pixels, for ONNX Runtime and most others')
    .option('--safetensors <file>', 'weights by name, with cells, classes and preparation in the metadata')
    .option('--for <reader and folder...>', `a folder for ${TRANSFORMERS}: --for ${TRANSFORMERS} <folder>`)
    .option('--demo <folder>', 'a page to try the network on, for any static host; needs npm install onnxruntime-web')
    .option('--card [file]', 'a model card with model-index for the Hugging Face Hub, on stdout unless a file is named')
    .addOption(new Option('--license <name>', 'licence of the weights, as the Hub spells it, e.g. mit or cc-by-4.0'))
    .option('--json', 'print the result as JSON on stdout')
    .addHelpText(
      'after',
      `
Examples:
  $ tailnas export runs/train-darts-v2-20260102-030405 --onnx model.onnx
  $ tailnas export runs/train-darts-v2-20260102-030405 --demo demo --license mit
  $ tailnas export runs/train-darts-v2-20260102-030405 --card > README.md

Existing files are not replaced. The exported network answers as in the test: with two heads, at the mixing that was
chosen on the validation images.`,
    )
    .action((run: string, flags: Flags) => {
      const folder = folderFor(flags.for);
      const places = [flags.onnx, flags.safetensors, folder, flags.demo, flags.card === true ? undefined : flags.card];
      const named = places.filter((place) => place !== undefined);
      if (named.length === 0 && flags.card === undefined)
        throw new UsageError('name at least one export: --onnx, --safetensors, --for, --demo or --card');
      const twice = named.find((place, i) => named.indexOf(place) < i);
      if (twice !== undefined) throw new UsageError(`each export needs its own path, ${twice} is named twice`);
      for (const place of named) requireFree(place);
      const toStdout = flags.card === true;
      const { done, text } = withExportable(
        run,
        (network) => {
          const about = flags.card === undefined ? undefined : modelCard(network);
          const made = [
            flags.onnx !== undefined && onnx(network, flags.onnx),
            flags.safetensors !== undefined && weights(network, flags.safetensors),
            folder !== undefined && transformers(network, folder),
            flags.demo !== undefined && demo(network, flags.demo),
            about !== undefined && typeof flags.card === 'string' && card(about, flags.card),
          ].filter((each) => each !== false);
          return { done: made, text: about };
        },
        { license: flags.license },
      );
      const printed = Object.fromEntries(done.map(({ what, written }) => [what, written]));
      if (flags.json) {
        const own = toStdout ? { card: { file: null, text } } : {};
        process.stdout.write(`${JSON.stringify({ run, ...printed, ...own })}\n`);
        return;
      }
      const rows = listing(done.flatMap((each) => each.rows));
      if (done.length > 0) (toStdout ? process.stderr : process.stdout).write(`${rows}\n`);
      if (toStdout) process.stdout.write(text ?? '');
    });
