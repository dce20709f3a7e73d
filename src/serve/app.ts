import { Hono } from 'hono';
import { etag } from 'hono/etag';
import { streamSSE } from 'hono/streaming';
import { messageOf } from '../measure/index.js';
import { textInside } from '../run/inside.js';
import { drawCell } from './cell-drawing.js';
import { REPORT } from './discover.js';
import { headers, onlyReading, ownName, REPORTS, withToken } from './guard.js';
import { stampOf } from './limits.js';
import { pageFiles } from './page-files.js';
import type { WatchedRuns } from './watched-runs.js';

/** How the page is guarded, and how patient it is with who reads slowly. */
export interface AppOptions {
  /** Known once the server listens. */
  readonly port: () => number;
  /** Where there is one, any name of the machine will do: a stranger's site cannot have the cookie. */
  readonly token?: string | undefined;
  /** Pages that follow the runs at a time. */
  readonly mostStreams?: number;
  /** Milliseconds between signs of life on a quiet stream. */
  readonly beat?: number;
}

/**
 * The routes of the live page. No path comes from an address: a run is looked up by its id, a file in a fixed table.
 * Requests read no run folder, but for a report that they ask for: they are answered from what was read last, at most
 * once in a while.
 */
export const watchApp = (runs: WatchedRuns, { port, token, mostStreams = 32, beat = 15_000 }: AppOptions): Hono => {
  const app = new Hono();
  let streams = 0;
  const unknown = 'There is no such address on this page';

  app.use(headers, onlyReading, token === undefined ? ownName(port) : withToken(token, port));
  app.notFound((c) => c.text(unknown, 404));
  app.onError((error, c) => c.text(messageOf(error), 500));

  for (const [path, { type, content }] of pageFiles)
    app.get(path, etag(), (c) => c.body(content(), 200, { 'content-type': type, 'cache-control': 'no-cache' }));

  app.get('/api/runs', async (c) => {
    await runs.refresh();
    return c.json(runs.since(0), 200, { 'cache-control': 'no-store' });
  });

  app.get('/api/runs/:id', (c) => {
    const detail = runs.named(c.req.param('id'))?.detail();
    return detail === undefined ? c.notFound() : c.json(detail, 200, { 'cache-control': 'no-store' });
  });

  app.get('/api/runs/:id/columns', (c) => {
    const columns = runs.named(c.req.param('id'))?.columns();
    return columns === undefined ? c.notFound() : c.json(columns, 200, { 'cache-control': 'no-store' });
  });

  app.get('/api/runs/:id/cells/:version/:width{wide|narrow}', async (c) => {
    const { id, version, width } = c.req.param();
    const cell = runs.named(id)?.cell(version);
    if (cell === undefined) return c.notFound();
    // The version says what is in it.
    return c.body(await drawCell(cell, { narrow: width === 'narrow' }), 200, {
      'content-type': 'image/svg+xml',
      'cache-control': 'private, max-age=3600, immutable',
    });
  });

  app.get(`${REPORTS}:id`, (c) => {
    const dir = runs.reportDir(c.req.param('id'));
    const text = dir === undefined || stampOf(dir, REPORT) === undefined ? undefined : textInside(dir, REPORT);
    if (text === undefined) return c.notFound();
    return c.html(text);
  });

  app.get('/api/events', (c) => {
    if (streams >= mostStreams)
      return c.text(`At most ${mostStreams} pages can follow at a time; close others`, 503, { 'retry-after': '10' });
    if (c.req.method === 'HEAD') return c.body(null, 200, { 'content-type': 'text/event-stream' });
    streams++;
    return streamSSE(c, async (stream) => {
      const gone = new AbortController();
      stream.onAbort(() => gone.abort());
      // What a page has missed is in what it is told first, so that it can always begin at 0.
      let seen = 0;
      try {
        while (!gone.signal.aborted) {
          const news = runs.since(seen);
          const fresh = seen === 0 || news.revision > seen;
          // Who reads slowly gets the newest when it has taken the one before, never a queue.
          if (fresh) await stream.writeSSE({ event: 'news', data: JSON.stringify(news) });
          else await stream.write(':\n\n');
          seen = news.revision;
          await runs.news(seen, { milliseconds: beat, signal: gone.signal });
        }
      } finally {
        streams--;
      }
    });
  });
  return app;
};
