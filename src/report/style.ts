/** Style of the pages: light and dark, colours that differ for the colour-blind, dashes and marks besides. */
export const STYLE = `
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#5b6570;--line:#d5dbe1;--back:#fff;--c0:#0b6bcb;--c1:#c2410c;--c2:#0f766e;--c3:#7c3aed;--c4:#8a5a00;--c5:#be185d}
@media (prefers-color-scheme:dark){:root{--ink:#e6e9ed;--soft:#a3adb8;--line:#39424c;--back:#14181d;--c0:#6cb2ff;--c1:#ff9a62;--c2:#4fd1c0;--c3:#b794ff;--c4:#e3b341;--c5:#ff7eb6}}
body{font:16px/1.55 system-ui,sans-serif;color:var(--ink);background:var(--back);margin:0}
main{max-width:60rem;margin:0 auto;padding:1.5rem 1rem 4rem}
h1{font-size:1.8rem;margin:.2em 0}h3{font-size:1.05rem;margin:1.6em 0 .3em}h2{font-size:1.25rem;margin:2.2em 0 .4em;border-bottom:1px solid var(--line);padding-bottom:.2em}
.note,figcaption{color:var(--soft);font-size:.92rem}figure{margin:1em 0;overflow-x:auto}figure>svg:has(.matrix){min-width:34rem}
table{border-collapse:collapse;width:100%;font-size:.9rem}th,td{text-align:left;vertical-align:top;padding:.35rem .6rem;border-bottom:1px solid var(--line)}
.facts th{width:38%;font-weight:500}.scroll{overflow-x:auto}.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.plot{width:100%;height:auto;display:block}.plot text{font-size:12px;fill:var(--soft)}.axis line{stroke:var(--line)}
.legend{display:flex;flex-wrap:wrap;gap:.3rem 1.2rem;font-size:.92rem;margin:.3em 0}.plot.key{display:inline-block;vertical-align:middle;width:28px}
.stroke{fill:none;stroke:currentColor;stroke-width:2}.whisker{stroke:currentColor;stroke-width:1.5;opacity:.7}.mark{fill:currentColor;stroke:none}
.s0{color:var(--c0)}.s1{color:var(--c1)}.s2{color:var(--c2)}.s3{color:var(--c3)}.s4{color:var(--c4)}.s5{color:var(--c5)}
.s1 .stroke{stroke-dasharray:6 3}.s2 .stroke{stroke-dasharray:2 3}.s3 .stroke{stroke-dasharray:10 3 2 3}.s4 .stroke{stroke-dasharray:4 2}.s5 .stroke{stroke-dasharray:1 2}
.bars rect{fill:currentColor;opacity:.35}.reference{stroke:var(--soft);stroke-dasharray:4 3}.faint{stroke:currentColor;stroke-width:1;opacity:.25}
.verdict{white-space:nowrap}.clear,.measured{color:var(--c2)}.concern,.declared{color:var(--c4)}.failure{color:var(--c1);font-weight:600}.inconclusive{color:var(--c3)}.not-assessed,.missing{color:var(--soft)}
.sides{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(15rem,100%),1fr));gap:.8rem;margin:.8rem 0;border-top:1px solid var(--line);padding-top:.6rem}.sides>p{grid-column:1/-1;margin:0}
.sides blockquote{margin:0;padding:.5rem .8rem;border-left:3px solid var(--line);white-space:pre-wrap;overflow-wrap:anywhere}
.matrix text{font-size:10px}.cell{fill:var(--c0)}.empty{fill:none;stroke:var(--line)}.matrix .deep{fill:var(--back)}.matrix .middle,.matrix .pale{fill:var(--ink)}
@media (prefers-color-scheme:dark){.matrix .middle{fill:var(--back)}}
@media (max-width:40rem){.plot text{font-size:19px}}
details{margin:.6em 0}summary{cursor:pointer}pre{overflow-x:auto;font-size:.85rem;border:1px solid var(--line);padding:.6rem}`;
