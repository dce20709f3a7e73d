import { mkdir, readdir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
};

/**
 * The file that this process downloads into, in `cache`: what an earlier one on this host left when it was broken off,
 * if there is one, else a new name. The name has the process in it, so that no two write into one file; as it begins
 * with `tmp-`, what nobody continues is removed after a day.
 */
export const claimPart = async (cache: string, { digest, host }: { digest: string; host: string }): Promise<string> => {
  await mkdir(cache, { recursive: true, mode: 0o700 });
  const start = `tmp-part-${digest.slice(0, 16)}-${host}-`;
  const own = join(cache, `${start}${process.pid}`);
  const left: { path: string; size: number }[] = [];
  for (const name of await readdir(cache)) {
    const pid = name.startsWith(start) ? Number(name.slice(start.length)) : Number.NaN;
    if (!Number.isInteger(pid) || (pid !== process.pid && isRunning(pid))) continue;
    const entry = await stat(join(cache, name)).catch(() => undefined);
    if (entry) left.push({ path: join(cache, name), size: entry.size });
  }
  for (const { path } of left.sort((a, b) => b.size - a.size)) {
    if (path === own) return own;
    // Another process may claim it in this moment: then one of the two finds it gone.
    const claimed = await rename(path, own).then(
      () => true,
      () => false,
    );
    if (claimed) return own;
  }
  return own;
};
