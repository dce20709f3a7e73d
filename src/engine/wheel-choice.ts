import type { Link } from './index-page.js';
import { TORCH_VERSION } from './libtorch.js';

/** What a wheel must run on. */
export interface Machine {
  readonly platform: string;
  readonly arch: string;
  /** As 2.36; undefined where there is none: macOS, or a Linux of musl. */
  readonly glibc?: string | undefined;
}

/** The C library of this machine, as Node reports it. */
export const glibcVersion = (): string | undefined => {
  const report: unknown = process.report?.getReport();
  if (typeof report !== 'object' || report === null || !('header' in report)) return undefined;
  const { header } = report;
  if (typeof header !== 'object' || header === null || !('glibcVersionRuntime' in header)) return undefined;
  return typeof header.glibcVersionRuntime === 'string' ? header.glibcVersionRuntime : undefined;
};

export const thisMachine = (): Machine => ({
  platform: process.platform,
  arch: process.arch,
  glibc: process.platform === 'linux' ? glibcVersion() : undefined,
});

/** For `2.28` and `2.9`: whether the first is at least the second, part by part. */
export const atLeast = (version: string, needed: string): boolean => {
  const [own = [], other = []] = [version, needed].map((text) => text.split('.').map(Number));
  const length = Math.max(own.length, other.length);
  const differences = Array.from({ length }, (_, i) => (own[i] ?? 0) - (other[i] ?? 0));
  return (differences.find((difference) => difference !== 0) ?? 0) >= 0;
};

/** https://packaging.python.org/en/latest/specifications/platform-compatibility-tags/ */
const fits = (tag: string, { platform, arch, glibc }: Machine): boolean => {
  if (platform === 'darwin')
    return /^macosx_\d+_\d+_/.test(tag) && tag.endsWith(arch === 'arm64' ? '_arm64' : '_x86_64');
  if (glibc === undefined || !tag.endsWith(arch === 'arm64' ? '_aarch64' : '_x86_64')) return false;
  const [, major, minor] = /^manylinux_(\d+)_(\d+)_/.exec(tag) ?? [];
  if (major === undefined) return tag.startsWith('linux_') || /^manylinux20(1[04]|1)_/.test(tag);
  return atLeast(glibc, `${major}.${minor}`);
};

/**
 * The wheel of torch for a machine, without CUDA, or undefined. Libraries and headers are the same for every Python:
 * any will do, that of 3.11 first. On x86-64 Linux a wheel that is not marked `+cpu` is for CUDA.
 */
export const chooseWheel = (links: readonly Link[], machine: Machine): Link | undefined => {
  const plainIsCpu = !(machine.platform === 'linux' && machine.arch === 'x64');
  const suitable = links.filter(({ file }) => {
    const [, version = '', tags = ''] = /^torch-([^-]+)-(?:\d[^-]*-)?cp\d+-[^-]+-([^-]+)\.whl$/.exec(file) ?? [];
    const local = version === `${TORCH_VERSION}+cpu` || (plainIsCpu && version === TORCH_VERSION);
    return local && tags.split('.').some((tag) => fits(tag, machine));
  });
  const rank = ({ file }: Link) => (file.includes('+cpu') ? 0 : 2) + (file.includes('-cp311-cp311-') ? 0 : 1);
  return suitable.sort((a, b) => rank(a) - rank(b) || (a.file < b.file ? -1 : 1))[0];
};
