/** The smaller views: clients, transactions, storage, settings, journal. */
import { span } from '../../src/insight/words.ts';
import type { ClientsFrame, JournalEntry, StorageFrame, TransactionsFrame } from '../../src/page/frames.ts';
import { useView } from '../live.ts';
import { Choice, Facts, Filter, lagWords, Pager, pageWords, Table, Wait } from '../parts.tsx';
import { linkTo, route, setQuery } from '../route.ts';
import { bytes, number, time } from '../words.ts';
import { AbortTransaction, ChangeSetting, Disconnect, offered } from './changes.tsx';

export function Clients() {
  const { query } = route.value;
  const filter = query.get('filter') ?? '';
  const frame = useView('clients', { filter });
  const caption = frame === null ? '' : pageWords('clients are connected', 0, frame.rows.length, frame.found);
  return (
    <>
      <form onSubmit={(event) => event.preventDefault()}>
        <Filter
          label="Client ids and addresses that contain"
          value={filter}
          set={(value) => setQuery({ filter: value })}
          found={caption}
        />
      </form>
      {frame === null ? (
        <Wait />
      ) : (
        <Table
          caption={caption}
          rows={frame.rows}
          keyOf={({ clientId, host, listener }) => `${clientId} ${host} ${listener}`}
          columns={[
            {
              title: 'Client id',
              show: ({ clientId }) =>
                clientId === '' ? <em>has said none yet</em> : <a href={linkTo(['clients', clientId])}>{clientId}</a>,
            },
            { title: 'From', show: ({ host }) => host },
            { title: 'Listener', show: ({ listener }) => listener },
            { title: 'Connections', isNumber: true, show: ({ connections }) => number(connections) },
            { title: 'Software', show: ({ traffic }) => traffic?.software ?? '' },
            { title: 'Requests', isNumber: true, show: ({ traffic }) => lagWords(traffic?.requests ?? null) },
            { title: 'With errors', isNumber: true, show: ({ traffic }) => lagWords(traffic?.errors ?? null) },
            ...offered('Disconnect', ({ clientId, host }: ClientsFrame['rows'][number]) => (
              <Disconnect clientId={clientId} host={host} />
            )),
          ]}
        />
      )}
    </>
  );
}

/** What one client does: what it sent, what it reads, what it was told. */
export function Client({ id }: { id: string }) {
  const frame = useView('client', { name: id });
  if (frame === null) return <Wait />;
  const { connections, software, topics, groups, produced, isTraffic } = frame;
  return (
    <>
      <Facts
        facts={[
          ['Connections', number(connections)],
          ['Software', software === '' ? '–' : software],
        ]}
      />
      <h2>What it sent</h2>
      {isTraffic ? (
        <>
          <Table
            caption="Topics that it has written to"
            rows={topics.map((topic) => ({ topic }))}
            keyOf={({ topic }) => topic}
            columns={[{ title: 'Topic', show: ({ topic }) => <a href={linkTo(['topics', topic])}>{topic}</a> }]}
          />
          <Table
            caption="Its newest Produce requests"
            rows={produced}
            keyOf={(row) => String(row.number)}
            columns={[
              { title: 'When (UTC)', show: ({ atMs }) => time(atMs) },
              {
                title: 'Request',
                show: (row) => <a href={linkTo(['traffic', String(row.number)])}>{row.number}</a>,
              },
              { title: 'To', show: ({ about }) => about },
              { title: 'Answer', show: ({ outcome, errors, faults }) => [outcome, ...errors, ...faults].join(', ') },
            ]}
          />
        </>
      ) : (
        <p class="faint">
          This broker does not record requests. <a href="#/topics?sort=rate">Topics</a> tell which producers wrote to
          them.
        </p>
      )}
      <h2>What it reads</h2>
      <Table
        caption="Groups that it is a member of"
        rows={groups.map((group) => ({ group }))}
        keyOf={({ group }) => group}
        columns={[{ title: 'Group', show: ({ group }) => <a href={linkTo(['groups', group])}>{group}</a> }]}
      />
      {isTraffic ? (
        <p>
          <a href={linkTo(['traffic'], { filter: `client=${JSON.stringify(id)}` })}>All its requests</a>
        </p>
      ) : null}
    </>
  );
}

