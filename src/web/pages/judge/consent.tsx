import { useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type FormEvent, type ReactNode, useState } from 'react';
import { call } from '../../api.ts';
import { Field } from '../../ui/controls.tsx';
import { Markdown } from '../../ui/markdown.tsx';
import { Fault } from '../../ui/state.tsx';
import type { JudgeProject } from './logic/types.ts';

/** The consent text with its version, and what a person may say of themselves; nothing is asked before. */
export function ConsentForm({
  project,
  consent,
}: {
  readonly project: JudgeProject;
  readonly consent: NonNullable<JudgeProject['consent']>;
}): ReactNode {
  const client = useQueryClient();
  const [fault, setFault] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    const demographics = Object.fromEntries(
      project.demographics
        .map(({ attribute }) => [attribute, String(data.get(attribute) ?? '')] as const)
        .filter(([, value]) => value !== ''),
    );
    setBusy(true);
    setFault(null);
    try {
      const params = { project: project.id };
      await call('POST /api/judge/{project}/consent', { params, body: { version: consent.version, demographics } });
      await client.invalidateQueries({ queryKey: ['judge', project.id] });
    } catch (error) {
      setFault(error);
      setBusy(false);
    }
  };
  return (
    <main className="narrow">
      <h1>Before you judge: {project.name}</h1>
      <p className="soft small">Consent, version {consent.version}</p>
      <div className="panel">
        <Markdown text={consent.text} level={3} />
      </div>
      <form onSubmit={(event) => void submit(event)}>
        {project.demographics.length > 0 && (
          <fieldset className="about-you">
            <legend>
              <h2>About you (optional)</h2>
            </legend>
            <p className="soft small">
              It helps to see whose judgments are in the data. Leave out whatever you do not want to say.
            </p>
            {project.demographics.map(({ attribute, values }) => (
              <Field key={attribute} label={attribute}>
                {(ids) => (
                  <select name={attribute} {...ids}>
                    <option value="">I do not say</option>
                    {values.map((value) => (
                      <option key={value}>{value}</option>
                    ))}
                  </select>
                )}
              </Field>
            ))}
          </fieldset>
        )}
        {fault !== null && <Fault error={fault} />}
        <div className="row consent-choice">
          <button type="submit" className="primary" disabled={busy}>
            I agree
          </button>
          <Link className="button" to="/judge">
            Not now
          </Link>
        </div>
      </form>
    </main>
  );
}
