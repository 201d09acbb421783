import { type FormEvent, type ReactNode, useState } from 'react';
import { call } from '../../api.ts';
import { when } from '../../ui/figures.ts';
import { Fault } from '../../ui/state.tsx';
import { EndProject } from './end-project.tsx';
import { Input } from './form/controls.tsx';
import { changeOf, draftOfProject, type Faults, type ProjectChange } from './form/project-draft.ts';
import { FaultList, ProjectSections } from './form/sections.tsx';
import { ProjectFrame } from './frame.tsx';
import { type ProjectDetail, useProjectChange } from './queries.ts';

/** What a set of changes touches, in words. */
const CHANGED: { readonly [K in keyof ProjectChange]-?: string } = {
  name: 'name',
  questions: 'questions',
  instructions: 'instructions (a new version)',
  consent: 'consent (a new version; raters are asked again)',
  view: 'view',
  distribution: 'rules',
  settings: 'settings',
};

function Editor({ detail }: { readonly detail: ProjectDetail }): ReactNode {
  const { project, settings } = detail;
  const [draft, setDraft] = useState(() => draftOfProject(project, settings));
  const [tried, setTried] = useState(false);
  const [saved, setSaved] = useState<string | null>(null);
  const save = useProjectChange(project.id, (body: ProjectChange) =>
    call('PATCH /api/projects/{project}', { params: { project: project.id }, body }),
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setSaved(null);
    const result = changeOf(draft, project, settings);
    setTried(true);
    if (!('value' in result)) return;
    const parts = (Object.keys(result.value) as (keyof ProjectChange)[]).map((key) =>
      key === 'consent' && result.value.consent === null ? 'consent (none is asked any more)' : CHANGED[key],
    );
    if (parts.length === 0) setSaved('Nothing was changed.');
    else save.mutate(result.value, { onSuccess: () => setSaved(`Saved: ${parts.join(', ')}.`) });
  };
  const checked = changeOf(draft, project, settings);
  const faults: Faults = tried && 'faults' in checked ? checked.faults : {};
  const change = (part: Partial<typeof draft>) => setDraft((now) => ({ ...now, ...part }));
  return (
    <form onSubmit={submit} noValidate>
      <ProjectSections
        draft={draft}
        faults={faults}
        onChange={change}
        head={
          <>
            <Input label="Name" value={draft.name} fault={faults.name} onChange={(name) => change({ name })} />
            {detail.counts.judgments > 0 && (
              <p className="notice">
                {detail.counts.judgments} judgments stand. They keep the form and the instructions they were given
                under; changes hold for what is judged from now on.
              </p>
            )}
          </>
        }
      />
      <FaultList faults={faults} />
      {save.isError && <Fault error={save.error} />}
      <p className="row">
        <button type="submit" className="primary" disabled={save.isPending}>
          Save the changes
        </button>
        <span role="status">{saved}</span>
      </p>
      {project.instructions.length > 0 && (
        <details>
          <summary>Versions of the instructions ({project.instructions.length})</summary>
          {project.instructions.toReversed().map(({ version, text, at }) => (
            <section key={version}>
              <h3>
                Version {version}, {when(at)}
              </h3>
              <p className="text">{text}</p>
            </section>
          ))}
        </details>
      )}
    </form>
  );
}

/** Name, form, instructions, rules and pay of a project; pausing it. */
export function Settings(): ReactNode {
  return (
    <ProjectFrame>
      {(detail) => (
        <>
          <Editor key={detail.project.id} detail={detail} />
          <EndProject detail={detail} />
        </>
      )}
    </ProjectFrame>
  );
}
