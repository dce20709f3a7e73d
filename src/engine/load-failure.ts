import { EngineError } from './errors.js';
import type { Engine } from './record.js';

const ADVICE: readonly { pattern: RegExp; advice: string }[] = [
  {
    pattern: /GLIBC(XX)?_|CXXABI_/,
    advice: "this system's C or C++ library is older than the one libtorch was built with: use a newer system",
  },
  {
    pattern: /cannot open shared object|Library not loaded/,
    advice: 'that library is missing: install it, or set LIBTORCH to a complete libtorch',
  },
  {
    pattern: /wrong ELF class|incompatible architecture/,
    advice: 'Node and libtorch are for different machines: use one kind',
  },
];

/** For a built addon that the system refuses: `message` is the loader's own. */
export const loadFailure = (message: string, { addon, torch }: Engine): EngineError => {
  const { advice } = ADVICE.find(({ pattern }) => pattern.test(message)) ?? {
    advice: `delete ${addon} and run again; \`tailnas doctor\` shows what was found`,
  };
  return new EngineError(
    `Cannot load the engine: ${message.split('\n')[0]} (addon ${addon}, libtorch ${torch.version} in ` +
      `${torch.dir}); ${advice}`,
  );
};
