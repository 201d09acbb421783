/** The shell of the start page; the table is filled by the web part's script. */
export const START_PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Goodhart runs</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/style.css">
</head>
<body>
<main>
<h1>Goodhart</h1>
<p>Runs in this folder, newest first. A report opens in the browser; <em>Verify</em> computes a run's digests and numbers again.</p>
<div class="scroll">
<table>
<thead><tr><th scope="col">Run</th><th scope="col">Status</th><th scope="col">Started</th><th scope="col">Findings</th><th scope="col">Check</th></tr></thead>
<tbody></tbody>
</table>
</div>
<p id="message" role="status">Loading…</p>
</main>
<script type="module" src="/web/main.js"></script>
</body>
</html>
`;

export const START_STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 64rem; margin: 2rem auto; padding: 0 1rem; }
.scroll { overflow-x: auto; }
small { opacity: .75; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .5rem .75rem; border-bottom: 1px solid #8886; vertical-align: top; }
button { font: inherit; padding: .2rem .8rem; }
`;
