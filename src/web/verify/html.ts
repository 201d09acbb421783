import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { STYLE } from '../../report/index.ts';

const hashOf = (text: string): string => `'sha256-${btoa(String.fromCharCode(...sha256(utf8ToBytes(text))))}'`;

/** What the page adds to the style of reports. */
const OWN_STYLE = `form{display:grid;gap:1rem;margin:1rem 0}label,.field{display:grid;gap:.25rem}fieldset{border:1px solid var(--line);display:grid;gap:.8rem;margin:0;min-width:0}
input{font:inherit;color:inherit;background:transparent;border:1px solid var(--soft);padding:.35rem;min-width:0;max-width:100%}button{font:inherit;justify-self:start;padding:.4rem 1rem;color:var(--back);background:var(--c0);border:0}
:focus-visible{outline:3px solid var(--c0);outline-offset:2px}#status{font-weight:600}#said>div{overflow-wrap:anywhere}`;

/**
 * The page that verifies a run in a browser, as one file: its script and style are named by their digests, and nothing else is
 * loaded, run or sent anywhere.
 */
export function verifyHtml(script: string): string {
  const code = script.replaceAll('</script', '<\\/script').trim();
  const css = `${STYLE}${OWN_STYLE}`;
  const policy = `default-src 'none'; script-src ${hashOf(code)}; style-src ${hashOf(css)}; img-src data:; worker-src blob:; base-uri 'none'; form-action 'none'`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Verify a sealed run</title><link rel="icon" href="data:,"><style>${css}</style></head>
<body><main>
<h1>Verify a sealed run</h1>
<p>Choose a run folder, or an archive of one. Nothing is uploaded: this page can reach no network, and works where there is none. It says the three things that <code>goodhart verify</code> says, by the same code.</p>
<p class="note">Have this page from somebody you trust, not from whoever made the run: <code>goodhart verify --page verify.html</code> writes it.</p>
<form id="form">
<label>Run folder <input type="file" id="folder" webkitdirectory></label>
<label>Or an archive (.tar, .tar.gz) <input type="file" id="archive" accept=".tar,.gz,.tgz"></label>
<fieldset><legend>What you know from elsewhere (optional)</legend>
<label>Public keys of who must have signed it (PEM) <input type="file" id="keys" multiple accept=".pem"></label>
<label>Digest that was published (SHA-256) <input type="text" id="published" autocomplete="off" spellcheck="false"></label>
<label>Rows that were opened to you (JSON) <input type="file" id="openings" multiple accept=".json"></label>
</fieldset>
<button type="submit">Verify</button>
</form>
<p id="status" role="status"></p>
<div id="said"></div>
<noscript>This page needs JavaScript to compute; it sends nothing.</noscript>
</main><script>${code}</script></body></html>
`;
}
