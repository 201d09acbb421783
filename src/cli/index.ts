export { createProgram, main, runCommand } from './main.ts';
