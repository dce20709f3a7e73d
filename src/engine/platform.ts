/** Everything that differs between Linux and macOS. */
const mac = process.platform === 'darwin';

/** For the file name of a shared library: `torch` is `libtorch.so`, or `libtorch.dylib`. */
export const libraryFile = (name: string) => `lib${name}.${mac ? 'dylib' : 'so'}`;

/**
 * For linking an addon against libtorch in `libDir`. It will look for it in `lib` beside itself, a link that is made
 * where the addon is put. Its symbols of Node are resolved when Node loads it.
 */
export const linkFlags = (libDir: string): string[] => {
  // The dispatcher finds kernels by registration, not by symbol: without --no-as-needed the linker would drop libtorch.
  const system = mac ? ['-undefined', 'dynamic_lookup'] : ['-Wl,--no-as-needed'];
  const beside = `${mac ? '@loader_path' : '$ORIGIN'}/lib`;
  return ['-shared', ...system, `-L${libDir}`, '-ltorch', '-ltorch_cpu', '-lc10', `-Wl,-rpath,${beside}`];
};

/**
 * For `at::parallel_for`, whose header is serial unless OpenMP is on. Only when compiling: at run time the calls must
 * reach the OpenMP that libtorch itself has loaded, and a second one would have threads of its own. Clang's calls have
 * other names.
 */
export const openmpFlags = (compilerVersion: string) => (mac || /clang/i.test(compilerVersion) ? [] : ['-fopenmp']);
