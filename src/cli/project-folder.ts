/** Project folders, as the feedback part reads them. */
export { readProject } from '../exchange/node.ts';
