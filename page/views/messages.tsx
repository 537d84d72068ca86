/** The messages of a topic over all partitions: newest first, from an offset or a time, unread by a group, searched, followed. */
import { format, applyEdits } from 'jsonc-parser';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Content, RecordRow, RecordsFrame } from '../../src/page/frames.ts';
import { askRecords, isPaused, returns } from '../live.ts';
import { linkTo, route, setQuery } from '../route.ts';
import { Announced } from '../parts.tsx';
import { bytes, number, time } from '../words.ts';
import { MessageChanges } from './changes.tsx';

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
/** Whoever follows is shown all that comes, up to so many; of more the newest, and how many came. */
const FOLLOWED = 300;
/** Where more comes than people can read, it is looked at less often. */
const FOLLOWED_EVERY_MS = 1000;

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
  const now = isPaused.value ? null : end;
  const came = useCame(isFollowing, now);
  const { found, more } = useRecords(topic, asked, isFollowing ? came : null);
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
        {isFollowing && came.count > 0 ? `${number(came.count)} came since you follow. ` : ''}
        {found.isSearching
          ? `Searching, ${number(found.searched)} records so far…`
          : `${number(found.searched)} records searched, ${number(found.rows.length)} shown.`}
      </p>
      <Announced
        text={
          found.isSearching
            ? `Searching, ${number(found.searched)} records so far`
            : `${number(found.rows.length)} messages shown`
        }
      />
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
      <Beginning asked={asked} groups={groups} set={set} />
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

/** Where to read from: an offset, a time, or what a group has not read. */
function Beginning({
  asked,
  groups,
  set,
}: {
  asked: Record<string, string>;
  groups: readonly string[];
  set: (change: Record<string, string>) => void;
}) {
  return (
    <>
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
        From (UTC)
        <input
          type="datetime-local"
          step="0.001"
          value={localTime(asked.time)}
          onChange={({ currentTarget }) => {
            const ms = Date.parse(`${currentTarget.value}Z`);
            set({ time: Number.isNaN(ms) ? '' : String(ms), offset: '', unread: '' });
          }}
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
    </>
  );
}

/** As an input of the browser writes it; '' for no time. */
function localTime(ms: string): string {
  const date = new Date(Number(ms));
  return ms === '' || Number.isNaN(date.getTime()) ? '' : date.toISOString().slice(0, -1);
}

interface Came {
  /** Records that have come since somebody follows. */
  readonly count: number;
  /** Another number whenever more have come. */
  readonly end: number | null;
}

/** `end` is null while somebody holds it up: then nothing comes. */
function useCame(isFollowing: boolean, end: number | null): Came {
  const first = useRef<number | null>(null);
  const last = useRef<number | null>(null);
  if (!isFollowing) first.current = null;
  else if (end !== null) {
    first.current ??= end;
    last.current = end;
  }
  return { count: first.current === null ? 0 : Math.max(0, last.current! - first.current), end: last.current };
}

/** Asks for one page of records, and again as long as it has not found enough; again from the beginning when more have come. */
function useRecords(
  topic: string,
  asked: Record<string, string>,
  came: Came | null,
): { found: Found; more: () => void } {
  const [found, setFound] = useState<Found>(NOTHING);
  const [asking, setWanted] = useState(PAGE);
  const lastMs = useRef(0);
  const isAll = came !== null && came.count <= FOLLOWED - PAGE;
  const wanted = asking + (isAll ? came.count : 0);
  const query = new URLSearchParams({
    topic,
    ...Object.fromEntries(Object.entries(asked).filter(([name, value]) => name !== 'follow' && value !== '')),
  }).toString();
  useEffect(() => setWanted(PAGE), [query]);
  useEffect(() => {
    const abort = new AbortController();
    const waitMs = came === null || isAll ? 0 : lastMs.current + FOLLOWED_EVERY_MS - performance.now();
    const begin = (): void => {
      lastMs.current = performance.now();
      if (came === null) setFound((before) => ({ ...before, isSearching: true, error: null }));
      void collect(query, wanted, abort.signal, (found) => {
        const isPartOfMany = came !== null && typeof found !== 'function' && found.isSearching; // whoever follows sees one picture after the other
        if (!isPartOfMany) setFound(found);
      });
    };
    const timer = waitMs > 0 ? setTimeout(begin, waitMs) : undefined;
    if (timer === undefined) begin();
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [query, wanted, came?.end, returns.value]);
  return { found, more: () => setWanted(asking + PAGE) };
}

async function collect(
  query: string,
  wanted: number,
  signal: AbortSignal,
  show: (found: Found | ((before: Found) => Found)) => void,
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
    if (!signal.aborted) show((before) => ({ ...before, isSearching: false, error: 'The broker did not answer.' }));
  }
}

function Row({ topic, row }: { topic: string; row: RecordRow }) {
  const { partition, offset, timestamp, state, key, value } = row;
  const [isOpen, setOpen] = useState(false);
  return (
    <details
      class={`record state-${state}`}
      id={`m-${partition}-${offset}`}
      onToggle={({ currentTarget }) => setOpen(currentTarget.open)}
    >
      <summary>
        <span class="place">
          {partition}/{offset} {time(timestamp)}
        </span>
        {state === 'committed' ? null : <strong>{state} </strong>}
        <span class="place">{key === null ? 'no key' : brief(key, 40)}</span>
        {value === null ? <em>null</em> : brief(value, 160)}
      </summary>
      {isOpen ? <Details topic={topic} row={row} /> : null}
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
        {producerId < 0 ? '' : `, producer ${producerId}`}.{' '}
        <a href={linkTo(['topics', topic], { partition: String(partition), offset: String(offset) })}>
          Link to this message
        </a>
      </p>
      <MessageChanges topic={topic} row={row} />
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
