import { useQuery } from '@tanstack/react-query';
import type { FormEvent, ReactNode } from 'react';
import type { RequestOf, ResponseOf } from '../../../server/index.ts';
import { call } from '../../api.ts';
import { TextField } from '../../ui/controls.tsx';
import { Fault, Loaded } from '../../ui/state.tsx';
import { Listing } from '../../ui/table.tsx';
import { Once, Part, ProjectSelect, useChange, useProjectNames } from './parts.tsx';

type Webhook = ResponseOf<'GET /api/webhooks'>['webhooks'][number];
type WebhookEvent = Webhook['events'][number];
const EVENTS: readonly WebhookEvent[] = ['judgment.created', 'item.completed', 'run.finished'];

/** Where other services are told of what happens. */
export function Webhooks(): ReactNode {
  const webhooks = useQuery({ queryKey: ['webhooks'], queryFn: () => call('GET /api/webhooks') });
  const nameOf = useProjectNames();
  const make = useChange(
    (body: RequestOf<'POST /api/webhooks'>['body']) => call('POST /api/webhooks', { body }),
    'webhooks',
  );
  const remove = useChange((id: string) => call('DELETE /api/webhooks/{id}', { params: { id } }), 'webhooks');
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    make.mutate({
      url: String(data.get('url')),
      events: data.getAll('events') as WebhookEvent[],
      projectId: String(data.get('projectId')) || null,
    });
  };
  return (
    <Part title="Webhooks">
      <p>Signed deliveries after the Standard Webhooks specification, at least once each.</p>
      <form className="panel spaced" onSubmit={submit}>
        <div className="thirds">
          <TextField label="URL" name="url" type="url" required placeholder="https://example.org/hook" />
          <ProjectSelect label="Of" none="Every project" />
          <fieldset className="field bare">
            <legend>Events</legend>
            {EVENTS.map((event, i) => (
              <label key={event} className="row">
                <input type="checkbox" name="events" value={event} defaultChecked={i === 0} /> {event}
              </label>
            ))}
          </fieldset>
        </div>
        <button type="submit" className="primary" disabled={make.isPending}>
          Add the webhook
        </button>
      </form>
      {make.isError && <Fault error={make.error} />}
      {make.data !== undefined && <Once label="The signing secret is shown this once." text={make.data.secret} />}
      <Loaded query={webhooks}>
        {({ webhooks: all }) => (
          <Listing
            name="Webhooks"
            rows={all}
            rowId={({ id }) => id}
            columns={[
              { head: 'URL', cell: ({ url }) => <code>{url}</code> },
              { head: 'Events', cell: ({ events }) => events.join(', ') },
              { head: 'Of', cell: ({ projectId }) => (projectId === null ? 'every project' : nameOf(projectId)) },
              {
                head: 'Deliveries',
                cell: ({ failures }) =>
                  failures === 0 ? (
                    'no failure since the last success'
                  ) : (
                    <span className="verdict failure">■ {failures} failed in a row</span>
                  ),
              },
            ]}
            action={{ text: 'Remove', of: ({ url }) => url, onAct: ({ id }) => remove.mutate(id) }}
            empty="There are no webhooks."
          />
        )}
      </Loaded>
    </Part>
  );
}
