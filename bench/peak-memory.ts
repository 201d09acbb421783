import { readFileSync } from 'node:fs';

/**
 * Peak resident memory of this process in megabytes. On Linux from its own memory map (`VmHWM`): `getrusage` counts the
 * peak of the process that started it too, since the counter survives `exec`.
 */
export function peakMegabytes(): number {
  try {
    const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    if (kilobytes !== undefined) return Number(kilobytes) / 1024;
  } catch {
    // No /proc: another system.
  }
  return process.resourceUsage().maxRSS / 1024;
}
