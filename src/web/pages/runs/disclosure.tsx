import { useMutation, useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { ResponseOf } from '../../../server/index.ts';
import { call } from '../../api.ts';
import { counted } from '../../ui/figures.ts';
import { Fault, Loaded } from '../../ui/state.tsx';
import { RunFrame } from './frame.tsx';
import { ReportSections } from './report.tsx';

type Carried = NonNullable<ResponseOf<'GET /api/runs/{run}/disclosure'>['carries']>;

/** How many checks hold, and what the folder alone cannot tell: whose it is, and when it was there. */
function verifiedText(checks: ResponseOf<'POST /api/runs/{run}/verify'>['checks']): string {
  const open = checks.filter((check) => check.open);
  const held = `${checks.length - open.length} checks passed.`;
  return open.length === 0 ? held : `${held} Not checked: ${open.map(({ detail }) => detail).join('; ')}.`;
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
                ? verifiedText(verify.data.checks)
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

/** Tells whoever publishes the folder what of people they publish with it. */
function Carries({ carries }: { readonly carries: Carried }): ReactNode {
  const { judgments, raters, ofPeople, withText } = carries;
  return (
    <section>
      <h2>Before you publish the folder</h2>
      <p>
        It carries {counted(judgments, 'whole judgment')} of {counted(raters, 'rater')}: answers, pseudonyms and times.
        {ofPeople.judgments === 0 && ' None is a person’s.'}
      </p>
      {ofPeople.judgments > 0 && (
        <ul>
          <li>
            {counted(ofPeople.judgments, 'judgment')} of{' '}
            {ofPeople.raters === 1 ? 'one person' : `${ofPeople.raters} people`}; {counted(withText, 'judgment')} with
            free text, which may name somebody.
          </li>
          <li>
            A consent is on record for {ofPeople.consented} of {ofPeople.raters}. Read what it allows: no check here
            knows.
          </li>
          <li>
            Report and disclosure hold numbers and no judgments. Where the folder must not be public, publish these, or
            a copy under the same seal that withholds judgments: <code>goodhart disclose --redact</code>.
          </li>
        </ul>
      )}
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
      {({ disclosure: found, seal, carries }) =>
        found === null ? (
          <p className="soft">There is no disclosure yet: it is joined when a run is done.</p>
        ) : (
          <>
            {seal !== null && <VerifyButton run={run} />}
            <ReportSections run={run} ids={['disclosure', 'disclosed']} />
            {carries !== null && <Carries carries={carries} />}
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
        )
      }
    </Loaded>
  );
}

/** What the run discloses, and the check that it is so. */
export function RunDisclosure(): ReactNode {
  return <RunFrame>{({ run }) => <Disclosure run={run.id} />}</RunFrame>;
}
