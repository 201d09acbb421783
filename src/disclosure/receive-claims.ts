import { utf8ToBytes } from '@noble/hashes/utils.js';
import { CheckError, DataError, memoryFolder, UsageError } from '../run/index.ts';
import { diskFolder, onPath, readRegularFile, writeFileAtomic } from '../run/node.ts';
import { CLAIMS_BYTES, readClaims, type SignedClaim, subjectAt, subjectOf } from './claims.ts';
import { CLAIMS, SEAL } from './sealed-files.ts';

/**
 * Takes in what auditors and reviewers signed elsewhere: the claims file of the folder that they were given, with their lines
 * after those that are there. Nothing is taken in part.
 *
 * @throws CheckError where a line is damaged, about another seal, or says that the issuer signed it.
 */
export function receiveClaims(run: string, file: string): readonly SignedClaim[] {
  const folder = diskFolder(run);
  const seal = subjectAt(folder, SEAL);
  if (seal === undefined) throw new UsageError('run', `${run}: expected a sealed run (${SEAL})`);
  const had = folder.has(CLAIMS) ? readRegularFile(`${run}/${CLAIMS}`, CLAIMS_BYTES).toString('utf8') : '';
  const text = onPath(file, () => readRegularFile(file, CLAIMS_BYTES)).toString('utf8');
  const refuse = (why: string) => new CheckError('claims', `${file}: ${why}; nothing was taken in`);
  if (!text.startsWith(had))
    throw refuse('expected the claims that are there, and lines after them: it was signed on top of others');
  const { claims, faults } = readClaims(memoryFolder(file, new Map([[CLAIMS, utf8ToBytes(text)]])));
  const [fault] = faults;
  if (fault !== undefined) throw new DataError('claims', `${file}:${fault.line}: ${fault.why}; nothing was taken in`);
  const count = had.split('\n').length - 1;
  const added = claims.filter(({ line }) => line > count);
  if (added.length === 0) throw refuse('expected lines besides those that are there, got none');
  for (const claim of added) {
    const { line, statement } = claim;
    if (subjectOf(claim, SEAL) !== seal.sha256) throw refuse(`line ${line} is about another seal`);
    if (statement.predicate.role === 'issuer') throw refuse(`line ${line} is signed as issuer, who signs here`);
  }
  writeFileAtomic(`${run}/${CLAIMS}`, text);
  return added;
}
