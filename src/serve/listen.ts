import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { hostname } from 'node:os';
import { getRequestListener } from '@hono/node-server';
import { type AppOptions, watchApp } from './app.js';
import { type WatchedRuns, watchedRuns } from './watched-runs.js';

export interface WatchOptions extends Pick<AppOptions, 'mostStreams'> {
  /** 0 for any that is free. */
  readonly port: number;
  readonly host: string;
  /** Ask for a token on this machine too: others may be logged in on it. */
  readonly token?: boolean;
  /** Who has taken nothing for so many milliseconds of what was sent is hung up on. */
  readonly patience?: number;
  /** Milliseconds between two looks at the folders. */
  readonly every?: number;
}

/** A live page that is being served. */
export interface Watching {
  /** With its token, where it has one. */
  readonly url: string;
  readonly port: number;
  readonly token: string | undefined;
  close(): Promise<void>;
}

/** Connections at a time. Each page has one that stays, and a few that come and go. */
const MOST_CONNECTIONS = 256;
const SECONDS = 1000;

/** Whether an address is one of those that reach this machine alone, and that the page answers to without a token. */
export const isLoopback = (host: string): boolean => ['localhost', '127.0.0.1', '::1'].includes(host);

const reasonOf = (error: unknown, { host, port }: Pick<WatchOptions, 'host' | 'port'>): Error => {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const action = `Cannot listen on ${host}:${port}`;
  if (code === 'EADDRINUSE')
    return new Error(`${action}: the port must be free, another program uses it; give another --port, or 0 for any`);
  if (code === 'EACCES')
    return new Error(`${action}: this port is for administrators; give a --port from 1024 on, or 0 for any`);
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return new Error(`${action}: --host must be an address of this machine, it is none; leave it out for 127.0.0.1`);
  return new Error(`${action}: ${error instanceof Error ? error.message : String(error)}`);
};

/**
 * Serves the live page of run folders until it is closed. Throws when it cannot listen. On an address that others reach
 * it asks for a token.
 */
export const watch = (roots: readonly string[], { every, ...options }: WatchOptions): Promise<Watching> =>
  serveRuns(watchedRuns(roots, every === undefined ? {} : { every }), options);

/** The same of runs that are looked at already. */
export const serveRuns = async (runs: WatchedRuns, options: Omit<WatchOptions, 'every'>): Promise<Watching> => {
  const { host, mostStreams, patience = 45 * SECONDS } = options;
  const token = options.token || !isLoopback(host) ? randomBytes(24).toString('base64url') : undefined;
  let port = options.port;
  const app = watchApp(runs, {
    port: () => port,
    token,
    ...(mostStreams !== undefined && { mostStreams }),
    beat: patience / 3,
  });
  const server = createServer(
    // Who sends nothing, or half of a request, holds a connection for seconds only.
    {
      headersTimeout: 10 * SECONDS,
      requestTimeout: 15 * SECONDS,
      keepAliveTimeout: 5 * SECONDS,
      connectionsCheckingInterval: 5 * SECONDS,
    },
    getRequestListener(app.fetch, { overrideGlobalObjects: false }),
  );
  server.maxConnections = MOST_CONNECTIONS;
  server.setTimeout(patience);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(reasonOf(error, options)));
    server.listen({ host: host === 'localhost' ? '127.0.0.1' : host, port }, resolve);
  });
  void runs.look();
  const address = server.address();
  if (address !== null && typeof address === 'object') port = address.port;
  // An address that stands for all of this machine's leads nowhere from another one.
  const name = ['0.0.0.0', '::'].includes(host) ? hostname() : host.includes(':') ? `[${host}]` : host;
  return {
    url: `http://${name}:${port}/${token === undefined ? '' : `?token=${token}`}`,
    port,
    token,
    close: () =>
      new Promise((resolve) => {
        runs.end();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
