import { createHash } from 'node:crypto';
import { strToU8, type Zippable, zipSync } from 'fflate';

/** A wheel of some files, with the RECORD that pip demands: a hash and a size for each. */
export const wheelOf = (
  files: Readonly<Record<string, Uint8Array>>,
  { level = 6 }: { level?: 0 | 6 } = {},
): Uint8Array => {
  const lines = Object.entries(files).map(
    ([name, bytes]) => `${name},sha256=${createHash('sha256').update(bytes).digest('base64url')},${bytes.length}`,
  );
  const all: Zippable = { ...files, 'torch-2.13.0.dist-info/RECORD': strToU8(`${lines.join('\n')}\n`) };
  return zipSync(all, { level });
};
