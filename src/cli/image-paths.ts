import { buffer } from 'node:stream/consumers';
import { type FoundImages, findImages } from '../data/index.js';
import { UsageError } from './usage.js';

/** The first bytes of image files, as latin-1. */
const IMAGE_BYTES = /^(\xff\xd8\xff|\x89PNG|GIF8|RIFF[\s\S]{4}WEBP|II\*\0|MM\0\*|BM[\s\S]{4}\0\0\0\0)/;

/** The paths that stdin lists, one a line, or between zero bytes as `find -print0` writes them. */
const listedOnStdin = async (): Promise<string[]> => {
  const bytes = await buffer(process.stdin);
  if (IMAGE_BYTES.test(bytes.toString('latin1', 0, 16)))
    throw new UsageError('- reads paths from stdin, one per line: it got the bytes of an image; give its path instead');
  const text = bytes.toString('utf8');
  const paths = text.includes('\0') ? text.split('\0') : text.split(/\r?\n/);
  return paths.filter((path) => path !== '');
};

/** The images that the words of a command lead to: files, folders, patterns, and `-` for a list on stdin. */
export const imagesOf = async (words: readonly string[]): Promise<FoundImages> => {
  if (words.filter((word) => word === '-').length > 1) throw new UsageError('- must be given once: stdin is one list');
  const paths: string[] = [];
  for (const word of words) {
    if (word !== '-') {
      paths.push(word);
      continue;
    }
    const listed = await listedOnStdin();
    if (listed.length === 0 && words.length === 1)
      throw new UsageError('- reads paths from stdin, one per line: it lists none');
    for (const path of listed) paths.push(path);
  }
  return findImages(paths);
};
