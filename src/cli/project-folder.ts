export { readProject } from '../feedback/node.ts';
