import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

// The last step of `npm run build`: what `require('tailnas')` gets. The code is there once, as ES modules, which Node
// 20.19, 22.12 and later can require; only the declarations are copied, into a folder that TypeScript takes for CommonJS.

const root = fileURLToPath(new URL('..', import.meta.url));
const [dist, cjs] = [join(root, 'dist'), join(root, 'dist', 'cjs')];
const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

const wrapper = (path: string): string => `'use strict';
try {
  module.exports = require('${path}');
} catch (error) {
  if (error.code !== 'ERR_REQUIRE_ESM') throw error;
  throw new Error('Cannot require tailnas: Node must be 20.19, 22.12 or later; use import, or a newer Node');
}
`;

rmSync(cjs, { recursive: true, force: true });
for (const name of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
  if (!name.endsWith('.d.ts')) continue;
  mkdirSync(dirname(join(cjs, name)), { recursive: true });
  writeFileSync(join(cjs, name), readFileSync(join(dist, name), 'utf8').replace(/^\/\/# sourceMappingURL=.*\n?/m, ''));
}
writeFileSync(join(cjs, 'package.json'), '{ "type": "commonjs" }\n');
for (const entry of Object.values<{ import?: { default: string }; require?: { default: string } }>(exports)) {
  if (entry.import === undefined || entry.require === undefined) continue;
  const file = join(root, entry.require.default);
  const target = relative(dirname(file), join(root, entry.import.default)).replaceAll('\\', '/');
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, wrapper(target));
}
