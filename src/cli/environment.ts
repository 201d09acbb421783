import { existsSync, readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Finding } from '../audit/index.ts';
import { readJson, SEAL } from '../disclosure/index.ts';
import { configSchema, type PipelineConfig, RUN_FILES, type RunSummary, verifyPipelineRun } from '../pipeline/index.ts';
import { parseConfig } from '../run/index.ts';
import { fileError } from '../run/node.ts';
import type { ServerOptions } from '../server/index.ts';

/** The package's own folder, whether built or not. */
export const packageRoot = fileURLToPath(new URL('../..', import.meta.url));
const versionIn = (path: string): string => (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
export const VERSION = versionIn(join(packageRoot, 'package.json'));

/** The version of a library that is installed, which may be newer than the one asked for. */
function installed(library: string): string {
  try {
    return versionIn(createRequire(import.meta.url).resolve(`${library}/package.json`));
  } catch {
    return 'unknown';
  }
}

/** Versions that a repeated run should match. */
export const versions = (): Record<string, string> => ({
  goodhart: VERSION,
  node: process.version,
  'onnxruntime-node': installed('onnxruntime-node'),
  platform: `${process.platform}-${process.arch}`,
});

export const now = (): string => new Date().toISOString();

/** Reads and validates a run configuration; `overrides` are `key=value` texts. */
export function readConfig(path: string, overrides: readonly string[]): PipelineConfig {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw fileError(path, error);
  }
  return parseConfig(configSchema, text, { source: path, set: overrides });
}

function summaryOf(folder: string, id: string): RunSummary | undefined {
  const path = join(folder, id, RUN_FILES.run);
  if (!existsSync(path)) return undefined;
  const run = readJson(path) as { config: { name: string }; startedAt: string };
  const findings = join(folder, id, RUN_FILES.findings);
  const verdicts: Record<string, number> = {};
  if (existsSync(findings)) {
    for (const { verdict } of readJson(findings) as Finding[]) verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
  }
  const status = existsSync(join(folder, id, SEAL)) ? 'complete' : 'unfinished';
  return { id, name: run.config.name, status, startedAt: run.startedAt, verdicts };
}

/** Runs in a folder, newest first, for the local server. */
export function serverOptions(folder: string): ServerOptions {
  const listRuns = async () => {
    const entries = existsSync(folder) ? await readdir(folder) : [];
    return entries.flatMap((id) => summaryOf(folder, id) ?? []).sort((a, b) => (a.startedAt < b.startedAt ? 1 : -1));
  };
  return {
    listRuns,
    async readRunFile(id, path) {
      const root = resolve(folder, id);
      const wanted = resolve(root, path);
      if (!(await listRuns()).some((run) => run.id === id) || !wanted.startsWith(`${root}/`) || !existsSync(wanted))
        return undefined;
      return readFileSync(wanted);
    },
    async verify(id) {
      const checks = await verifyPipelineRun(join(folder, id));
      const failures = checks.filter((check) => !check.ok).map((check) => `${check.name}: ${check.detail}`);
      return { ok: failures.length === 0, checks: checks.length, failures };
    },
    webScript: async () => readFileSync(join(packageRoot, 'dist/web/main.js'), 'utf8'),
  };
}
