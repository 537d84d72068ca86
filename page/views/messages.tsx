/** The messages of a topic over all partitions: newest first, from an offset or a time, unread by a group, searched, followed. */
import { format, applyEdits } from 'jsonc-parser';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Content, RecordRow, RecordsFrame } from '../../src/page/frames.ts';
import { askRecords } from '../live.ts';
import { route, setQuery } from '../route.ts';
import { bytes, number, time } from '../words.ts';

interface Found {
  readonly rows: readonly RecordRow[];
  readonly next: string | null;
  readonly searched: number;
  readonly isSearching: boolean;
  readonly error: string | null;
}

const NOTHING: Found = { rows: [], next: null, searched: 0, isSearching: true, error: null };
/** Shown at once; whoever wants more asks for them. */
const PAGE = 100;

export function Messages({
  topic,
  partitions,
  groups,
  end,
}: {
  topic: string;
  partitions: number;
  groups: readonly string[];
  end: number;
}) {
  const { query } = route.value;
  const asked = Object.fromEntries(
    ['search', 'partition', 'offset', 'time', 'unread', 'follow'].map((name) => [name, query.get(name) ?? '']),
  ) as Record<'search' | 'partition' | 'offset' | 'time' | 'unread' | 'follow', string>;
  const isFollowing = asked.follow !== '';
  const { found, more } = useRecords(topic, asked, isFollowing ? end : 0);
  const set = (change: Record<string, string>): void => setQuery({ ...asked, ...change });
  return (
    <section aria-label={`Messages of ${topic}`}>
      <h2>Messages</h2>
      <SearchForm asked={asked} partitions={partitions} groups={groups} set={set} />
      {found.error === null ? null : (
        <p class="bad" role="alert">
          {found.error}
        </p>
      )}
      <p class="faint">
        {asked.offset + asked.time + asked.unread === '' ? 'The newest first. ' : 'The oldest first. '}
        {found.isSearching
          ? `Searching, ${number(found.searched)} records so far…`
          : `${number(found.searched)} records searched, ${number(found.rows.length)} shown.`}
      </p>
      {found.rows.map((row) => (
        <Row key={`${row.partition}/${row.offset}`} topic={topic} row={row} />
      ))}
      {found.next !== null && !found.isSearching ? (
        <p>
          <button type="button" onClick={more}>
            More
          </button>
        </p>
      ) : null}
    </section>
  );
}

function SearchForm({
  asked,
  partitions,
  groups,
  set,
}: {
  asked: Record<string, string>;
  partitions: number;
  groups: readonly string[];
  set: (change: Record<string, string>) => void;
}) {
  const search = useRef<HTMLInputElement>(null);
  return (
    <form
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        set({ search: search.current?.value ?? '' });
      }}
    >
      <label>
        Search: words, key:, value:, header.x:, offset&gt;, time&gt;, json.total&gt;10
        <input ref={search} type="search" defaultValue={asked.search} />
      </label>
      <button type="submit">Search</button>
      <label>
        Partition
        <select value={asked.partition} onChange={({ currentTarget }) => set({ partition: currentTarget.value })}>
          <option value="">all</option>
          {Array.from({ length: Math.min(partitions, 1000) }, (_, index) => (
            <option key={index} value={String(index)}>
              {index}
            </option>
          ))}
        </select>
      </label>
      <label>
        From offset
        <input
          inputMode="numeric"
          size={8}
          value={asked.offset}
          onChange={({ currentTarget }) => set({ offset: currentTarget.value.trim(), time: '', unread: '' })}
        />
      </label>
      <label>
        Unread by
        <select
          value={asked.unread}
          onChange={({ currentTarget }) => set({ unread: currentTarget.value, offset: '', time: '' })}
        >
          <option value="" />
          {groups.map((group) => (
            <option key={group} value={group}>
              {group}
            </option>
          ))}
        </select>
      </label>
      <label class="check">
        <input
          type="checkbox"
          checked={asked.follow !== ''}
          onChange={({ currentTarget }) => set({ follow: currentTarget.checked ? '1' : '' })}
        />
        Follow what comes
      </label>
    </form>
  );
}

