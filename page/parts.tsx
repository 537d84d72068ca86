/** What views are made of: tables, facts, a line of rates, findings. */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Finding } from '../src/insight/why.ts';
import { span } from '../src/insight/words.ts';
import { refusal } from './live.ts';
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

/** The way through a list that is cut on the broker. */
export function Pager({
  from,
  shown,
  found,
  show,
}: {
  from: number;
  shown: number;
  found: number;
  show: (from: string) => void;
}) {
  const last = from + shown;
  return (
    <p>
      {from > 0 ? (
        <button type="button" onClick={() => show(from - shown > 0 ? String(from - shown) : '')}>
          Previous
        </button>
      ) : null}{' '}
      {last < found ? (
        <button type="button" onClick={() => show(String(last))}>
          Next
        </button>
      ) : null}
    </p>
  );
}

/** '340 of 900 groups, 101 to 200' */
export function pageWords(what: string, from: number, shown: number, found: number, all?: number): string {
  const which = shown < found ? `, ${number(from + 1)} to ${number(from + shown)}` : '';
  return `${number(found)}${all === undefined ? '' : ` of ${number(all)}`} ${what}${which}`;
}

/** Addresses and questions to the broker of somebody who types: browsers take 200 addresses in ten seconds. */
const TYPED_EVERY_MS = 100;

/** What is typed is asked at once; what comes soon after it, together. `found` is told to those who hear the page. */
export function Filter({
  label,
  value,
  set,
  found = '',
}: {
  label: string;
  value: string;
  set: (value: string) => void;
  found?: string;
}) {
  const [typed, setTyped] = useState(value);
  const own = useRef({ typed: value, asked: value, askedMs: -Infinity, timer: NaN });
  const latest = useRef(set);
  latest.current = set;
  const ask = (): void => {
    const { typed: text } = own.current;
    own.current = { typed: text, asked: text, askedMs: performance.now(), timer: NaN };
    latest.current(text);
  };
  const type = (text: string): void => {
    setTyped(text);
    own.current.typed = text;
    if (!Number.isNaN(own.current.timer)) return;
    const waitMs = own.current.askedMs + TYPED_EVERY_MS - performance.now();
    if (waitMs > 0) own.current.timer = setTimeout(ask, waitMs);
    else ask();
  };
  useEffect(() => () => clearTimeout(own.current.timer), []);
  useEffect(() => {
    if (value === own.current.asked) return;
    clearTimeout(own.current.timer); // the address has changed by itself
    own.current = { typed: value, asked: value, askedMs: -Infinity, timer: NaN };
    setTyped(value);
  }, [value]);
  return (
    <>
      <label>
        {label}
        <input type="search" value={typed} onInput={({ currentTarget }) => type(currentTarget.value)} />
      </label>
      <Announced text={value === '' ? '' : found} />
    </>
  );
}

export function Choice({
  label,
  value,
  choices,
  set,
}: {
  label: string;
  value: string;
  choices: readonly (readonly [string, string])[];
  set: (value: string) => void;
}) {
  return (
    <label>
      {label}
      <select value={value} onChange={({ currentTarget }) => set(currentTarget.value)}>
        {choices.map(([choice, words]) => (
          <option key={choice} value={choice}>
            {words}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Links one behind the other. */
export function Links({ to }: { to: readonly (readonly [words: string, link: string])[] }) {
  return (
    <>
      {to.map(([words, link], index) => (
        <span key={link}>
          {index > 0 ? ', ' : ''}
          <a href={link}>{words}</a>
        </span>
      ))}
    </>
  );
}

/** The last minute as a line, what it says in words, and all of it as a table. */
export function Rate({
  name,
  values,
  show,
}: {
  name: string;
  values: readonly number[];
  show: (value: number) => string;
}) {
  const [isOpen, setOpen] = useState(false);
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
      <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
        <summary>{name} as a table</summary>
        {isOpen ? (
          <Table
            caption={`${name} a second, the newest first`}
            rows={values.map((value, index) => ({ value, secondsAgo: values.length - 1 - index })).toReversed()}
            keyOf={({ secondsAgo }) => String(secondsAgo)}
            columns={[
              { title: 'Seconds ago', isNumber: true, show: ({ secondsAgo }) => secondsAgo },
              { title: name, isNumber: true, show: ({ value }) => show(value) },
            ]}
          />
        ) : null}
      </details>
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

export function ageWords(ms: number | null): string {
  return ms === null ? '–' : span(ms);
}

/** Told to those who hear the page, at most every five seconds. */
export function Announced({ text }: { text: string }) {
  const [said, setSaid] = useState('');
  const lastMs = useRef(-Infinity);
  useEffect(() => {
    const timer = setTimeout(
      () => {
        lastMs.current = performance.now();
        setSaid(text);
      },
      Math.max(0, lastMs.current + ANNOUNCED_EVERY_MS - performance.now()),
    );
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <p class="hidden" role="status">
      {said}
    </p>
  );
}

const ANNOUNCED_EVERY_MS = 5000;

/** While the first picture has not come. */
export function Wait() {
  if (refusal.value !== '') return <p class="bad">{refusal.value}</p>;
  return <p class="faint">{report === null ? 'Loading…' : 'This is not in the report: there was no room for it.'}</p>;
}
