/** The house: each part and the parts it imports. A test refuses what is not granted here, and grants that nobody uses. */
export const ALLOWED_IMPORTS = {
  tensor: [],
  text: [],
  stats: [],
  run: [],
  engine: ['run'],
  'engine-tinker': ['run', 'engine'],
  feedback: ['text', 'stats', 'run'],
  model: ['tensor', 'run', 'engine'],
  'engine-embedded': ['tensor', 'run', 'engine', 'model'],
  'engine-server': ['run', 'engine', 'engine-tinker', 'model'],
  report: [],
  endpoint: ['stats', 'run', 'feedback', 'report'],
  quality: ['text', 'stats', 'run', 'feedback', 'report'],
  exchange: ['text', 'stats', 'run', 'feedback'],
  world: ['stats', 'run', 'feedback'],
  store: ['stats', 'run', 'feedback'],
  reward: ['text', 'stats', 'run', 'engine', 'feedback', 'report'],
  policy: ['stats', 'run', 'engine'],
  audit: ['text', 'stats', 'run', 'feedback', 'report', 'quality', 'world'],
  disclosure: ['run', 'report', 'audit', 'exchange'],
  lab: ['text', 'stats', 'run', 'engine', 'feedback', 'world', 'reward', 'policy', 'audit'],
  pipeline: [
    'text',
    'stats',
    'run',
    'engine',
    'feedback',
    'endpoint',
    'model',
    'report',
    'quality',
    'exchange',
    'world',
    'reward',
    'policy',
    'audit',
    'disclosure',
    'lab',
  ],
  server: ['run', 'feedback', 'report', 'endpoint', 'quality', 'exchange', 'store', 'audit', 'lab'],
  web: ['text', 'run', 'feedback', 'report', 'quality', 'disclosure', 'lab', 'server'],
  cli: [
    'text',
    'run',
    'feedback',
    'endpoint',
    'model',
    'engine-embedded',
    'engine-server',
    'engine-tinker',
    'report',
    'quality',
    'exchange',
    'store',
    'reward',
    'audit',
    'disclosure',
    'lab',
    'pipeline',
    'server',
  ],
} as const satisfies Record<string, readonly string[]>;

/**
 * Parts by level: the first import nothing, each other one sits just above the highest part that it imports. Parts left out
 * import each other in a circle.
 */
export function levelsOf(table: Readonly<Record<string, readonly string[]>>): string[][] {
  const levels: string[][] = [];
  const placed = new Set<string>();
  for (;;) {
    const level = Object.keys(table).filter((part) => !placed.has(part) && table[part]!.every((to) => placed.has(to)));
    if (level.length === 0) return levels;
    for (const part of level) placed.add(part);
    levels.push(level);
  }
}
