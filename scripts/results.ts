import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { argv } from 'node:process';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { extract, pack } from 'tar-stream';
import { sealed } from '../src/run/seal.js';

// `npm run results` unpacks the run folders of docs/results beside their archives, `npm run results pack` packs them:
// the same folders give the same bytes. `npm run results add <study> <runs…>` copies runs into one first. SHA256SUMS has
// a line per archive, as `sha256sum -c` reads it.

const RESULTS = fileURLToPath(new URL('../docs/results/', import.meta.url));
const SUMS = join(RESULTS, 'SHA256SUMS');
const ARCHIVE = 'runs.tar.gz';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const studies = (): string[] =>
  readdirSync(RESULTS)
    .filter((name) => statSync(join(RESULTS, name)).isDirectory())
    .sort();

/** One hash for all archives, which changes with any of them. */
export const resultsHash = (): string => sha256(readFileSync(SUMS));

/** Unpacks every archive into `into`/<study>/runs. Throws where one is not what SHA256SUMS says. */
export const unpackResults = async (into: string): Promise<void> => {
  for (const line of readFileSync(SUMS, 'utf8').trim().split('\n')) {
    const [sum, file = ''] = line.split('  ');
    const bytes = readFileSync(join(RESULTS, file));
    if (sha256(bytes) !== sum)
      throw new Error(`Cannot unpack ${file}: its SHA-256 must be ${sum}, got ${sha256(bytes)}; check it out again`);
    const unpacking = extract();
    unpacking.end(gunzipSync(bytes));
    for await (const entry of unpacking) {
      const path = join(into, dirname(file), entry.header.name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, await buffer(entry));
    }
  }
};

const packRuns = async (study: string): Promise<Uint8Array> => {
  const folder = join(RESULTS, study);
  const files = readdirSync(join(folder, 'runs'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const packing = pack();
  const bytes = buffer(packing);
  for (const path of files.sort())
    packing.entry({ name: relative(folder, path).replaceAll('\\', '/'), mtime: new Date(0) }, readFileSync(path));
  packing.finalize();
  return gzipSync(await bytes, { level: 9 });
};

/** What tables and figures are made of. */
const KEPT = ['run.json', 'metrics.jsonl', 'genotype.json', 'evaluation.json'];

/** Copies runs into a study, without checkpoints, logs and pictures; paths lose their folders, and seals are set anew. */
const addRuns = (study: string, runs: readonly string[]): void => {
  for (const run of runs) {
    const folder = join(RESULTS, study, 'runs', basename(run));
    mkdirSync(folder, { recursive: true });
    for (const name of KEPT.filter((file) => existsSync(join(run, file)))) {
      const text = readFileSync(join(run, name), 'utf8');
      const bare = text.replace(/"\/(?:[^"]*\/)?([^"/]+)"/g, '"$1"');
      writeFileSync(
        join(folder, name),
        bare === text ? text : `${JSON.stringify(sealed(JSON.parse(bare)), null, 2)}\n`,
      );
    }
  }
};

if (argv[1] === fileURLToPath(import.meta.url)) {
  if (argv[2] === 'add') addRuns(argv[3] ?? '', argv.slice(4));
  else if (argv[2] === 'pack') {
    for (const study of studies().filter((name) => existsSync(join(RESULTS, name, 'runs'))))
      writeFileSync(join(RESULTS, study, ARCHIVE), await packRuns(study));
    const archives = studies().flatMap((study) =>
      existsSync(join(RESULTS, study, ARCHIVE)) ? [`${study}/${ARCHIVE}`] : [],
    );
    const lines = archives.map((file) => `${sha256(readFileSync(join(RESULTS, file)))}  ${file}\n`);
    writeFileSync(SUMS, lines.join(''));
  } else {
    await unpackResults(RESULTS);
  }
}
