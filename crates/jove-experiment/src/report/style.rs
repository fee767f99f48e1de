//! The page's style sheet.

/// Plain CSS, no web font, no picture; follows the reader's choice of light or dark.
pub(crate) const CSS: &str = "
:root { --ink: #1d2733; --soft: #5c6b7a; --line: #dfe5ea; --ground: #fbfcfd; --card: #fff; --good: #0d8578; --flat: #8a6d1c;
  --v0: #5c6b7a; --v1: #0d8578; --v2: #d66e1c; --v3: #6c4cad; --v4: #b82d5b; --v5: #3c78c8;
  --v6: #7a8c1e; --v7: #965a32; --v8: #c850b4; --v9: #282828; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e9ee; --soft: #9aa8b5; --line: #2c3640; --ground: #12171c; --card: #1a2128;
  --good: #3fc1b0; --flat: #d9b04b; --v0: #9aa8b5; --v1: #3fc1b0; --v2: #f0944d;
  --v3: #a58be0; --v4: #e8759b; --v5: #7fb0ee; --v6: #b5c75c; --v7: #c99b78; --v8: #e59ad8; --v9: #d0d0d0; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 16px/1.55 system-ui, 'Segoe UI', 'Noto Sans', 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', sans-serif; }
main { max-width: 68rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
h1 { font-size: 2rem; margin: 0; letter-spacing: -0.02em; }
h2 { font-size: 1.2rem; margin: 2.75rem 0 0.75rem; }
p { max-width: 46rem; } .soft { color: var(--soft); } .lead { font-size: 1.1rem; color: var(--soft); margin: 0.4rem 0 1.25rem; }
.chips { display: flex; flex-wrap: wrap; gap: 0.5rem 1.25rem; margin: 0 0 0.5rem; padding: 0; list-style: none; }
.chips b::before { content: ''; display: inline-block; width: 0.7em; height: 0.7em; border-radius: 50%; margin-right: 0.45em; background: var(--c); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 1rem 1.25rem; overflow-x: auto; }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(24rem, 1fr)); gap: 1rem; } .columns .card { border-top: 3px solid var(--c); }
h3 { font-size: 1rem; margin: 0 0 0.5rem; } .panels { margin-top: 1rem; display: grid; grid-template-columns: repeat(auto-fit, minmax(26rem, 1fr)); gap: 1rem; }
.note { border-left: 3px solid var(--flat); padding-left: 0.8rem; } .columns .findings { font-size: 0.92rem; }
.findings { list-style: none; padding: 0; margin: 0; } .findings li { padding: 0.35rem 0 0.35rem 1.7rem; position: relative; }
.findings li::before { position: absolute; left: 0; font-weight: 700; } .good::before { content: '▲'; color: var(--good); }
.worse::before { content: '▼'; color: var(--v4); }
.weak::before { content: '△'; color: var(--flat); } .flat::before { content: '●'; color: var(--soft); }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: 0.45rem 0.5rem; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
tr:last-child td { border-bottom: 0; } th { font-weight: 600; color: var(--soft); font-size: 0.9rem; white-space: normal; } th:first-child, td:first-child { text-align: left; white-space: normal; }
td.best { font-weight: 700; } .spread { display: block; font-size: 0.8rem; font-weight: 400; color: var(--soft); }
td:first-child { min-width: 12rem; } .bar { display: block; height: 4px; border-radius: 2px; margin: 0.25rem 0 0 auto; background: var(--c); opacity: 0.8; }
.numbers { display: grid; grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr)); gap: 0.9rem 1.25rem; margin: 0; }
.numbers dt { color: var(--soft); font-size: 0.9rem; } .numbers dd { margin: 0; font-size: 1.35rem; font-weight: 600; line-height: 1.25; }
.numbers small { display: block; font-size: 0.85rem; font-weight: 400; color: var(--soft); }
.preview { font-size: 1.1rem; line-height: 2.1; margin: 0.35rem 0; } .preview .tag { font-size: 0.85rem; color: var(--soft); display: inline-block; width: 3.2em; }
.u { padding: 0.1em 0.2em; border-radius: 4px; color: #fff; background: var(--c); } .linked { border-bottom: 2px solid var(--v1); }
.entity { --c: #0d8578; } .pos { --c: #6c4cad; } .word { --c: #3c78c8; } .span { --c: #b82d5b; } .token { --c: #d66e1c; }
svg { width: 100%; height: auto; display: block; } svg text { fill: var(--soft); }
details { margin-top: 0.75rem; } summary { cursor: pointer; color: var(--soft); }
pre { overflow-x: auto; font-size: 0.85rem; line-height: 1.45; background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 1rem; }
code { font-size: 0.9em; }
";
