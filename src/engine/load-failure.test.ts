import { describe, expect, it } from 'vitest';
import { loadFailure } from './load-failure.js';

const engine = {
  addon: '/cache/tailnas.node',
  torch: { dir: '/torch', version: '2.13.0', origin: 'managed' as const },
};

describe('loadFailure', () => {
  it.each([
    ["/lib/libm.so.6: version `GLIBC_2.38' not found (required by /torch/lib/libtorch_cpu.so)", 'use a newer system'],
    ["libstdc++.so.6: version `GLIBCXX_3.4.32' not found", 'use a newer system'],
    ['libcudart.so.13: cannot open shared object file: No such file or directory', 'that library is missing'],
    ['dlopen(/cache/tailnas.node, 0x0001): Library not loaded: @rpath/libc10.dylib', 'that library is missing'],
    ['/torch/lib/libc10.so: wrong ELF class: ELFCLASS32', 'different machines'],
    ['invalid ELF header', 'delete /cache/tailnas.node and run again'],
  ])('quotes %s and says what to do', (message, advice) => {
    const { message: text } = loadFailure(`${message}\nsecond line`, engine);
    expect(text).toContain(
      `Cannot load the engine: ${message} (addon /cache/tailnas.node, libtorch 2.13.0 in /torch); `,
    );
    expect(text).toContain(advice);
    expect(text).not.toContain('second line');
  });
});
