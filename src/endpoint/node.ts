export { type AnswerFile, openAnswerFile } from './answer-file.ts';
