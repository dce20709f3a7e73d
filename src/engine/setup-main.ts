// The set-up as a program, for `npm run setup` and for the first load: node setup-main.js [folder of the C++ sources]
import { EngineError } from './errors.js';
import { nativeDir } from './paths.js';
import { progressPrinter } from './progress.js';
import { setupEngine } from './setup.js';

const { update, end } = progressPrinter(process.stderr);
try {
  const { addon, torch } = await setupEngine({ sourceDir: process.argv[2] ?? nativeDir(), onProgress: update });
  end();
  process.stderr.write(`engine ready: ${addon} (libtorch ${torch.version} in ${torch.dir})\n`);
} catch (error) {
  end();
  if (!(error instanceof EngineError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
