import type { ReactNode } from 'react';
import type { ProjectTable, RunTable, TableFormat } from '../../server/index.ts';
import { Download } from './download.tsx';

const FORMATS: { readonly [F in TableFormat]: string } = {
  json: 'JSON',
  jsonl: 'JSON Lines',
  csv: 'CSV',
  parquet: 'Parquet',
};

type Source =
  | { readonly project: string; readonly table: ProjectTable }
  | { readonly run: string; readonly table: RunTable };

/** Links to a whole table as a file, in every format. */
export function TableFiles({ name, ...source }: { readonly name: string } & Source): ReactNode {
  const place =
    'project' in source ? `projects/${encodeURIComponent(source.project)}` : `runs/${encodeURIComponent(source.run)}`;
  return (
    <p className="small files">
      <span>{name} as a file:</span>
      {Object.entries(FORMATS).map(([format, title]) => (
        <Download key={format} href={`/api/${place}/tables/${source.table}?format=${format}`} name={title} />
      ))}
    </p>
  );
}
