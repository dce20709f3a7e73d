/** What the live page has beside the look of a report. Charts are drawn in the colours of the page, light or dark. */
export const ownStyle = `
:root { --blue: #0072b2; --vermillion: #c14f00; --green: #00805d; --purple: #b0568a; --black: #222; --orange: #a86f00;
  --sky: #2487c4; --grey: #6d6d6d; --good: #1b7340; --raised: #fff; }
@media (prefers-color-scheme: dark) {
  :root { --blue: #59a8e0; --vermillion: #f08a4b; --green: #3cc79b; --purple: #e29cc2; --black: #e4e6e9;
    --orange: #eeb64a; --sky: #86cdf5; --grey: #9aa0a6; --good: #62c98b; --raised: #1b1e22; } }
main { padding-top: 1.25rem; }
.skip, .unseen { position: absolute; left: -99rem; }
.skip:focus { left: .5rem; top: .5rem; background: var(--back); padding: .3rem .6rem; z-index: 9; }
.top { display: flex; flex-wrap: wrap; gap: .25rem 2rem; justify-content: space-between; align-items: baseline; }
.top h1 { margin: 0; font-size: 1.55rem; }
.top p { margin: .2rem 0 0; }
#status { color: var(--soft); font-size: .88rem; }
#status::before { content: ""; display: inline-block; width: .55rem; height: .55rem; margin-right: .45rem;
  border-radius: 50%; background: var(--good); }
#status.off::before { background: var(--warn); border-radius: 1px; }
.counts { display: flex; flex-wrap: wrap; gap: .15rem 1rem; color: var(--soft); font-size: .92rem; }
.whole { display: flex; flex-wrap: wrap; gap: .2rem 1rem; align-items: center; margin: .7rem 0 0; }
.whole[hidden], #problems[hidden] { display: none; }
.whole p { margin: 0; font-size: .92rem; }
.bar { flex: 1 1 14rem; height: .5rem; background: var(--line); border-radius: .25rem; overflow: hidden; }
.bar i { display: block; height: 100%; width: 100%; background: var(--blue); transform-origin: left;
  transition: transform .6s ease-out; }
@media (prefers-reduced-motion: reduce) { .bar i { transition: none; } }
.bar.finished i { background: var(--good); }
.bar.diverged i, .bar.failed i, .bar.damaged i { background: var(--vermillion); }
.bar.stopped i, .bar.queued i { background: var(--grey); }
.heading { display: flex; flex-wrap: wrap; gap: 0 1.5rem; align-items: baseline; justify-content: space-between; }
h2 { margin: 2rem 0 .5rem; padding-top: 0; border-top: 0; font-size: 1.25rem; }
.heading h3 { margin-bottom: .3rem; }
.filters { margin: 0; font-size: .88rem; color: var(--soft); }
input, select, button { font: inherit; color: inherit; }
.filters input, .filters select { background: var(--raised); color: var(--ink); border: 1px solid var(--soft);
  border-radius: 5px; padding: .2rem .45rem; max-width: 100%; }
.filters input { width: 13rem; }
input[type=checkbox] { accent-color: var(--link); width: 1.05rem; height: 1.05rem; margin: .15rem 0 0; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
#runs .scroll { margin: .4rem 0 .5rem; max-height: 34rem; overflow: auto; }
.runs { width: 100%; font-size: .88rem; }
.runs thead th { position: sticky; top: 0; z-index: 1; background: var(--back); white-space: nowrap; }
.runs thead button, .link { border: 0; background: none; padding: 0; cursor: pointer; text-align: inherit;
  font-weight: 600; }
.runs thead button:hover, .link:hover { text-decoration: underline; }
.runs thead button::after { content: " \\2195"; color: var(--soft); font-weight: normal; }
.runs th[aria-sort=ascending] button::after { content: " \\2191"; color: var(--ink); }
.runs th[aria-sort=descending] button::after { content: " \\2193"; color: var(--ink); }
.runs td.n, .runs th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.runs td, .runs th { vertical-align: top; }
.runs tbody th { font-weight: 400; min-width: 12rem; max-width: 26rem; overflow-wrap: anywhere; }
.runs tbody th small { display: block; }
.runs tr.chosen > * { background: var(--panel); }
.runs tr.chosen > th { box-shadow: inset 3px 0 0 var(--link); }
.runs .sentence { color: var(--warn); font-size: .92em; display: -webkit-box; -webkit-box-orient: vertical;
  -webkit-line-clamp: 2; overflow: hidden; overflow-wrap: anywhere; }
.link { color: var(--link); overflow-wrap: anywhere; }
.progress { min-width: 8.5rem; }
.progress .bar { flex: none; height: .35rem; margin: .3rem 0 .1rem; }
.progress small { font-size: .92em; white-space: nowrap; }
.state { font-weight: 600; white-space: nowrap; }
.state::before { display: inline-block; width: 1.2em; }
.state.running { color: var(--blue); } .state.running::before { content: "\\25B6"; font-size: .8em; }
.state.finished { color: var(--good); } .state.finished::before { content: "\\2713"; }
.state.stopped::before { content: "\\25A0"; font-size: .85em; }
.state.queued, .state.reading { color: var(--soft); }
.state.queued::before, .state.reading::before { content: "\\25CB"; }
.state.diverged, .state.failed, .state.damaged { color: var(--warn); }
.state.diverged::before { content: "\\2197"; } .state.failed::before { content: "\\2715"; }
.state.damaged::before { content: "!"; }
.reports { font-size: .92rem; margin: .3rem 0; }
.lead-line { font-size: 1.05rem; margin: .2rem 0 .6rem; max-width: 60rem; }
.tiles-row { display: flex; flex-wrap: wrap; gap: .6rem; margin: .7rem 0; padding: 0; max-width: none; }
.tiles-row > div { border: 1px solid var(--line); border-radius: 8px; padding: .45rem .8rem .5rem; min-width: 7.2rem; }
.tiles-row dt { color: var(--soft); font-size: .8rem; }
.tiles-row dd { margin: 0; font-size: 1.2rem; font-weight: 600; font-variant-numeric: tabular-nums; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 1rem; }
.chart { margin: 0; border: 1px solid var(--line); border-radius: 8px; padding: .7rem .8rem .6rem; min-width: 0; }
.chart h3, .chart h4 { margin: 0 0 .15rem; font-size: .98rem; }
.chart svg { display: block; max-width: 100%; height: auto; overflow: visible; font: 12px system-ui, sans-serif; }
.chart details { margin-top: .3rem; }
.chart .scroll { max-height: 18rem; overflow: auto; }
.legend { display: flex; flex-wrap: wrap; gap: .1rem .9rem; list-style: none; padding: 0; margin: 0 0 .2rem;
  font-size: .82rem; max-width: none; }
.legend li { display: flex; align-items: center; gap: .35rem; min-width: 0; overflow-wrap: anywhere; }
.legend svg { flex: none; width: 26px; height: 8px; }
.chart figcaption { font-size: .82rem; color: var(--soft); margin: 0 0 .2rem; }
.chart.across { grid-column: 1 / -1; }
.minis { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 19rem), 1fr)); gap: .5rem 1.2rem; }
.minis > div { display: flex; flex-direction: column; justify-content: end; }
#compared .chart, #alpha-chart .chart { margin-bottom: 1rem; }
.graphs img { display: block; max-width: 100%; height: auto; }
.graphs .cell { display: block; padding: .4rem; }
.graphs details { color: #1c1e21; } .graphs summary { color: #1d5a9e; }
.graphs pre { background: #f5f6f8; margin-bottom: .2rem; }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.2rem; max-width: none; font-size: .92rem; }
.facts dt { color: var(--soft); } .facts dd { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 60rem) { .runs .wide { display: none; } }
@media (max-width: 42rem) {
  main { padding-left: .9rem; padding-right: .9rem; }
  .runs .middle { display: none; }
  .runs tbody th { min-width: 0; }
  .progress { min-width: 6.8rem; }
  .progress small { white-space: normal; }
  .runs td, .runs th { padding: .3rem .3rem; }
  .tiles-row > div { flex: 1 1 6rem; min-width: 0; padding: .35rem .6rem; }
  .tiles-row dd { font-size: 1.05rem; }
  .facts { grid-template-columns: 1fr; gap: 0; } .facts dd { margin-bottom: .5rem; }
  .filters input { width: 100%; }
}
`;
