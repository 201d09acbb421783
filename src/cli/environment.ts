import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AS_WRITTEN, configSchema, type PipelineConfig } from '../pipeline/index.ts';
import { parseConfig } from '../run/index.ts';
import { fileError } from '../run/node.ts';

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
  return parseConfig(configSchema, text, { source: path, set: overrides, asWritten: AS_WRITTEN });
}
