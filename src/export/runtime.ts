import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { packageRoot } from '../engine/paths.js';
import type { Content } from './place.js';

const PACKAGE = 'onnxruntime-web';
const SCRIPT = 'ort.wasm.bundle.min.mjs';
const BINARY = 'ort-wasm-simd-threaded.wasm';

/** Where a package's files are: found from the user's folder, else from the folder of tailnas. */
const distOf = (folders: readonly string[]): string | undefined => {
  for (const folder of folders) {
    try {
      return dirname(createRequire(join(folder, 'package.json')).resolve(`${PACKAGE}/wasm`));
    } catch {
      // Looked for in the next folder.
    }
  }
  return undefined;
};

/** As the licence asks of who passes on a copy. */
const LICENCE = `MIT License

Copyright (c) Microsoft Corporation

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
`;

/**
 * The files of ONNX Runtime Web that a page needs to run a network, by name. The package is 138 MB unpacked and only
 * the demo needs it, so it is no dependency of ours: an error says how to get it. `from` are the folders that it is
 * looked for in.
 */
export const runtimeFiles = (
  from: readonly string[] = [process.cwd(), packageRoot()],
): ReadonlyMap<string, Content> => {
  const dist = distOf(from);
  if (dist === undefined)
    throw new Error(
      `Cannot export demo: it needs ${PACKAGE} 1.30 or newer, which is not installed; say \`npm install ${PACKAGE}\` ` +
        'in this folder, and again this command',
    );
  const read = (name: string): Uint8Array => {
    try {
      return readFileSync(join(dist, name));
    } catch {
      throw new Error(
        `Cannot export demo: ${PACKAGE} must have the file ${name}, it is not in ${dist}; ` +
          `say \`npm install ${PACKAGE}@1.30\``,
      );
    }
  };
  // Named .js: some static hosts serve .mjs as plain bytes, which browsers do not run.
  return new Map<string, Content>([
    ['ort.js', read(SCRIPT)],
    [BINARY, read(BINARY)],
    ['LICENSE', LICENCE],
  ]);
};
