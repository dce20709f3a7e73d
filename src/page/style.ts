/** How a report looks: light and dark, on paper, figures always on white. */
export const style = `
:root { color-scheme: light dark; --ink: #1c1e21; --soft: #5a6068; --line: #d7dbe0; --back: #fff; --panel: #f5f6f8;
  --link: #1d5a9e; --warn: #8f3d00; --warn-back: #fff3e6; --shade: rgb(0 0 0 / .28); --good: #11653f; --bad: #9b2320; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e4e6e9; --soft: #a2a9b2; --line: #3a4048; --back: #16181b; --panel: #1f2226;
    --link: #8ab8ee; --warn: #f3b27a; --warn-back: #33241a; --shade: rgb(255 255 255 / .28);
    --good: #7cd1a4; --bad: #f2a09c; } }
/* Where there is no Arial, figures would get a wider font than they were laid out for: this narrows it. */
@font-face { font-family: Helvetica; src: local("DejaVu Sans"); size-adjust: 87%; }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--back); color: var(--ink); overflow-wrap: break-word;
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
p, ul, dl, nav, .notice, figcaption { max-width: 46rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .75rem; }
h2 { font-size: 1.35rem; margin: 3rem 0 .75rem; padding-top: .75rem; border-top: 1px solid var(--line); }
h3 { font-size: 1.05rem; margin: 1.75rem 0 .5rem; }
small { color: var(--soft); font-size: .85em; font-weight: normal; }
a { color: var(--link); }
code, pre { font: .85em ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
pre { margin: .35rem 0 1rem; padding: .6rem .8rem; background: var(--panel); white-space: pre-wrap; }
nav ul { display: flex; flex-wrap: wrap; gap: .15rem 1.1rem; padding: 0; list-style: none; }
.notice { padding: .05rem 1rem; border-left: 4px solid var(--warn); background: var(--warn-back); }
.warn, .warn a { color: var(--warn); }
.caveats { padding-left: 1.2rem; }
.caveats, figcaption { font-size: .92rem; }
/* What is wider than the window scrolls in its own box, which shows at its edges that there is more. */
.scroll { overflow-x: auto; max-width: 100%; margin: 1rem 0; background:
  linear-gradient(to right, var(--back) 40%, transparent) left / 2.5rem 100% no-repeat local,
  linear-gradient(to left, var(--back) 40%, transparent) right / 2.5rem 100% no-repeat local,
  linear-gradient(to right, var(--shade), transparent) left / .7rem 100% no-repeat,
  linear-gradient(to left, var(--shade), transparent) right / .7rem 100% no-repeat; }
.scroll.more::before { content: "Wider than the window: scroll sideways \\2192"; position: sticky; left: 0;
  display: inline-block; padding-bottom: .3rem; color: var(--soft); font-size: .82rem; font-weight: 600; }
.card .scroll { margin: 0; }
table { border-collapse: collapse; font-size: .86rem; line-height: 1.4; }
caption { text-align: left; color: var(--soft); padding-bottom: .5rem; }
caption > span { display: inline-block; position: sticky; left: 0; max-width: min(46rem, calc(100vw - 2.5rem)); }
th, td { padding: .35rem .55rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
th { font-weight: 600; }
thead th { vertical-align: bottom; border-bottom: 2px solid var(--line); }
tbody th, tfoot th { min-width: 9rem; }
tfoot tr:first-child > * { border-top: 2px solid var(--line); }
.group th { color: var(--soft); font-size: .95em; padding-top: .9rem; }
.numbers th:first-child { position: sticky; left: 0; background: var(--back); }
.numbers td, .numbers th[scope=col]:not(:first-child) { text-align: right; font-variant-numeric: tabular-nums; }
.numbers td { white-space: nowrap; }
figure { margin: 1.5rem 0; min-width: 0; }
.card { --back: #fff; --soft: #5a6068; --line: #d7dbe0; --shade: rgb(0 0 0 / .28);
  background: #fff; color: #1c1e21; border: 1px solid #d7dbe0; border-radius: 8px; padding: .75rem;
  color-scheme: light; }
.plot svg { display: block; max-width: 100%; height: auto; margin: 0 auto; }
.plot { max-width: 56rem; }
.plot details { margin-top: .35rem; }
summary { cursor: pointer; color: var(--link); font-size: .92rem; }
.narrow { display: none; }
@media (max-width: 42rem) { .wide { display: none; } .narrow { display: block; } .narrow svg { width: 100%; } }
.figures { columns: 26rem 2; gap: 1.5rem; }
.figures figure { margin: 0 0 1.5rem; max-width: none; break-inside: avoid; }
.figures .narrow { display: block; }
.figures .narrow svg { width: 100%; max-width: 28rem; }
.lead { font-size: 1.08rem; max-width: 50rem; }
.about { color: var(--soft); font-size: .92rem; }
.folded { border-top: 1px solid var(--line); margin-top: 1rem; }
.folded + section:not(.folded) { margin-top: 3rem; }
.folded h2 { display: inline; border: 0; margin: 0; padding: 0; font-size: 1.1rem; }
.folded summary { padding: .6rem 0; }
.more { margin: .5rem 0; }
.claims { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 20rem), 1fr)); gap: .8rem;
  list-style: none; max-width: none; padding: 0; }
.claim { display: flex; flex-direction: column; padding: .7rem .9rem; border: 1px solid var(--line);
  border-top: 4px solid var(--verdict); border-radius: 6px; font-size: .88rem; line-height: 1.4; }
.holds { --verdict: var(--good); }
.fails { --verdict: var(--bad); }
.open { --verdict: var(--soft); }
.claim h3 { margin: 0; font-size: .98rem; line-height: 1.3; }
.claim p { margin: .25rem 0 0; }
.claim .verdict { color: var(--verdict); font-weight: 700; }
.claim dl { margin: .2rem 0; font-variant-numeric: tabular-nums; }
.claim dl div { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 .6rem; }
.claim dt { color: var(--soft); }
.claim dd { margin: 0 0 0 auto; }
.claim div:first-child dd { font-weight: 600; }
.claim p:last-child { margin-top: auto; padding-top: .25rem; }
.bar { display: block; width: 100%; height: 1.4rem; margin: .4rem 0; fill: var(--verdict); }
.bar path { fill: none; stroke: var(--verdict); stroke-width: 2.5; }
.bar .axis { stroke: var(--line); stroke-width: 1; }
.bar .paper { fill: var(--back); stroke: var(--ink); stroke-width: 1.2; }
h4 { font-size: .95rem; margin: 1.1rem 0 .4rem; }
.tiles { display: grid; grid-template-columns: repeat(6, 1fr); gap: .7rem; max-width: 46rem;
  list-style: none; padding: 0; margin: .5rem 0 1rem; }
.tiles li { min-width: 0; font-size: .8rem; line-height: 1.3; }
.tiles img { display: block; width: 100%; aspect-ratio: 1; margin-bottom: .25rem; border-radius: 4px; }
.small img { image-rendering: pixelated; }
.tiles b, .tiles span { display: block; }
.matrices { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); gap: 1rem; }
.matrices figure { margin: 0; }
.confusion table { font-size: .74rem; font-variant-numeric: tabular-nums; }
.confusion caption { font-size: .85rem; color: #1c1e21; font-weight: 600; }
.confusion caption > span { max-width: calc(100vw - 4.25rem); }
.confusion th, .confusion td { padding: .2rem .35rem; border: 1px solid #fff; font-weight: normal; text-align: right;
  min-width: 0; }
.confusion .shade { min-width: 2.6rem; background: rgb(29 90 158 / calc(.04 + .9 * var(--share))); }
.confusion .zero, .confusion small { color: #6b727a; }
.confusion .dark { color: #fff; }
.slider { display: flex; flex-wrap: wrap; gap: .25rem 1rem; align-items: center; margin: .5rem 0; }
.slider[hidden] { display: none; }
.slider input { flex: 1 1 16rem; min-width: 0; max-width: 32rem; accent-color: var(--link); }
.slider output { font-weight: 600; font-variant-numeric: tabular-nums; }
.slider label { min-width: min(100%, 26rem); }
.graphs { display: flex; flex-wrap: wrap; gap: .75rem; }
.cell { display: grid; max-width: 100%; background: #fff; color: #1c1e21;
  border: 1px solid var(--line); border-radius: 8px; padding: .5rem; margin: 0; }
.cell > div { grid-area: 1 / 1; min-width: 0; }
/* Keeps the room of the largest: the page would jump under the slider. */
.cell > [hidden] { display: block; visibility: hidden; }
.cell svg { display: block; max-width: 100%; height: auto; }
@media (max-width: 42rem) {
  tbody th, tfoot th { min-width: 6.5rem; }
  .tiles { grid-template-columns: repeat(3, 1fr); }
  .cell { width: 100%; }
  .narrow svg { max-width: 28rem; }
  .cell .narrow svg { margin: 0 auto; }
}
.genotypes { max-width: none; }
.genotypes dt { font-weight: 600; margin-top: .4rem; }
@media print {
  @page { margin: 1.5cm; }
  :root { color-scheme: light; --ink: #000; --soft: #444; --line: #bbb; --back: #fff; --panel: #f5f6f8; --link: #000;
    --warn: #8f3d00; --warn-back: #fff; --good: #11653f; --bad: #9b2320; }
  body { font-size: 10.5pt; }
  main { max-width: none; padding: 0; }
  h2 { margin-top: 1.5rem; }
  h2, h3, summary, caption { break-after: avoid; }
  /* What is folded on the screen stays out; a reader opens what is to be printed. */
  .slider, nav, details:not([open]), .scroll.more::before { display: none; }
  .scroll { overflow: visible; background: none; }
  .numbers th:first-child { position: static; }
  table { font-size: 8pt; }
  th, td { padding: .2rem .35rem; }
  tbody th, tfoot th { min-width: 0; }
  figure, tr, .claim { break-inside: avoid; }
  .figures { columns: 2; }
  .claims { grid-template-columns: 1fr 1fr; }
  a { color: inherit; text-decoration: none; }
}
`;
