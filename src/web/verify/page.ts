import { documentTree, h, toHtml } from '../../report/index.ts';
import type { Answer, Asked } from './worker.ts';

const byId = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;
const filesOf = (id: string): File[] => [...(byId<HTMLInputElement>(id).files ?? [])];

/** Asks the thread once. */
function ask(script: string, asked: Asked): Promise<Answer> {
  const url = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));
  const worker = new Worker(url);
  return new Promise<Answer>((resolve) => {
    worker.addEventListener('message', ({ data }: MessageEvent<Answer>) => resolve(data));
    worker.addEventListener('error', ({ message }) => resolve({ fault: `this browser could not verify: ${message}` }));
    worker.postMessage(asked);
  }).finally(() => {
    worker.terminate();
    URL.revokeObjectURL(url);
  });
}

/** What the reader brings, read from the form. */
async function givenNow(): Promise<Asked['given']> {
  const keys = await Promise.all(filesOf('keys').map(async (file) => ({ name: file.name, pem: await file.text() })));
  const openings = await Promise.all(filesOf('openings').map((file) => file.text()));
  return { keys, openings, published: byId<HTMLInputElement>('published').value };
}

/** What was chosen last: a folder or an archive. */
function chosenNow(by: 'folder' | 'archive'): Pick<Asked, 'chosen' | 'name'> | undefined {
  const files = filesOf(by);
  const [first] = files;
  if (first === undefined) return undefined;
  if (by === 'archive') return { chosen: { archive: first }, name: first.name };
  // The first part of each path is the folder itself.
  const parts = files.map((file) => ({ path: file.webkitRelativePath.split('/').slice(1).join('/'), file }));
  return { chosen: { files: parts }, name: first.webkitRelativePath.split('/')[0]! };
}

/** Binds the page. `script` is this script, which the thread runs too. */
export function bindPage(script: string): void {
  const said = byId('said');
  const status = byId('status');
  let by: 'folder' | 'archive' = 'folder';
  let turn = 0;
  const verify = async () => {
    const mine = ++turn;
    const chosen = chosenNow(by);
    if (chosen === undefined) {
      status.textContent = 'Choose a run folder or an archive first.';
      return;
    }
    said.replaceChildren();
    status.textContent = `Verifying ${chosen.name} …`;
    const answer = await ask(script, { ...chosen, given: await givenNow() });
    // Another choice was made meanwhile.
    if (mine !== turn) return;
    if ('fault' in answer) {
      status.textContent = `Not verified: ${answer.fault}`;
      return;
    }
    status.textContent = `Verified: ${chosen.name}. The answer is below.`;
    // Every text of it is escaped: only elements of the house are elements.
    said.innerHTML = toHtml(h('div', {}, documentTree(answer.document)));
  };
  for (const id of ['folder', 'archive'] as const)
    byId(id).addEventListener('change', () => {
      by = id;
      void verify();
    });
  byId('form').addEventListener('submit', (event) => {
    event.preventDefault();
    void verify();
  });
}
