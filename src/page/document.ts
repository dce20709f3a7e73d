import { type Html, html, trusted } from './html.js';
import { script } from './script.js';
import { style } from './style.js';

/** A part of a page under a heading; one without a body is left out. */
export interface Section {
  readonly id: string;
  readonly heading: string;
  readonly body: readonly Html[];
  /** Whether only its heading is seen until a reader opens it: details, which few need. */
  readonly folded?: boolean;
}

/** A whole page: what stands at its top, links to its sections, and these. It needs no network. */
export const documentHtml = (
  title: string,
  { top, sections }: { top: readonly (Html | null)[]; sections: readonly Section[] },
): string => {
  const shown = sections.filter(({ body }) => body.length > 0);
  const links = shown.map(({ id, heading }) => html`<li><a href="#${id}">${heading}</a></li>`);
  const bodies = shown.map(({ id, heading, body, folded = false }) =>
    folded
      ? html`<section id="${id}" class="folded"><details><summary><h2>${heading}</h2></summary>
${body}</details></section>\n`
      : html`<section id="${id}"><h2>${heading}</h2>\n${body}</section>\n`,
  );
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="tailnas">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${trusted(style)}</style>
</head>
<body>
<main>
<header><h1>${title}</h1>
${top.flatMap((part) => part ?? [])}
<nav aria-label="Sections"><ul>${links}</ul></nav></header>
${bodies}</main>
<script>${trusted(script)}</script>
</body>
</html>
`.markup;
};
