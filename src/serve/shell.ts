/** The page before anything is known of the runs. Its script fills it; no text of a run folder is ever in it. */
export const shell = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="tailnas">
<link rel="icon" href="data:,">
<title>tailnas watch</title>
<link rel="stylesheet" href="/style.css">
<script src="/d3.js" defer></script>
<script src="/plot.js" defer></script>
<script src="/page.js" type="module"></script>
</head>
<body>
<a class="skip" href="#run">Skip to the chosen run</a>
<main>
<header class="top">
<div><h1 id="title">Runs</h1><p id="counts" class="counts"></p></div>
<p id="status" role="status" aria-live="polite">connecting …</p>
</header>
<div class="whole" id="whole" hidden><div class="bar" id="whole-bar"><i></i></div><p id="whole-text"></p></div>
<div id="problems" class="notice" hidden></div>
<noscript><p class="notice">This page is drawn by a script of tailnas; allow scripts for it.</p></noscript>
<section id="runs" aria-labelledby="runs-heading">
<div class="heading"><h2 id="runs-heading">All runs</h2>
<p class="filters"><label>Filter
<input id="filter" type="search" autocomplete="off" placeholder="name, method, state"></label></p></div>
<div class="scroll" id="runs-box"></div>
<p id="reports" class="reports"></p>
</section>
<section id="compare" aria-labelledby="compare-heading" hidden>
<div class="heading"><h2 id="compare-heading">Compared</h2>
<p class="filters"><label>Measure <select id="measure"></select></label></p></div>
<div id="compared"></div>
</section>
<section id="run" aria-labelledby="run-heading" tabindex="-1" hidden>
<h2 id="run-heading"></h2>
<div id="run-lead"></div>
<div class="charts" id="charts"></div>
<h3 id="cells-heading" hidden>Cells as they would be derived now</h3>
<div class="graphs" id="cells"></div>
<div id="alpha" hidden>
<div class="heading"><h3>Operation weights over epochs</h3>
<p class="filters"><label>Cell <select id="alpha-cell"></select></label></p></div>
<div id="alpha-chart"></div>
</div>
<h3>About this run</h3>
<dl class="facts" id="facts"></dl>
</section>
</main>
</body>
</html>
`;
