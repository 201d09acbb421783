import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type FormEvent, type ReactNode, useState } from 'react';
import type { AnswerChoice } from '../../../feedback/index.ts';
import type { RequestOf } from '../../../server/index.ts';
import { call } from '../../api.ts';
import { Download } from '../../ui/download.tsx';
import { counted } from '../../ui/figures.ts';
import { Scroll } from '../../ui/scroll.tsx';
import { Fault, Loaded } from '../../ui/state.tsx';
import { Area, Choice, Input } from './form/controls.tsx';
import type { Faults } from './form/project-draft.ts';
import { type GenerateBody, generateOf, NEW_GENERATE } from './items-input.ts';
import { layoutsQuery, useProjectChange } from './queries.ts';

type UploadBody = RequestOf<'POST /api/projects/{project}/items'>['body'];
type Judgments = NonNullable<UploadBody['judgments']>;
const JUDGMENTS: { readonly [J in Judgments]: string } = {
  beside: 'Bring along, beside what is collected here',
  count: 'Bring along, and count towards the overlap',
  none: 'Leave out: items only',
};

function Upload({ project }: { readonly project: string }): ReactNode {
  const layouts = useQuery(layoutsQuery);
  const [layout, setLayout] = useState('auto');
  const [file, setFile] = useState<{ name: string; text: string } | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  const [judgments, setJudgments] = useState<Judgments>('beside');
  const add = useProjectChange(project, (body: UploadBody) =>
    call('POST /api/projects/{project}/items', { params: { project }, body }),
  );
  return (
    <Loaded query={layouts}>
      {({ layouts: all }) => {
        const readable = all.filter(({ reads }) => reads).map(({ id, title }) => [id, title] as const);
        const submit = (event: FormEvent) => {
          event.preventDefault();
          setFault(file === null ? 'Choose a file first.' : null);
          if (file !== null) add.mutate({ layout, fileName: file.name, text: file.text, judgments });
        };
        return (
          <form onSubmit={submit}>
            <Choice
              label="Layout"
              value={layout}
              options={[['auto', 'Tell it from the first row'], ...readable]}
              onChange={setLayout}
              hint="What the file’s rows hold."
            />
            <Choice
              label="Judgments in the file"
              value={judgments}
              options={Object.entries(JUDGMENTS) as [Judgments, string][]}
              onChange={setJudgments}
              hint="Brought along, they are told from what is collected here, and count for agreement and rewards."
            />
            <label className="field">
              <span>File</span>
              <input
                type="file"
                onChange={(event) => {
                  const chosenFile = event.target.files?.[0];
                  add.reset();
                  void chosenFile?.text().then((text) => setFile({ name: chosenFile.name, text }));
                }}
              />
            </label>
            {fault !== null && (
              <p className="verdict failure" role="alert">
                ■ {fault}
              </p>
            )}
            {add.isError && <Fault error={add.error} />}
            <button type="submit" className="primary" disabled={add.isPending}>
              {add.isPending ? 'Adding…' : 'Add the items'}
            </button>
            {add.data !== undefined && (
              <div role="status">
                <p>
                  Added {counted(add.data.items, 'item')} and {counted(add.data.judgments, 'judgment')}.{' '}
                  <Link
                    to="/projects/$project/items"
                    params={{ project }}
                    search={{ show: 'all', import: add.data.import }}
                  >
                    Show these items
                  </Link>{' '}
                  {add.data.rejectedCount > 0 && (
                    <span className="verdict concern">▲ {counted(add.data.rejectedCount, 'row')} rejected.</span>
                  )}
                </p>
                {add.data.rejected.length > 0 && (
                  <Scroll name="Rejected rows">
                    <table>
                      <thead>
                        <tr>
                          <th scope="col" className="number">
                            Line
                          </th>
                          <th scope="col">Field</th>
                          <th scope="col">Why</th>
                        </tr>
                      </thead>
                      <tbody>
                        {add.data.rejected.map(({ line, field, reason }) => (
                          <tr key={`${line}/${field}/${reason}`}>
                            <td className="number">{line}</td>
                            <td>{field || '–'}</td>
                            <td className="text">{reason}</td>
                          </tr>
                        ))}
                      </tbody>
                    </table>
                    {add.data.rejectedCount > add.data.rejected.length && (
                      <p className="soft">The first {add.data.rejected.length} are shown.</p>
                    )}
                  </Scroll>
                )}
              </div>
            )}
          </form>
        );
      }}
    </Loaded>
  );
}

