import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useId } from 'react';
import type { ResponseOf } from '../../../server/index.ts';
import { call } from '../../api.ts';
import { CopyButton, Field } from '../../ui/controls.tsx';

export type Person = ResponseOf<'GET /api/people'>['people'][number];
export type Role = Person['role'];

export const useProjects = () => useQuery({ queryKey: ['projects'], queryFn: () => call('GET /api/projects') });

/** Names of projects by id; the id itself until they are known. */
export function useProjectNames(): (id: string) => string {
  const projects = useProjects().data?.projects ?? [];
  return (id) => projects.find((project) => project.id === id)?.name ?? id;
}

/** Runs a change and brings the lists it touches up to date. */
export function useChange<T, R>(change: (input: T) => Promise<R>, ...keys: string[]) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: () => Promise.all(keys.map((key) => client.invalidateQueries({ queryKey: [key] }))),
  });
}

/** A part of the page under a heading of its own. */
export function Part({ title, children }: { readonly title: string; readonly children: ReactNode }): ReactNode {
  const id = useId();
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {children}
    </section>
  );
}

export function ProjectSelect({ label, none }: { readonly label: string; readonly none?: string }): ReactNode {
  const projects = useProjects();
  return (
    <Field label={label}>
      {(ids) => (
        <select name="projectId" {...ids}>
          {none !== undefined && <option value="">{none}</option>}
          {projects.data?.projects.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

export function RoleSelect({ roles, chosen }: { readonly roles: readonly Role[]; readonly chosen?: Role }): ReactNode {
  return (
    <Field label="Role">
      {(ids) => (
        <select name="role" defaultValue={chosen} {...ids}>
          {roles.map((role) => (
            <option key={role}>{role}</option>
          ))}
        </select>
      )}
    </Field>
  );
}

/** Something shown once: a link or a secret, with a button to copy it. */
export function Once({ label, text }: { readonly label: string; readonly text: string }): ReactNode {
  return (
    <div className="notice" role="status">
      <p>{label}</p>
      <pre>{text}</pre>
      <CopyButton text={text} />
    </div>
  );
}
