import { createHash, timingSafeEqual } from 'node:crypto';
import { getCookie, setCookie } from 'hono/cookie';
import { createMiddleware } from 'hono/factory';
import { secureHeaders } from 'hono/secure-headers';

const NONE = ["'none'"];
const common = { defaultSrc: NONE, frameAncestors: NONE, baseUri: NONE, formAction: NONE };

/** Scripts and requests of this page alone. Observable Plot writes a style sheet into every chart. */
const ofPage = secureHeaders({
  contentSecurityPolicy: {
    ...common,
    scriptSrc: ["'self'"],
    connectSrc: ["'self'"],
    imgSrc: ["'self'", 'data:'],
    styleSrc: ["'self'", "'unsafe-inline'"],
  },
  xFrameOptions: 'DENY',
  strictTransportSecurity: false,
});

/** A report may be from a stranger: its script runs in a place of its own, which can ask for nothing. */
const ofReport = secureHeaders({
  contentSecurityPolicy: {
    ...common,
    sandbox: ['allow-scripts'],
    scriptSrc: ["'unsafe-inline'"],
    imgSrc: ['data:'],
    fontSrc: ['data:'],
    styleSrc: ["'unsafe-inline'"],
  },
  xFrameOptions: 'DENY',
  strictTransportSecurity: false,
});

export const REPORTS = '/reports/';
export const headers = createMiddleware((c, next) => (c.req.path.startsWith(REPORTS) ? ofReport : ofPage)(c, next));

/** Nothing here is changed from outside. */
export const onlyReading = createMiddleware(async (c, next) => {
  if (c.req.method === 'GET' || c.req.method === 'HEAD') return next();
  return c.text('This page is only read: GET and HEAD', 405, { allow: 'GET, HEAD' });
});

/**
 * Refuses what was not asked for by a name of this machine itself: a site of a stranger may have a name that points
 * here (DNS rebinding), and then reads what it likes. `port` is known once the server listens.
 */
export const ownName = (port: () => number) =>
  createMiddleware(async (c, next) => {
    const host = c.req.header('host') ?? '';
    const [asked = '', own] = [host.toLowerCase(), port()];
    // Browsers leave out HTTP's own port.
    const spelled = (name: string): string[] => [`${name}:${own}`, ...(own === 80 ? [name] : [])];
    if (['localhost', '127.0.0.1', '[::1]'].flatMap(spelled).includes(asked)) return next();
    return c.text(`This page has the address http://127.0.0.1:${port()}/ only, not ${JSON.stringify(host)}`, 403);
  });

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/**
 * Asks for the token: once in the address, then in a cookie that no script can read. The address in the browser is then
 * without it.
 */
export const withToken = (token: string, port: () => number) => {
  const right = digest(token);
  const isRight = (given: string | undefined): boolean => given !== undefined && timingSafeEqual(digest(given), right);
  return createMiddleware(async (c, next) => {
    const cookie = `tailnas-${port()}`; // cookies are of a host, whatever the port
    if (isRight(getCookie(c, cookie))) return next();
    if (!isRight(c.req.query('token')))
      return c.text(
        'This page asks for its token: open the address that `tailnas watch` printed, ?token=… included',
        401,
      );
    setCookie(c, cookie, token, { httpOnly: true, sameSite: 'Strict', path: '/' });
    return c.redirect('/');
  });
};
