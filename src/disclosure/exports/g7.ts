import { atPointer } from '../build.ts';
import type { Coverage } from './format.ts';

/** Where an element stands in a bill of materials: a pointer into it, or into its first component with that reference. */
type Place = string | { readonly component: string; readonly pointer: string };
interface Element {
  readonly title: string;
  /** Places of which one must hold something; none where a run has no place for it. */
  readonly at: readonly Place[];
  /** Why nothing stands there, where nothing does. */
  readonly why: string;
}

const NOT_DEPLOYED = 'a run trains and measures; of a deployed system it knows nothing';
const declare = (detail: string) => `nobody declared it (--details: ${detail})`;
const MODEL = '/metadata/component';
const feedback = (pointer: string): Place => ({ component: 'feedback', pointer });
const row = (title: string, at: Element['at'], why: string): Element => ({ title, at, why });
const NO_MODEL = 'the run has no model that could be shown';

/**
 * The minimum elements of a software bill of materials for AI (G7 Cybersecurity Working Group, 12 May 2026), in the numbering of
 * openregtech/sbom: seven clusters. They are voluntary; an element counts as filled where the file holds something there.
 */
export const G7_ELEMENTS = {
  'MD-01': row('author of the SBOM', ['/metadata/manufacturer'], declare('provider')),
  'MD-02': row('version of the SBOM', ['/version'], ''),
  'MD-03': row('name of the data format', ['/bomFormat'], ''),
  'MD-04': row('version of the data format', ['/specVersion'], ''),
  'MD-05': row(
    'signature of the author',
    ['/signature'],
    'the seal of the run is signed (goodhart disclose sign), its exports are not',
  ),
  'MD-06': row('name of the tool', ['/metadata/tools/components/0/name'], ''),
  'MD-07': row(
    'version of the tool',
    ['/metadata/tools/components/0/version'],
    'the run does not say which version made it',
  ),
  'MD-08': row('context in which it was made', ['/metadata/lifecycles/0/phase'], ''),
  'MD-09': row('time stamp', ['/metadata/timestamp'], ''),
  'MD-10': row('dependencies', ['/dependencies/0'], NO_MODEL),
  'SLP-01': row('name of the system', [`${MODEL}/name`], NO_MODEL),
  'SLP-02': row('components of the system', ['/components/0'], NO_MODEL),
  'SLP-03': row('producer of the system', [`${MODEL}/supplier`], declare('provider')),
  'SLP-04': row('version of the system', [`${MODEL}/version`], declare('version')),
  'SLP-05': row('time stamp of the system', ['/metadata/timestamp'], ''),
  'SLP-06': row('data flow', [], NOT_DEPLOYED),
  'SLP-07': row('use of data', [], NOT_DEPLOYED),
  'SLP-08': row('properties of input and output', [`${MODEL}/modelCard/modelParameters/inputs/0`], NO_MODEL),
  'SLP-09': row(
    'intended area of application',
    [`${MODEL}/modelCard/considerations/useCases/0`],
    declare('intendedUse'),
  ),
  'MDL-01': row('name of the model', [`${MODEL}/name`], NO_MODEL),
  'MDL-02': row(
    'identifier of the model',
    [`${MODEL}/purl`],
    'it is in no registry; its files are named by their digests',
  ),
  'MDL-03': row('version of the model', [`${MODEL}/version`], declare('version')),
  'MDL-04': row('time stamp of the model', ['/metadata/timestamp'], ''),
  'MDL-05': row('producer of the model', [`${MODEL}/supplier`], declare('provider')),
  'MDL-06': row('description of the model', [`${MODEL}/description`], declare('summary')),
  'MDL-07': row('hash of the model', [`${MODEL}/components/0/hashes/0/content`], 'its weights are not in the folder'),
  'MDL-08': row('algorithm of the hash', [`${MODEL}/components/0/hashes/0/alg`], 'its weights are not in the folder'),
  'MDL-09': row('properties of the model', [`${MODEL}/modelCard/properties/0`], 'the run does not tell its shape'),
  'MDL-10': row('input and output of the model', [`${MODEL}/modelCard/modelParameters/inputs/0`], NO_MODEL),
  'MDL-11': row('training', [`${MODEL}/modelCard/modelParameters/approach`], NO_MODEL),
  'MDL-12': row('licence of the model', [`${MODEL}/licenses/0`], declare('license')),
  'MDL-13': row('references outside', [`${MODEL}/externalReferences/0`], 'a run knows of no address'),
  'DP-01': row('name of the data set', [feedback('/name')], ''),
  'DP-02': row('description of the data set', [feedback('/data/0/description')], ''),
  'DP-03': row('content of the data set', [feedback('/data/0/description')], ''),
  'DP-04': row('identifier of the data set', [feedback('/data/0/name')], ''),
  'DP-05': row('hash of the data set', [feedback('/components/0/hashes/0')], 'all of its files are withheld'),
  'DP-06': row('provenance of the data set', [feedback('/data/0/description')], ''),
  'DP-07': row('statistical properties', [feedback('/data/0/description')], ''),
  'DP-08': row('sensitivity', [feedback('/data/0/sensitiveData/0')], declare('personalData')),
  'DP-09': row('which model depends on it', [`${MODEL}/modelCard/modelParameters/datasets/0`], NO_MODEL),
  'DP-10': row('licence of the data set', [feedback('/licenses/0')], 'only the licence of the model can be declared'),
  'INF-01': row('software', ['/properties/goodhart:software'], ''),
  'INF-02': row('hardware', ['/properties/goodhart:hardware'], declare('hardware')),
  'SP-01': row('security controls', [], NOT_DEPLOYED),
  'SP-02': row('security compliance', [], NOT_DEPLOYED),
  'SP-03': row('policy on vulnerabilities', [], NOT_DEPLOYED),
  'SP-04': row('known vulnerabilities', [], NOT_DEPLOYED),
  'KPI-01': row(
    'security metrics',
    ['exploitability', 'backdoor', 'trigger-reward', 'poisoning'].map((probe) => `/claims/claim:${probe}`),
    'no probe of attacks was assessed',
  ),
  'KPI-02': row(
    'operational performance',
    [`${MODEL}/modelCard/quantitativeAnalysis/performanceMetrics/0`],
    'nothing was evaluated',
  ),
} as const satisfies Record<string, Element>;

