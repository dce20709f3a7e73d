/** How the demo looks: one column, light and dark, from 320 pixels on. */
export const demoStyle = `
:root { color-scheme: light dark; --ink: #1c1e21; --soft: #5a6068; --line: #d7dbe0; --back: #fff;
  --panel: #f5f6f8; --accent: #1d5a9e; --warn: #8f3d00; --warn-back: #fff3e6; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e4e6e9; --soft: #a2a9b2; --line: #3a4048; --back: #16181b; --panel: #1f2226;
    --accent: #8ab8ee; --warn: #f3b27a; --warn-back: #33241a; } }
* { box-sizing: border-box; }
[hidden] { display: none !important; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--back); color: var(--ink); overflow-wrap: anywhere;
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
main { max-width: 52rem; margin: 0 auto; padding: 2rem 1.25rem 3rem; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .5rem; }
h2 { font-size: 1.05rem; margin: 0 0 .6rem; }
p { margin: .5rem 0; max-width: 42rem; }
.soft { color: var(--soft); font-size: .92rem; }
a { color: var(--accent); }
code { font: .9em ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.drop { position: relative; display: grid; gap: .35rem; justify-items: center; margin: 1.25rem 0;
  padding: 1.75rem 1rem; text-align: center; background: var(--panel); border: 2px dashed var(--line);
  border-radius: 12px; cursor: pointer; }
.drop.over { border-color: var(--accent); border-style: solid; }
.drop:focus-within { outline: 3px solid var(--accent); outline-offset: 2px; }
.drop strong { font-size: 1.1rem; }
/* The button is drawn by us: the browser's own stands beside a file name, which the answer has as well. */
.drop input { position: absolute; width: 1px; height: 1px; opacity: 0; }
.button { margin-top: .6rem; padding: .4rem 1.1rem; color: var(--back); background: var(--accent); border-radius: 8px;
  font-weight: 600; }
.drop:has(input:disabled) { cursor: progress; }
.drop:has(input:disabled) .button { opacity: .5; }
.status { min-height: 1.55em; }
.status.warn { padding: .6rem .9rem; color: var(--warn); background: var(--warn-back);
  border-left: 4px solid var(--warn); }
.result { display: grid; grid-template-columns: minmax(0, 13rem) minmax(0, 1fr); gap: 1.5rem; margin: 1.25rem 0; }
.pictures { display: grid; gap: 1rem; align-content: start; }
figure { margin: 0; }
figure img, figure canvas { display: block; max-width: 100%; max-height: 13rem; border-radius: 8px;
  border: 1px solid var(--line); }
figure canvas { width: 6.5rem; height: 6.5rem; image-rendering: pixelated; }
figcaption { color: var(--soft); font-size: .85rem; margin-top: .3rem; }
ol { list-style: none; margin: 0; padding: 0; display: grid; gap: .55rem; }
li .line { display: flex; justify-content: space-between; gap: 1rem; }
li .line span:last-child { flex: none; font-variant-numeric: tabular-nums; }
li:first-child .line { font-weight: 600; }
.track { height: .7rem; margin-top: .2rem; background: var(--panel); border: 1px solid var(--line);
  border-radius: 99px; overflow: hidden; }
.fill { height: 100%; background: var(--accent); border-radius: 99px; }
details { margin: 1.25rem 0; border-top: 1px solid var(--line); padding-top: .75rem; }
summary { cursor: pointer; font-weight: 600; }
.scroll { overflow-x: auto; margin-top: .75rem; }
table { border-collapse: collapse; font-size: .9rem; }
th, td { padding: .3rem .9rem .3rem 0; text-align: left; border-bottom: 1px solid var(--line); font-weight: normal; }
thead th { color: var(--soft); font-size: .85rem; vertical-align: bottom; }
td { text-align: right; font-variant-numeric: tabular-nums; }
thead th:not(:first-child) { text-align: right; }
footer { border-top: 1px solid var(--line); padding-top: .75rem; }
@media (max-width: 40rem) {
  main { padding: 1.25rem 1rem 2rem; }
  .drop { padding: 1.25rem .75rem; }
  .result { grid-template-columns: minmax(0, 1fr); gap: 1.25rem; }
  .pictures { grid-template-columns: minmax(0, 1fr) 6.5rem; }
  figure img { max-height: 9rem; }
}
`;
