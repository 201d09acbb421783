import type { ReactNode } from 'react';
import { Scroll } from './scroll.tsx';

/** A column of a table: its head, and the cell it makes of a row. */
export interface Column<Row> {
  readonly head: string;
  readonly cell: (row: Row) => ReactNode;
}

/** Rows under heads, the first column naming the row, with a last column for what can be done with it. */
export function Listing<Row>({
  name,
  rows,
  rowId,
  columns,
  action,
  empty,
}: {
  readonly name: string;
  readonly rows: readonly Row[];
  readonly rowId: (row: Row) => string;
  readonly columns: readonly Column<Row>[];
  /** Left out where the person may do nothing. */
  readonly action?: {
    readonly text: string;
    /** What the button is about, for those who do not see the row. */
    readonly of: (row: Row) => string;
    readonly onAct: (row: Row) => void;
  };
  /** Said where there are no rows. */
  readonly empty: string;
}): ReactNode {
  if (rows.length === 0) return <p className="soft">{empty}</p>;
  return (
    <Scroll name={name}>
      <table>
        <thead>
          <tr>
            {columns.map(({ head }) => (
              <th key={head} scope="col">
                {head}
              </th>
            ))}
            {action !== undefined && (
              <th scope="col">
                <span className="sr-only">{action.text}</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowId(row)}>
              {columns.map(({ head, cell }, i) =>
                i === 0 ? (
                  <th key={head} scope="row">
                    {cell(row)}
                  </th>
                ) : (
                  <td key={head}>{cell(row)}</td>
                ),
              )}
              {action !== undefined && (
                <td>
                  <button type="button" className="plain" onClick={() => action.onAct(row)}>
                    {action.text}
                    <span className="sr-only"> {action.of(row)}</span>
                  </button>
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

/** A table of two columns: what, and how much. */
export function Pairs({
  name,
  rows,
}: {
  /** Read by screen readers; one of its own on the page. */
  readonly name: string;
  readonly rows: readonly (readonly [string, ReactNode])[];
}): ReactNode {
  return (
    <Scroll name={name}>
      <table>
        <tbody>
          {rows.map(([label, value]) => (
            <tr key={label}>
              <th scope="row">{label}</th>
              <td>{value}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