export function Transactions() {
  const frame = useView('transactions');
  if (frame === null) return <Wait />;
  return (
    <Table
      caption={pageWords('transactional ids, those that hold something back first', 0, frame.rows.length, frame.found)}
      rows={frame.rows}
      keyOf={({ transactionalId }) => transactionalId}
      columns={[
        { title: 'Transactional id', show: ({ transactionalId }) => transactionalId },
        { title: 'State', show: ({ state }) => state },
        {
          title: 'Open for',
          isNumber: true,
          show: ({ sinceMs, timeoutMs }) =>
            sinceMs === null ? '' : `${span(frame.nowMs - sinceMs)}, at most ${span(timeoutMs)}`,
        },
        { title: 'Producer', isNumber: true, show: ({ producerId }) => producerId },
        { title: 'Epoch', isNumber: true, show: ({ producerEpoch }) => producerEpoch },
        { title: 'Holds back', show: ({ holdsBack }) => holdsBack.join(' ') },
        ...offered('Abort', ({ transactionalId, state }: TransactionsFrame['rows'][number]) =>
          state === 'Ongoing' ? <AbortTransaction transactionalId={transactionalId} /> : null,
        ),
      ]}
    />
  );
}

export function Storage() {
  const frame = useView('storage');
  if (frame === null) return <Wait />;
  return (
    <>
      <Table
        caption="Log directories"
        rows={frame.directories}
        keyOf={({ path }) => path}
        columns={[
          { title: 'Directory', show: ({ path }) => path },
          { title: 'State', show: ({ isOffline }) => (isOffline ? <strong class="bad">offline</strong> : 'online') },
          { title: 'Partitions', isNumber: true, show: ({ partitions }) => number(partitions) },
          { title: 'Size', isNumber: true, show: (row) => bytes(row.bytes) },
        ]}
      />
      <Table
        caption="The largest partitions"
        rows={frame.largest}
        keyOf={({ topic, partition }) => `${topic}/${partition}`}
        columns={[
          {
            title: 'Partition',
            show: ({ topic, partition }) => (
              <a href={linkTo(['topics', topic])}>
                {topic}[{partition}]
              </a>
            ),
          },
          { title: 'Segments', isNumber: true, show: ({ segments }) => number(segments) },
          { title: 'Size', isNumber: true, show: (row) => bytes(row.bytes) },
          { title: 'Leader', isNumber: true, show: ({ leader }) => (leader < 0 ? 'none' : leader) },
          { title: 'Kept', show: keptWords },
          { title: 'Deleted or compacted last (UTC)', show: lastWords },
          { title: 'Next', show: (row) => nextWords(row, frame.nowMs) },
        ]}
      />
      <p class="faint">What is too old or too much is looked for every {span(frame.checkedEveryMs)}.</p>
    </>
  );
}

type StoredPartition = StorageFrame['largest'][number];

function lastWords({ compactedMs, shortenedMs }: StoredPartition): string {
  return listed([
    shortenedMs === null ? '' : `deleted ${time(shortenedMs)}`,
    compactedMs === null ? '' : `compacted ${time(compactedMs)}`,
  ]);
}

/** What retention and compaction do next. */
function nextWords(
  { oldAtMs, retentionBytes, bytes: size, isCompacted, compactedFrom }: StoredPartition,
  nowMs: number,
) {
  return listed([
    oldAtMs === null ? '' : oldAtMs <= nowMs ? 'its oldest segment is too old' : `deletes in ${span(oldAtMs - nowMs)}`,
    retentionBytes < 0
      ? ''
      : size > retentionBytes
        ? 'it is too large'
        : `deletes ${bytes(retentionBytes - size)} later`,
    isCompacted ? `compacts when ${Math.round(compactedFrom * 100)} % are new` : '',
  ]);
}

