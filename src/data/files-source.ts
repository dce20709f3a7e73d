import { createHash } from 'node:crypto';
import type { ClassFolders } from './class-folders.js';
import { allBytes, fileSize } from './file-bytes.js';
import { checkImages, readImages } from './read-images.js';
import type { Content } from './same-pictures.js';
import type { DataSource, Part, SourceOptions } from './source.js';

/** Image files by part, all with the classes of the training part. */
export interface LabelledFiles {
  readonly train: ClassFolders;
  readonly test: ClassFolders;
  readonly valid?: ClassFolders;
}

/** The bytes of a file; empty for one that cannot be read, which is reported elsewhere. */
const fileContent = async (file: string): Promise<Content | undefined> => {
  const size = await fileSize(file).catch(() => 0);
  if (size === 0) return undefined;
  return {
    size,
    key: async () =>
      createHash('sha1')
        .update(await allBytes(file))
        .digest('base64'),
  };
};

/** Makes a source of image files whose labels are known. */
export const filesSource = (
  {
    train,
    valid,
    test,
    ...about
  }: Pick<DataSource, 'name' | 'parts' | 'leftOut' | 'notes' | 'testShare'> & LabelledFiles,
  { imageSize, channels, strict, fit }: { imageSize: number; channels: 1 | 3 } & Pick<SourceOptions, 'strict' | 'fit'>,
): DataSource => {
  const shape = { imageSize, channels, fit };
  const of = (part: Part): ClassFolders => (part === 'train' ? train : part === 'test' ? test : (valid ?? test));
  const filesOf = (part: Part, indices: Uint32Array): string[] =>
    Array.from(indices, (index) => of(part).files[index] ?? '');
  return {
    ...about,
    classes: train.classes,
    trainLabels: train.labels,
    testLabels: test.labels,
    ...(valid === undefined ? {} : { validLabels: valid.labels }),
    imageSize,
    channels,
    fit,
    augment: `crop(${Math.round(imageSize / 8)}) + flip`,
    fileOf: (part, index) => of(part).files[index] ?? '',
    check: (part, indices) => checkImages(filesOf(part, indices), shape),
    contents: (part, indices) => Promise.all(filesOf(part, indices).map(fileContent)),
    load: async (part, indices, onProgress) => {
      const { labels } = of(part);
      const read = await readImages(filesOf(part, indices), { ...shape, strict, onProgress });
      const kept = read.kept.map((position) => indices[position] ?? 0);
      return {
        ...read,
        labels: Uint16Array.from(kept, (i) => labels[i] ?? 0),
        height: imageSize,
        width: imageSize,
        channels,
      };
    },
  };
};
