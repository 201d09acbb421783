/**
 * Does a training through the Tinker protocol end with the same numbers whatever happens on the way? Random plans of faults
 * between our client and our server (dropped, refused, slow, duplicated, reordered, truncated, killed):
 *
 *   npx tsx scripts/engine-faults.ts [--plans 500] [--seed 2]
 *
 * Exit code 1 where numbers differ, or where a training stops with anything but one clear line.
 */
import { parseArgs } from 'node:util';
import { faultTrial } from '../src/engine-server/fault-trial.fake.ts';

const { values: args } = parseArgs({
  options: { plans: { type: 'string', default: '500' }, seed: { type: 'string', default: '2' } },
});
const report = await faultTrial({
  plans: Number(args.plans),
  seed: Number(args.seed),
  progress: (done) => process.stderr.write(`\r${done}/${args.plans}`),
});
const lines = [
  `${report.plans} plans: ${report.same} ended with the numbers of a training without faults`,
  ...[...report.stopped].map(([line, count]) => `${count} stopped: ${line}`),
  `faults: ${[...report.faults].map(([fault, count]) => `${count} ${fault}`).join(', ')}`,
  ...report.wrong.slice(0, 20),
];
process.stdout.write(`\n${lines.join('\n')}\n`);
process.exit(report.wrong.length === 0 ? 0 : 1);
