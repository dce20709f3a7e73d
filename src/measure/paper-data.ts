import { paperData } from '../paper/index.js';
import type { RunInfo } from '../run/index.js';
import { sum } from './statistics.js';

/** What was asked for of the data, by name. Which path they lie at is not part of it; their content is what counts. */
export const dataRequest = ({ data }: RunInfo): Readonly<Record<string, unknown>> => {
  const { request } = data;
  return typeof request === 'object' && request !== null ? Object.fromEntries(Object.entries(request)) : {};
};

const isBuiltIn = (info: RunInfo): boolean => (dataRequest(info)['spec'] ?? info.data.name) === paperData.name;

/** Whether images from a folder have the classes and counts of the paper's: their pixels may have been re-encoded. */
export const isPapersFolder = (info: RunInfo): boolean => {
  const { classes, counts } = info.data;
  const { grey, imageSize = paperData.imageSize } = dataRequest(info);
  const learnt = [0, classes.length - 1].map((c) => sum([counts.train[c] ?? 0, counts.valid[c] ?? 0]));
  return (
    !isBuiltIn(info) &&
    String(classes) === String(paperData.classes) &&
    counts.test.every((n) => n === paperData.test) &&
    String(learnt) === String([paperData.most, paperData.least]) &&
    imageSize === paperData.imageSize &&
    grey !== true
  );
};

/** Whether the paper's figures speak of these data. */
export const isPapersData = (info: RunInfo): boolean => {
  const { imbalance = paperData.imbalance, imbalanceRatio = paperData.imbalanceRatio } = dataRequest(info);
  const images = isBuiltIn(info) || isPapersFolder(info);
  return images && imbalance === paperData.imbalance && imbalanceRatio === paperData.imbalanceRatio;
};