function Generate({ project }: { readonly project: string }): ReactNode {
  const [draft, setDraft] = useState(NEW_GENERATE);
  const [faults, setFaults] = useState<Faults>({});
  const add = useProjectChange(project, (body: GenerateBody) =>
    call('POST /api/projects/{project}/generate', { params: { project }, body }),
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const result = generateOf(draft);
    setFaults('faults' in result ? result.faults : {});
    if ('value' in result) add.mutate(result.value);
  };
  const field = (key: keyof typeof draft) => ({
    value: draft[key],
    fault: faults[key],
    onChange: (value: string) => setDraft((now) => ({ ...now, [key]: value })),
  });
  return (
    <form onSubmit={submit} noValidate>
      <p className="soft">
        The server asks an OpenAI-compatible endpoint for replies to each prompt. Model and sampling are kept with every
        item; the key is not.
      </p>
      <div className="thirds">
        <Input label="Endpoint" type="url" placeholder="http://localhost:8000/v1" {...field('endpoint')} />
        <Input label="Model" {...field('model')} />
        <Input label="Key (optional)" type="password" {...field('apiKey')} />
        <Input label="Replies per prompt" numeric {...field('replies')} />
        <Input label="Temperature" numeric {...field('temperature')} />
        <Input label="Most tokens per reply" numeric {...field('maxTokens')} />
      </div>
      <Area
        label="Prompts"
        rows={6}
        hint="One a line; or part longer ones by lines of three hyphens."
        {...field('prompts')}
      />
      {add.isError && <Fault error={add.error} />}
      <button type="submit" className="primary" disabled={add.isPending}>
        {add.isPending ? 'Asking for replies…' : 'Generate and add'}
      </button>
      {add.data !== undefined && (
        <div role="status">
          <p>Added {counted(add.data.items, 'item')}.</p>
          {add.data.failed.length > 0 && (
            <>
              <p className="verdict concern">▲ {counted(add.data.failed.length, 'prompt')} failed:</p>
              <ul>
                {add.data.failed.map(({ prompt, reason }) => (
                  <li key={prompt} className="text">
                    {prompt}: {reason}
                  </li>
                ))}
              </ul>
            </>
          )}
        </div>
      )}
    </form>
  );
}

/** Two ways to add items. */
export function AddItems({ project, open }: { readonly project: string; readonly open: boolean }): ReactNode {
  // As it was first: adding must not fold away what it says.
  const [opened] = useState(open);
  return (
    <section>
      <h2>Add items</h2>
      <details open={opened}>
        <summary>From a file</summary>
        <Upload project={project} />
      </details>
      <details>
        <summary>From a model</summary>
        <Generate project={project} />
      </details>
    </section>
  );
}

const ANSWERS: { readonly [C in AnswerChoice]: string } = {
  decided: 'Decisions where there are some, every vote elsewhere',
  all: 'Every vote, whatever was decided',
  majority: 'One answer a question: the decision, or the majority',
  'dawid-skene': 'One answer a question: the decision, or Dawid–Skene',
};

/** Files of the project in the layouts that can be written. */
export function Exports({ project }: { readonly project: string }): ReactNode {
  const layouts = useQuery(layoutsQuery);
  const [answers, setAnswers] = useState<AnswerChoice>('decided');
  return (
    <section>
      <h2>Export</h2>
      <Choice
        label="Answers"
        value={answers}
        options={Object.entries(ANSWERS) as [AnswerChoice, string][]}
        onChange={setAnswers}
        hint="All votes stay in the project’s records, whatever is exported."
      />
      <Loaded query={layouts}>
        {({ layouts: all }) => (
          <ul className="downloads">
            {all
              .filter(({ writes }) => writes)
              .map(({ id, title }) => (
                <li key={id}>
                  <Download
                    href={`/api/projects/${encodeURIComponent(project)}/export/${encodeURIComponent(id)}?answers=${answers}`}
                    name={title}
                  />
                </li>
              ))}
          </ul>
        )}
      </Loaded>
    </section>
  );
}
