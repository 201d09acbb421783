import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, type ReactNode, useState } from 'react';
import { call } from '../../api.ts';
import { Fault } from '../../ui/state.tsx';
import { useTitle } from '../../ui/title.ts';
import { Area, Input } from './form/controls.tsx';
import {
  creationOf,
  creationOfFile,
  type Faults,
  type NewProjectBody,
  newProject,
  projectId,
} from './form/project-draft.ts';
import { FaultList, ProjectSections } from './form/sections.tsx';

function useCreate() {
  const client = useQueryClient();
  const navigate = useNavigate();
  return useMutation({
    mutationFn: (body: NewProjectBody) => call('POST /api/projects', { body }),
    onSuccess: async ({ project }) => {
      await client.invalidateQueries({ queryKey: ['projects'] });
      await navigate({ to: '/projects/$project', params: { project: project.id } });
    },
  });
}

function FromFile(): ReactNode {
  const [text, setText] = useState('');
  const [faults, setFaults] = useState<Faults>({});
  const create = useCreate();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const result = creationOfFile(text);
    setFaults('faults' in result ? result.faults : {});
    if ('value' in result) create.mutate(result.value);
  };
  return (
    <form onSubmit={submit}>
      <label className="field">
        <span>Project file</span>
        <input
          type="file"
          accept=".json,application/json"
          onChange={(event) => void event.target.files?.[0]?.text().then(setText)}
        />
      </label>
      <Area
        label="Project as JSON"
        code
        rows={12}
        hint="As an exported project.json holds it. Load a file above, or paste it here."
        value={text}
        fault={faults.file}
        onChange={setText}
      />
      {create.isError && <Fault error={create.error} />}
      <button type="submit" className="primary" disabled={create.isPending}>
        Create from this file
      </button>
    </form>
  );
}

function ByForm(): ReactNode {
  const [draft, setDraft] = useState(newProject);
  const [tried, setTried] = useState(false);
  const create = useCreate();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const result = creationOf(draft, new Date().toISOString());
    setTried(true);
    if ('value' in result) create.mutate(result.value);
  };
  const checked = creationOf(draft, '');
  const faults: Faults = tried && 'faults' in checked ? checked.faults : {};
  const change = (part: Partial<typeof draft>) => setDraft((now) => ({ ...now, ...part }));
  return (
    <form onSubmit={submit} noValidate>
      <ProjectSections
        draft={draft}
        faults={faults}
        onChange={change}
        head={
          <div className="thirds">
            <Input label="Name" value={draft.name} fault={faults.name} onChange={(name) => change({ name })} />
            <Input
              label="Id"
              value={draft.id}
              placeholder={projectId({ id: '', name: draft.name })}
              hint="Part of addresses and files; stays as it is. Made from the name when empty."
              fault={faults.id}
              onChange={(id) => change({ id })}
            />
          </div>
        }
      />
      <FaultList faults={faults} />
      {create.isError && <Fault error={create.error} />}
      <p>
        <button type="submit" className="primary" disabled={create.isPending}>
          Create the project
        </button>
      </p>
    </form>
  );
}

/** Creates a project, from a form or from a file. */
export function NewProject(): ReactNode {
  useTitle('New project');
  const [way, setWay] = useState<'form' | 'file'>('form');
  return (
    <main>
      <div className="row spread">
        <h1>New project</h1>
        <fieldset className="row bare">
          <legend className="sr-only">How</legend>
          <button type="button" aria-pressed={way === 'form'} onClick={() => setWay('form')}>
            Fill in a form
          </button>
          <button type="button" aria-pressed={way === 'file'} onClick={() => setWay('file')}>
            From a file
          </button>
        </fieldset>
      </div>
      {/* Both stay, so that what was typed does too. */}
      <div hidden={way !== 'form'}>
        <ByForm />
      </div>
      <div hidden={way !== 'file'}>
        <FromFile />
      </div>
    </main>
  );
}
