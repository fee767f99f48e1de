//! The style sheet of the report, after that of all pages.

/// Plain CSS, no web font, no picture.
pub(crate) const CSS: &str = "
h2 { font-size: 1.25rem; margin: 2.75rem 0 0.75rem; } h3 { font-size: 1rem; margin: 0 0 0.5rem; overflow-wrap: anywhere; } p { max-width: 48rem; }
.chips { display: flex; flex-wrap: wrap; gap: 0.4rem 1.25rem; margin: 0.8rem 0 0; padding: 0; list-style: none; font-size: 0.92rem; }
.chips b::before { content: ''; display: inline-block; width: 0.7em; height: 0.7em; border-radius: 50%; margin-right: 0.45em; background: var(--c); }
.c0 { --c: var(--v0); } .c1 { --c: var(--v1); } .c2 { --c: var(--v2); } .c3 { --c: var(--v3); } .c4 { --c: var(--v4); }
.c5 { --c: var(--v5); } .c6 { --c: var(--v6); } .c7 { --c: var(--v7); } .c8 { --c: var(--v8); } .c9 { --c: var(--v9); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 0.9rem 1.1rem; margin: 0; min-width: 0; }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(24rem, 100%), 1fr)); gap: 1rem; } .columns .card { border-top: 3px solid var(--c); }
.panels { margin: 1rem 0; display: grid; grid-template-columns: repeat(auto-fit, minmax(min(30rem, 100%), 1fr)); gap: 1rem; }
.multiples { margin-top: 0.75rem; display: grid; grid-template-columns: repeat(auto-fit, minmax(min(16rem, 100%), 1fr)); gap: 0.75rem; }
.findings { list-style: none; padding: 0; margin: 0; } .findings li { padding: 0.3rem 0 0.3rem 1.7rem; position: relative; overflow-wrap: anywhere; }
.findings li::before { position: absolute; left: 0; font-weight: 700; } .findings .good::before { content: '▲'; color: var(--good); }
.findings .worse::before { content: '▼'; color: var(--worse); } .findings .weak::before { content: '△'; color: var(--doubt); } .findings .flat::before { content: '●'; color: var(--soft); }
.scroll { overflow-x: auto; } .scroll svg { min-width: 29rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: 0.92rem; }
caption { text-align: left; color: var(--soft); padding-bottom: 0.5rem; }
th, td { padding: 0.4rem 0.5rem; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; font-weight: 400; vertical-align: top; }
thead th { font-weight: 600; white-space: normal; vertical-align: bottom; } tr:last-child > * { border-bottom: 0; }
.words { text-align: left; white-space: normal; min-width: 9rem; } td.best { font-weight: 700; } td.good { color: var(--good); font-weight: 600; } td.worse { color: var(--worse); font-weight: 600; }
td small, th small { display: block; color: var(--soft); font-weight: 400; } .files { margin: 0.4rem 0 0; font-size: 0.85rem; }
.numbers { display: grid; grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr)); gap: 0.9rem 1.25rem; margin: 0; }
.numbers dt { color: var(--soft); font-size: 0.9rem; } .numbers dd { margin: 0; font-size: 1.3rem; font-weight: 600; line-height: 1.25; }
.numbers small { display: block; font-size: 0.85rem; font-weight: 400; color: var(--soft); }
.preview { font-size: 1.05rem; line-height: 2; margin: 0.35rem 0; max-width: none; } .preview .tag { font-size: 0.85rem; color: var(--soft); display: inline-block; min-width: 5em; margin-right: 0.6em; }
.u { padding: 0.1em 0.2em; border-radius: 4px; background: var(--c); color: var(--ink); } .linked { text-decoration: underline; text-decoration-thickness: 2px; text-underline-offset: 0.25em; text-decoration-color: var(--v1); }
.u.entity { --c: var(--entity); } .u.pos { --c: var(--pos); } .u.word { --c: var(--word); } .u.span { --c: var(--span); } .u.token { --c: var(--token); }
svg { width: 100%; height: auto; display: block; } svg.figure .zero { stroke: var(--soft); }
.parts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(22rem, 100%), 1fr)); gap: 0.3rem 1.5rem; margin: 0 0 1rem; font-size: 0.92rem; } .parts dt { font-weight: 600; } .parts dd { margin: 0; color: var(--soft); }
details { margin-top: 0.75rem; } summary { cursor: pointer; color: var(--link); }
pre { overflow-x: auto; font-size: 0.85rem; line-height: 1.45; background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 1rem; } code { font-size: 0.9em; }
.answers { display: grid; gap: 0.6rem; } .answers .bar { display: flex; flex-wrap: wrap; gap: 0.5rem; } .answers input { flex: 1 1 14rem; }
@media print { details::details-content { content-visibility: visible; block-size: auto; } .scroll { overflow: visible; } .scroll svg { min-width: 0; } table { font-size: 8pt; } th, td { white-space: normal; padding: 0.2rem 0.3rem; } .words { min-width: 0; } pre { white-space: pre-wrap; } }
";
