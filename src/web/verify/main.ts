import { WITHOUT_EVAL } from './no-eval.ts';

// First of all: what follows makes schemas as it is loaded.
import { bindPage } from './page.ts';
import { serveWorker } from './worker.ts';

// One script: the page, and the thread that the page starts from it.
if (WITHOUT_EVAL.jitless !== true) throw new Error('schemas would make code from text');
if (typeof document === 'undefined') serveWorker();
else bindPage(document.currentScript?.textContent ?? '');
