import { useMutation, useQuery } from '@tanstack/react-query';
import { Fragment, type ReactNode, useId, useState } from 'react';
import type { ResponseOf } from '../../../server/index.ts';
import { call } from '../../api.ts';
import { counted } from '../../ui/figures.ts';
import { Fault, Loaded } from '../../ui/state.tsx';
import { RunFrame } from './frame.tsx';
import { runsQuery } from './queries.ts';
import { ReportSections, Sections } from './report.tsx';

type Disclosed = ResponseOf<'GET /api/runs/{run}/disclosure'>;
type Carried = NonNullable<Disclosed['carries']>;

function VerifyButton({ run }: { readonly run: string }): ReactNode {
  const verify = useMutation({ mutationFn: () => call('POST /api/runs/{run}/verify', { params: { run } }) });
  return (
    <section>
      <h2>Verify</h2>
      <p>
        Three answers, none of which stands in for another: integrity, origin and time, completeness. The verifier is
        that of <code>goodhart verify</code>; it knows no key of yours, so that origin cannot be checked here.
      </p>
      <button type="button" className="primary" disabled={verify.isPending} onClick={() => verify.mutate()}>
        {verify.isPending ? 'Verifying…' : 'Verify now'}
      </button>
      <div role="status">
        {verify.data !== undefined && (
          <p className="spaced-above">
            <span className={`verdict ${verify.data.ok ? 'clear' : 'failure'}`}>
              <span aria-hidden="true">{verify.data.ok ? '●' : '■'}</span>{' '}
              {verify.data.ok ? 'verified' : 'not verified'}
            </span>
            {': '}
            {verify.data.ok
              ? 'nothing that was checked fails.'
              : `${verify.data.checks.filter(({ ok }) => !ok).length} of ${verify.data.checks.length} checks failed.`}
          </p>
        )}
      </div>
      {verify.data !== undefined && <Sections run={run} sections={verify.data.document.sections} />}
      {verify.isError && <Fault error={verify.error} />}
    </section>
  );
}

/** What this disclosure says that an earlier one did not. */
function Changes({ run }: { readonly run: string }): ReactNode {
  const [since, setSince] = useState('');
  const id = useId();
  const runs = useQuery(runsQuery(false));
  const others = runs.data?.runs.filter((other) => other.id !== run && other.status === 'complete') ?? [];
  const changes = useQuery({
    queryKey: ['changes', run, since],
    queryFn: () => call('GET /api/runs/{run}/disclosure/changes', { params: { run }, query: { since } }),
    enabled: since !== '',
  });
  return (
    <section>
      <h2>What changed</h2>
      {others.length === 0 ? (
        <p className="soft">There is no other finished run to compare with.</p>
      ) : (
        <p>
          <label htmlFor={id}>Since the disclosure of </label>
          <select id={id} value={since} onChange={(event) => setSince(event.target.value)}>
            <option value="">choose a run</option>
            {others.map((other) => (
              <option key={other.id}>{other.id}</option>
            ))}
          </select>
        </p>
      )}
      {since !== '' && (
        <Loaded query={changes}>
          {({ document }) => (
            <>
              <p>{document.note}</p>
              <Sections run={run} sections={document.sections} />
            </>
          )}
        </Loaded>
      )}
    </section>
  );
}

/** The run as one archive, and how whoever gets it verifies it. */
function Archive({ run, digest }: { readonly run: string; readonly digest: string }): ReactNode {
  return (
    <section>
      <h2>The run as one archive</h2>
      <p>
        <a href={`/runs/${encodeURIComponent(run)}/archive`} download={`${run}.tar.gz`}>
          {run}.tar.gz
        </a>
        : every file, with its seal. Whoever gets it verifies it so, or in a browser with{' '}
        <a href="/verify.html" download="verify.html">
          verify.html
        </a>
        , which sends nothing anywhere:
      </p>
      <pre>{`goodhart verify ${run}.tar.gz --published ${digest}`}</pre>
      <p>
        Publish the digest by a way of its own. To withhold rows first, make a public copy:{' '}
        <code>goodhart disclose --redact</code>. For an auditor, <code>goodhart disclose pack</code>.
      </p>
    </section>
  );
}

/** The forms in which others read it. */
function Exports({ run, exports }: { readonly run: string } & Pick<Disclosed, 'exports'>): ReactNode {
  return (
    <section>
      <h2>In the forms that others read</h2>
      <p>An export is made on the machine of the run, and says what its form cannot hold.</p>
      <dl>
        {exports.map(({ id, title }) => (
          <Fragment key={id}>
            <dt>{title}</dt>
            <dd>
              <code>{`goodhart disclose export ${id} ${run} --out <path>`}</code>
            </dd>
          </Fragment>
        ))}
      </dl>
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
      {({ disclosure: found, seal, sealDigest, signed, exports, carries }) =>
        found === null ? (
          <p className="soft">There is no disclosure yet: it is joined when a run is done.</p>
        ) : (
          <>
            {seal !== null && <VerifyButton run={run} />}
            <ReportSections run={run} ids={['disclosure', 'disclosed']} />
            {signed !== null && <Sections run={run} sections={signed.sections} />}
            <Changes run={run} />
            {carries !== null && <Carries carries={carries} />}
            {sealDigest !== null && <Archive run={run} digest={sealDigest} />}
            {exports.length > 0 && <Exports run={run} exports={exports} />}
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
