/** For every failure to find, fetch, build or load libtorch: says action, rule, value and what to do. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
}

/** For asking what kind of system error was thrown: `ENOENT`, `ENOSPC` and so on, or undefined. */
export const errorCode = (error: unknown): string | undefined => {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
};

/** For quoting whatever was thrown in one line. */
export const firstLine = (error: unknown): string => {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n')[0] ?? '';
};

/** For a file system error inside the cache folder: says what to do. An EngineError passes unchanged. */
export const cacheError = (error: unknown, { action, folder }: { action: string; folder: string }): EngineError => {
  if (error instanceof EngineError) return error;
  const code = errorCode(error);
  const elsewhere = 'set TAILNAS_CACHE to a folder on another disk';
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new EngineError(
      `${action}: the disk of ${folder} is full, about 1.5 GB is needed; free some space, or ${elsewhere}`,
    );
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
    return new EngineError(`${action}: ${folder} cannot be written (${code}); make it writable, or ${elsewhere}`);
  return new EngineError(`${action}: ${firstLine(error)} (in ${folder}); \`tailnas doctor\` shows what was found`);
};
