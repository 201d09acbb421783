import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import {
  CHAIN_IDS,
  CHAIN_MEASURES,
  chainOf,
  EVIDENCE_KINDS,
  type EvidenceKindId,
  evidenceKind,
  PROBE_IDS,
  probeOf,
} from '../src/audit/index.ts';

/** docs/evidence.md, made from the table of evidence kinds, so that anyone can bring their own. */

interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
}

/** A field's type in words. */
function typeOf(schema: JsonSchema): string {
  if (schema.enum !== undefined) return schema.enum.map((v) => `\`${JSON.stringify(v)}\``).join(' or ');
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  const options = schema.anyOf ?? schema.oneOf;
  if (options !== undefined) {
    const kinds = [...new Set(options.map(typeOf))];
    return kinds.length > 4 ? 'one of several kinds' : kinds.join(' or ');
  }
  if (schema.type === 'array') return `list of ${schema.items === undefined ? 'anything' : typeOf(schema.items)}`;
  if (schema.properties !== undefined)
    return `{ ${Object.entries(schema.properties)
      .map(([key, v]) => `${key}: ${typeOf(v)}`)
      .join(', ')} }`;
  return schema.type === 'object' ? 'mapping of names' : String(schema.type ?? 'anything');
}

function fieldsOf(id: EvidenceKindId): string {
  const schema = z.toJSONSchema(evidenceKind(id).row, { unrepresentable: 'any' }) as JsonSchema;
  return Object.entries(schema.properties ?? {})
    .map(([name, field]) => {
      const optional = schema.required?.includes(name) === true ? '' : ' (may be left out)';
      return `- \`${name}\`: ${typeOf(field)}${optional}`;
    })
    .join('\n');
}

function section(id: EvidenceKindId): string {
  const { what, file, example, offline, brought } = evidenceKind(id);
  const users = [...PROBE_IDS.map(probeOf), ...CHAIN_MEASURES].filter(({ needs, uses }) =>
    [...needs, ...uses].includes(id),
  );
  return `## \`${id}\`

${what}

File \`${file}\`. ${brought === true ? 'Brought along; held by its digest.' : offline ? 'Follows from other files of a run, so a verifier gathers it again.' : 'Needs the reward model to gather; held by its digest.'}
Read by: ${users.map((probe) => `\`${probe.id}\` (${probe.challenge})`).join(', ') || 'no probe yet'}.

${fieldsOf(id)}

\`\`\`json
${JSON.stringify(example)}
\`\`\``;
}

function probeRow(id: (typeof PROBE_IDS)[number]): string {
  const { challenge, question, estimand, needs, uses } = probeOf(id);
  const read = [...needs.map((kind) => `\`${kind}\``), ...uses.map((kind) => `\`${kind}\` if there`)];
  const cells = [`\`${id}\``, challenge, question, estimand, read.join(', ')];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function chainRow(id: (typeof CHAIN_IDS)[number]): string {
  const { title, stations } = chainOf(id);
  const cells = [stations.raters, stations.reward, stations.policy].map((probe) => `\`${probe.id}\``);
  return `| ${[title, ...cells].join(' | ')} |`;
}

export function renderEvidence(): string {
  return `# Evidence

What the probes read: plain rows, one JSON Lines file for each kind. Probes never call a model, so a run of any trainer can be
audited: write the files that you can, at these places or side by side in one folder, and

\`\`\`sh
goodhart audit <folder>
\`\`\`

assesses what they allow, and says of the rest that it was not assessed. Each row is checked; one that is wrong is named by file,
line and field. A data file that no kind reads is refused, so that a slip of the pen is not passed over; notes may lie beside them. This page is made from the code by \`npm run docs:evidence\`; a test compares.

A verdict is \`failure\` or \`concern\` when the whole interval lies above that threshold, \`clear\` when it lies below the threshold of
concern, \`inconclusive\` when it reaches across, and \`not-assessed\` without evidence. \`--require R4,H3\` demands clear ones.

| probe | challenge | question | estimate | evidence |
| --- | --- | --- | --- | --- |
${PROBE_IDS.map(probeRow).join('\n')}

## One failure followed

The same thing measured among the raters, in the reward that they taught and in the policy that it made, so that a reader sees where it
entered. A station is a probe of the table above, or a measure that has no experiment of its own and so no measured error rates.

| failure | raters | reward model | policy |
| --- | --- | --- | --- |
${CHAIN_IDS.map(chainRow).join('\n')}

${CHAIN_MEASURES.map(({ id, question, estimand }) => `- \`${id}\`: ${question} ${estimand}`).join('\n')}

${EVIDENCE_KINDS.map(section).join('\n\n')}
`;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  writeFileSync('docs/evidence.md', renderEvidence());
}