/** 'for 7 d, compacted' */
function keptWords({ isCompacted, retentionMs, retentionBytes }: StoredPartition): string {
  const limits = listed([
    retentionMs < 0 ? '' : `for ${span(retentionMs)}`,
    retentionBytes < 0 ? '' : `up to ${bytes(retentionBytes)}`,
    isCompacted ? 'compacted' : '',
  ]);
  return limits === '' ? 'without end' : limits;
}

/** Those that say anything. */
function listed(words: readonly string[]): string {
  return words.filter((each) => each !== '').join(', ');
}

const SETTINGS = 'settings, those that somebody has made first';

export function Settings() {
  const { query } = route.value;
  const asked = { filter: query.get('filter') ?? '', from: query.get('from') ?? '' };
  const frame = useView('settings', asked);
  const set = (change: Record<string, string>): void => setQuery({ ...asked, from: '', ...change });
  const caption =
    frame === null ? '' : pageWords(SETTINGS, Number(asked.from), frame.rows.length, frame.found, frame.all);
  return (
    <>
      <ChangeSetting />
      <form onSubmit={(event) => event.preventDefault()}>
        <Filter label="That contain" value={asked.filter} set={(filter) => set({ filter })} found={caption} />
      </form>
      {frame === null ? (
        <Wait />
      ) : (
        <>
          <Table
            caption={caption}
            rows={frame.rows}
            keyOf={({ key, source }) => `${key} ${source}`}
            columns={[
              { title: 'Setting', show: ({ key }) => key },
              {
                title: 'Value',
                show: ({ value, source }) => (source === 'by default' ? value : <strong>{value}</strong>),
              },
              { title: 'Default', show: ({ usual }) => usual },
              { title: 'Where it was made', show: ({ source }) => source },
            ]}
          />
          <Pager
            from={Number(asked.from)}
            shown={frame.rows.length}
            found={frame.found}
            show={(from) => set({ from })}
          />
        </>
      )}
    </>
  );
}

const KINDS = [
  ['', 'all'],
  ['topic', 'topics'],
  ['setting', 'settings'],
  ['group', 'groups and members'],
  ['leader', 'leaders and replicas'],
  ['broker', 'brokers'],
  ['transaction', 'transactions'],
  ['disk', 'disks'],
  ['error', 'errors told to clients'],
] as const;

export function JournalView() {
  const { query } = route.value;
  const asked = { kind: query.get('kind') ?? '', filter: query.get('filter') ?? '', from: query.get('from') ?? '' };
  const frame = useView('journal', asked);
  const set = (change: Record<string, string>): void => setQuery({ ...asked, from: '', ...change });
  const caption =
    frame === null
      ? ''
      : pageWords('entries, the newest first', Number(asked.from), frame.entries.length, frame.found, frame.all);
  return (
    <>
      <form onSubmit={(event) => event.preventDefault()}>
        <Choice label="About" value={asked.kind} choices={KINDS} set={(kind) => set({ kind })} />
        <Filter label="That contains" value={asked.filter} set={(filter) => set({ filter })} found={caption} />
      </form>
      {frame === null ? (
        <Wait />
      ) : (
        <>
          <Entries caption={caption} entries={frame.entries} />
          <Pager
            from={Number(asked.from)}
            shown={frame.entries.length}
            found={frame.found}
            show={(from) => set({ from })}
          />
        </>
      )}
    </>
  );
}

export function Entries({ caption, entries }: { caption: string; entries: readonly JournalEntry[] }) {
  return (
    <Table
      caption={caption}
      rows={entries}
      keyOf={({ id }) => id}
      columns={[
        { title: 'When (UTC)', show: ({ atMs }) => time(atMs) },
        {
          title: 'What',
          show: ({ text, link, level, times }) => (
            <>
              {level === 'info' ? null : <strong class={level === 'error' ? 'bad' : 'warn'}>{level} </strong>}
              <a href={link}>{text}</a>
              {times === 1 ? '' : `, ${number(times)} times`}
            </>
          ),
        },
      ]}
    />
  );
}
