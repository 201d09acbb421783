import { useMutation, useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { call } from '../../api.ts';
import { Verdict } from '../../ui/controls.tsx';
import { figure, interval } from '../../ui/figures.ts';
import { Scroll } from '../../ui/scroll.tsx';
import { Fault, Loaded } from '../../ui/state.tsx';
import { RunFrame } from './frame.tsx';

interface Statement {
  readonly label: string;
  readonly value: unknown;
  /** `configuration` for a setting that was asked for; nothing was measured. */
  readonly basis?: string;
  readonly file?: string;
  readonly pointer?: string;
}
interface Item {
  readonly id: string;
  readonly title: string;
  readonly category: string;
  readonly status: string;
  /** What the status rests on: `evidence`, `person`, `configuration`. */
  readonly basis?: string | null;
  readonly statements: readonly Statement[];
  readonly findings: readonly Statement[];
  readonly declaration?: { readonly text: string; readonly author: string; readonly date: string };
}

const isRange = (value: object): value is { low: number; high: number } => 'low' in value && 'high' in value;

/** A disclosed value for people: an interval as such, counts by name as a list; anything else as it stands in its file. */
function valueText(value: unknown): string {
  if (typeof value === 'number') return figure(value);
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return JSON.stringify(value);
  if (isRange(value)) return interval(value);
  const parts = Object.entries(value);
  if (!parts.every(([, part]) => typeof part === 'number' || typeof part === 'string')) return JSON.stringify(value);
  return parts.map(([name, part]) => `${name} ${valueText(part)}`).join(', ');
}

const VERDICTS = ['clear', 'concern', 'failure', 'not-assessed'];
const ValueText = ({ value }: { readonly value: unknown }): ReactNode =>
  VERDICTS.includes(String(value)) ? <Verdict value={String(value)} /> : <strong>{valueText(value)}</strong>;

function ItemRow({ item }: { readonly item: Item }): ReactNode {
  return (
    <tr>
      <th scope="row">
        {item.id}
        <br />
        {item.title}
      </th>
      <td>
        <Verdict value={item.status} />
        {item.basis === 'configuration' && <div className="soft small">by configuration</div>}
      </td>
      <td>
        {[...item.statements, ...item.findings].map((statement) => (
          <div key={`${statement.label} ${statement.pointer ?? ''}`}>
            {statement.label}
            {statement.basis === 'configuration' && ', as configured'}: <ValueText value={statement.value} />{' '}
            {statement.file !== undefined && (
              <span className="soft small">
                {statement.file}#{statement.pointer}
              </span>
            )}
          </div>
        ))}
        {item.declaration !== undefined && (
          <div>
            Declared by {item.declaration.author}, {item.declaration.date}: {item.declaration.text}
          </div>
        )}
        {item.status === 'missing' && <div className="soft">Nothing is known: neither evidence nor declaration.</div>}
      </td>
    </tr>
  );
}

function VerifyButton({ run }: { readonly run: string }): ReactNode {
  const verify = useMutation({ mutationFn: () => call('POST /api/runs/{run}/verify', { params: { run } }) });
  return (
    <section>
      <h2>Verify</h2>
      <p>
        Recomputes every digest, the chain of records, every finding and every disclosed number: the verifier of{' '}
        <code>goodhart verify</code>.
      </p>
      <button type="button" className="primary" disabled={verify.isPending} onClick={() => verify.mutate()}>
        {verify.isPending ? 'Verifying…' : 'Verify now'}
      </button>
      <div role="status">
        {verify.data !== undefined && (
          <>
            <p className="spaced-above">
              <span className={`verdict ${verify.data.ok ? 'clear' : 'failure'}`}>
                <span aria-hidden="true">{verify.data.ok ? '●' : '■'}</span>{' '}
                {verify.data.ok ? 'verified' : 'not verified'}
              </span>
              {': '}
              {verify.data.ok
                ? `${verify.data.checks.length} checks passed.`
                : `${verify.data.checks.filter(({ ok }) => !ok).length} of ${verify.data.checks.length} checks failed.`}
            </p>
            <ul>
              {verify.data.checks
                .filter(({ ok }) => !ok)
                .map(({ name, detail }) => (
                  <li key={name}>
                    {name}: {detail}
                  </li>
                ))}
            </ul>
          </>
        )}
      </div>
      {verify.isError && <Fault error={verify.error} />}
    </section>
  );
}

function Disclosure({ run }: { readonly run: string }): ReactNode {
  const disclosure = useQuery({
    queryKey: ['disclosure', run],
    queryFn: () => call('GET /api/runs/{run}/disclosure', { params: { run } }),
  });
  const file = (path: string) => `/runs/${encodeURIComponent(run)}/files/${path}`;
  return (
    <Loaded query={disclosure}>
      {({ disclosure: found, seal }) => {
        const items = (found as { items?: readonly Item[] } | null)?.items;
        if (items === undefined)
          return <p className="soft">There is no disclosure yet: it is joined when a run is done.</p>;
        return (
          <>
            <p>
              The eleven items of Casper et al. (2023), each measured, declared or missing. Values are read from the
              files named beside them.
            </p>
            {seal !== null && <VerifyButton run={run} />}
            <h2>Items</h2>
            <Scroll name="Disclosure items">
              <table>
                <thead>
                  <tr>
                    <th scope="col">Item</th>
                    <th scope="col">Status</th>
                    <th scope="col">What is known, and where it stands</th>
                  </tr>
                </thead>
                <tbody>
                  {items.map((item) => (
                    <ItemRow key={item.id} item={item} />
                  ))}
                </tbody>
              </table>
            </Scroll>
            <h2>Download</h2>
            <ul>
              <li>
                <a href={file('disclosure/disclosure.json')} download>
                  disclosure.json
                </a>
              </li>
              <li>
                <a href={file('disclosure/manifest.json')} download>
                  manifest.json
                </a>
                : the digest of every file
              </li>
              <li>
                <a href={file('records.jsonl')} download>
                  records.jsonl
                </a>
                : the hash-chained log
              </li>
            </ul>
            {seal !== null && (
              <>
                <h2>Seal</h2>
                <pre>{seal}</pre>
              </>
            )}
          </>
        );
      }}
    </Loaded>
  );
}

/** What the run discloses, and the check that it is so. */
export function RunDisclosure(): ReactNode {
  return <RunFrame>{({ run }) => <Disclosure run={run.id} />}</RunFrame>;
}
