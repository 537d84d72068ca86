/** What views are made of: tables, facts, a line of rates, findings. */
import type { ComponentChildren } from 'preact';
import type { Finding } from '../src/insight/why.ts';
import { report } from './report.ts';
import { number } from './words.ts';

export interface Column<Row> {
  readonly title: string;
  readonly isNumber?: boolean;
  readonly show: (row: Row) => ComponentChildren;
}

export function Table<Row>({
  caption,
  columns,
  rows,
  keyOf,
}: {
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string;
}) {
  if (rows.length === 0) return <p class="faint">{caption}: none.</p>;
  return (
    <div class="scroll" role="region" aria-label={caption} tabIndex={0}>
      <table>
        <caption>{caption}</caption>
        <thead>
          <tr>
            {columns.map(({ title, isNumber }) => (
              <th key={title} scope="col" class={isNumber === true ? 'number' : undefined}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map(({ title, isNumber, show }) => (
                <td key={title} class={isNumber === true ? 'number' : undefined}>
                  {show(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function Facts({ facts }: { facts: readonly (readonly [string, ComponentChildren])[] }) {
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** The last minute as a line, and what it says in words. */
export function Rate({
  name,
  values,
  show,
}: {
  name: string;
  values: readonly number[];
  show: (value: number) => string;
}) {
  const most = Math.max(1, ...values);
  const points = values.map((value, index) => `${index},${58 - (56 * value) / most}`).join(' ');
  const now = values.at(-1) ?? 0;
  return (
    <figure>
      <figcaption>
        {name}: {show(now)} a second now, at most {show(values.length === 0 ? 0 : Math.max(...values))} in the last
        minute
      </figcaption>
      <svg
        class="spark"
        viewBox={`0 0 ${Math.max(1, values.length - 1)} 60`}
        preserveAspectRatio="none"
        aria-hidden="true"
      >
        <polyline points={points} />
      </svg>
    </figure>
  );
}

export function Findings({ findings }: { findings: readonly Finding[] }) {
  return (
    <ol class="findings">
      {findings.map(({ sentence, evidence, next }) => (
        <li key={sentence} class="finding">
          <p>
            <strong>{sentence}</strong>
          </p>
          {evidence.map((line) => (
            <p key={line}>{line}</p>
          ))}
          {next === '' ? null : <p class="faint">{next}</p>}
        </li>
      ))}
    </ol>
  );
}

export function lagWords(lag: number | null): string {
  return lag === null ? '–' : number(lag);
}

/** While the first picture has not come. */
export function Wait() {
  return <p class="faint">{report === null ? 'Loading…' : 'This is not in the report: there was no room for it.'}</p>;
}