/** Asks for one page of records, and again as long as it has not found enough; again from the beginning when `end` grows. */
function useRecords(topic: string, asked: Record<string, string>, end: number): { found: Found; more: () => void } {
  const [found, setFound] = useState<Found>(NOTHING);
  const [wanted, setWanted] = useState(PAGE);
  const query = new URLSearchParams({
    topic,
    ...Object.fromEntries(Object.entries(asked).filter(([name, value]) => name !== 'follow' && value !== '')),
  }).toString();
  useEffect(() => setWanted(PAGE), [query]);
  useEffect(() => {
    const abort = new AbortController();
    setFound((before) => ({ ...before, isSearching: true, error: null }));
    void collect(query, wanted, abort.signal, setFound);
    return () => abort.abort();
  }, [query, wanted, end]);
  return { found, more: () => setWanted(wanted + PAGE) };
}

async function collect(
  query: string,
  wanted: number,
  signal: AbortSignal,
  show: (found: Found) => void,
): Promise<void> {
  let rows: RecordRow[] = [];
  let searched = 0;
  let next: string | null = '';
  try {
    while (next !== null && rows.length < wanted) {
      const frame: RecordsFrame | string = await askRecords(query, next, signal);
      if (typeof frame === 'string') return show({ rows, next: null, searched, isSearching: false, error: frame });
      rows = [...rows, ...frame.rows];
      searched += frame.searched;
      next = frame.next;
      show({ rows, next, searched, isSearching: next !== null && rows.length < wanted, error: null });
    }
  } catch {
    if (!signal.aborted) show({ rows, next: null, searched, isSearching: false, error: 'The broker did not answer.' });
  }
}

function Row({ topic, row }: { topic: string; row: RecordRow }) {
  const { partition, offset, timestamp, state, key, value } = row;
  return (
    <details class={`record state-${state}`} id={`m-${partition}-${offset}`}>
      <summary>
        <span class="place">
          {partition}/{offset} {time(timestamp)}
        </span>
        {state === 'committed' ? null : <strong>{state} </strong>}
        <span class="place">{key === null ? 'no key' : brief(key, 40)}</span>
        {value === null ? <em>null</em> : brief(value, 160)}
      </summary>
      <Details topic={topic} row={row} />
    </details>
  );
}

function Details({ topic, row }: { topic: string; row: RecordRow }) {
  const { partition, offset, timestamp, codec, producerId, size, key, value, headers, state } = row;
  return (
    <>
      <p class="faint">
        {topic}[{partition}] at offset {offset}, {time(timestamp)} UTC ({timestamp}), {state}, {bytes(size)}, codec{' '}
        {codec}
        {producerId < 0 ? '' : `, producer ${producerId}`}
      </p>
      <h3>Key</h3>
      <Shown content={key} />
      <h3>Value</h3>
      <Shown content={value} />
      {headers.length === 0 ? null : <h3>Headers</h3>}
      {headers.map((header, index) => (
        <div key={`${index}`}>
          {header.key}: <Shown content={header.value} />
        </div>
      ))}
    </>
  );
}

function Shown({ content }: { content: Content | null }) {
  if (content === null) return <p class="faint">null</p>;
  const cut = content.isCut ? ` (the beginning of ${bytes(content.bytes)})` : '';
  return (
    <>
      <pre>{pretty(content)}</pre>
      {content.isHex || content.isCut ? (
        <p class="faint">{`${content.isHex ? 'Bytes in hexadecimal; they are no UTF-8' : ''}${cut}`}</p>
      ) : null}
    </>
  );
}

/** JSON on lines of its own, its numbers as they were written. */
function pretty({ text, isHex, isCut }: Content): string {
  if (isHex || isCut || !/^\s*[[{]/.test(text)) return text;
  try {
    return applyEdits(text, format(text, undefined, { insertSpaces: true, tabSize: 2 }));
  } catch {
    return text;
  }
}

function brief({ text, isHex }: Content, most: number): string {
  const shown = text.length > most ? `${text.slice(0, most)}…` : text;
  return isHex ? `0x${shown}` : shown;
}
