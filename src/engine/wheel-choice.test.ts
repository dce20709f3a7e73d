import { describe, expect, it } from 'vitest';
import { atLeast, chooseWheel, type Machine } from './wheel-choice.js';

const linux: Machine = { platform: 'linux', arch: 'x64', glibc: '2.36' };
const choose = (machine: Machine, files: readonly string[]) =>
  chooseWheel(
    files.map((file) => ({ file, url: `https://files.example/${file}`, headers: {} })),
    machine,
  )?.file;

const CPU = 'torch-2.13.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl';
const CUDA = 'torch-2.13.0-cp311-cp311-manylinux_2_28_x86_64.whl';
const ARM = 'torch-2.13.0+cpu-cp312-cp312-manylinux_2_28_aarch64.whl';
const MAC = 'torch-2.13.0-cp313-none-macosx_11_0_arm64.whl';
const OTHERS = [
  'torch-2.13.1+cpu-cp311-cp311-manylinux_2_28_x86_64.whl',
  'torch-2.13.0+cu130-cp311-cp311-manylinux_2_28_x86_64.whl',
  'torch-2.13.0+cpu-cp311-cp311-win_amd64.whl',
  'torchvision-2.13.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl',
  'torch-2.13.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl.metadata',
];

describe('atLeast', () => {
  it('compares part by part, a missing one being 0', () => {
    const pairs = [
      ['2.28', '2.9'],
      ['3.4.21', '3.4'],
      ['3.4', '3.4.0'],
      ['2.28', '2.28'],
    ] as const;
    expect(pairs.map(([a, b]) => atLeast(a, b))).toEqual([true, true, true, true]);
    expect(pairs.map(([a, b]) => atLeast(b, a))).toEqual([false, false, true, true]);
  });
});

describe('chooseWheel', () => {
  it('takes the one for the machine, without CUDA', () => {
    const all = [...OTHERS, CUDA, MAC, ARM, CPU];
    expect(choose(linux, all)).toBe(CPU);
    expect(choose({ ...linux, arch: 'arm64' }, all)).toBe(ARM);
    expect(choose({ platform: 'darwin', arch: 'arm64' }, all)).toBe(MAC);
    expect(choose({ platform: 'darwin', arch: 'x64' }, all)).toBeUndefined();
    expect(choose(linux, [...OTHERS, CUDA])).toBeUndefined();
  });

  it('takes none that is newer than the C library, nor any where there is no glibc', () => {
    expect(choose({ ...linux, glibc: '2.28' }, [CPU])).toBe(CPU);
    expect(choose({ ...linux, glibc: '2.27' }, [CPU])).toBeUndefined();
    expect(choose({ ...linux, glibc: '2.9' }, [CPU])).toBeUndefined();
    expect(choose({ ...linux, glibc: undefined }, [CPU])).toBeUndefined();
  });

  it('takes any Python, that of 3.11 first', () => {
    const newer = CPU.replaceAll('cp311', 'cp314');
    expect(choose(linux, [newer])).toBe(newer);
    expect(choose(linux, [newer, CPU])).toBe(CPU);
  });
});