interface Bom {
  readonly components?: readonly { readonly 'bom-ref'?: string }[];
  readonly properties?: readonly { readonly name: string; readonly value: string }[];
  readonly declarations?: { readonly claims: readonly { readonly 'bom-ref': string }[] };
}

/** Which elements a bill of materials fills, and why it does not fill the others. */
export function g7Coverage(made: object): Coverage {
  const bom = made as Bom;
  // Lists of named things by their names, so that one pointer finds each.
  const named = <T>(rows: readonly T[] = [], nameOf: (one: T) => string | undefined) =>
    Object.fromEntries(rows.flatMap((one) => nameOf(one) ?? []).map((name) => [name, true]));
  const read = {
    ...bom,
    properties: named(bom.properties, ({ name }) => name),
    claims: named(bom.declarations?.claims, (claim) => claim['bom-ref']),
  };
  const found = (place: Place): boolean => {
    const [value, pointer] =
      typeof place === 'string'
        ? [read, place]
        : [bom.components?.find((one) => one['bom-ref'] === place.component), place.pointer];
    return atPointer(value, pointer) !== undefined;
  };
  return {
    of: 'G7 minimum elements of an SBOM for AI (12 May 2026, voluntary; numbered as in openregtech/sbom)',
    elements: Object.entries(G7_ELEMENTS).map(([id, { title, at, why }]) => {
      const filled = at.some(found);
      return { id, title, filled, ...(!filled && { why }) };
    }),
  };
}
