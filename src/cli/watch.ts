import { existsSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { Command, InvalidArgumentError, Option } from 'commander';
import { printable } from '../label/index.js';
import { isLoopback, keepHeapSmall, watch } from '../serve/index.js';

interface Flags {
  readonly port: number;
  readonly host: string;
  readonly token?: true;
  readonly json?: true;
}

const PORT = 7007;
const MOST_PORT = 65_535;

const portOf = (text: string): number => {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > MOST_PORT)
    throw new InvalidArgumentError(`It must be 0 to ${MOST_PORT}, got "${text}"; 0 takes any that is free`);
  return port;
};

const requireFolder = (path: string): void => {
  if (!existsSync(path))
    throw new Error(`Cannot watch ${path}: the folder does not exist; check the path, or start the run first`);
  if (!statSync(path).isDirectory())
    throw new Error(`Cannot watch ${path}: it must be a folder of runs, it is a file; give the folder that it lies in`);
};

const serve = async (folders: readonly string[], { port: asked, host, token, json }: Flags): Promise<void> => {
  for (const folder of folders) requireFolder(folder);
  keepHeapSmall();
  const page = await watch(folders, { port: asked, host, token: token ?? false });
  const { url, port } = page;
  if (json) process.stdout.write(`${JSON.stringify({ url, port, token: page.token ?? null })}\n`);
  else {
    const remote = isLoopback(host)
      ? `  from elsewhere: ssh -L ${port}:127.0.0.1:${port} ${hostname()}, then the same address there\n`
      : `  anyone who has this address can look; it is sent as it is, without encryption\n`;
    process.stdout.write(
      `${printable(folders.join(', '))}: ${url}\n${remote}  Ctrl-C ends the page; the runs do not notice\n`,
    );
  }
  await new Promise<void>((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
  });
  await page.close();
};

export const command = (): Command =>
  new Command('watch')
    .description('a live page of runs: progress, time left, curves, cells; of one, of many, of a fit or a reproduction')
    .argument('<folder...>', 'run folders, or folders that hold them; they may still be running, here or elsewhere')
    .addOption(new Option('--port <n>', 'port to listen on, 0 for any that is free').argParser(portOf).default(PORT))
    .option('--host <address>', 'address to listen on; any but this machine’s own asks for a token', '127.0.0.1')
    .option('--token', 'ask for a token on this machine too, where others are logged in')
    .option('--json', 'print the address as JSON on stdout')
    .addHelpText(
      'after',
      '\nExamples:\n  $ tailnas watch runs\n  $ tailnas watch reproduction birds-fit --port 0\n' +
        '        from another machine: ssh -L 7007:127.0.0.1:7007 <that machine>, then http://127.0.0.1:7007/',
    )
    .action(serve);
