/** The smaller views: clients, transactions, storage, settings, journal. */
import { useView } from '../live.ts';
import { Table, Wait } from '../parts.tsx';
import { linkTo } from '../route.ts';
import { bytes, number, time } from '../words.ts';

export function Clients() {
  const frame = useView('clients');
  if (frame === null) return <Wait />;
  return (
    <Table
      caption="Clients that are connected"
      rows={frame.rows}
      keyOf={({ clientId, host, listener }) => `${clientId} ${host} ${listener}`}
      columns={[
        { title: 'Client id', show: ({ clientId }) => (clientId === '' ? <em>has said none yet</em> : clientId) },
        { title: 'From', show: ({ host }) => host },
        { title: 'Listener', show: ({ listener }) => listener },
        { title: 'Connections', isNumber: true, show: ({ connections }) => number(connections) },
      ]}
    />
  );
}

export function Transactions() {
  const frame = useView('transactions');
  if (frame === null) return <Wait />;
  return (
    <Table
      caption="Transactional ids, those that hold something back first"
      rows={frame.rows}
      keyOf={({ transactionalId }) => transactionalId}
      columns={[
        { title: 'Transactional id', show: ({ transactionalId }) => transactionalId },
        { title: 'State', show: ({ state }) => state },
        { title: 'Producer', isNumber: true, show: ({ producerId }) => producerId },
        { title: 'Holds back', show: ({ holdsBack }) => holdsBack.join(' ') },
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
        ]}
      />
    </>
  );
}

export function Settings() {
  const frame = useView('settings');
  if (frame === null) return <Wait />;
  return (
    <Table
      caption="Settings that somebody has made"
      rows={frame.rows}
      keyOf={({ key, source }) => `${key} ${source}`}
      columns={[
        { title: 'Setting', show: ({ key }) => key },
        { title: 'Value', show: ({ value }) => value },
        { title: 'Default', show: ({ usual }) => usual },
        { title: 'Where it was made', show: ({ source }) => source },
      ]}
    />
  );
}

export function JournalView() {
  const frame = useView('journal');
  if (frame === null) return <Wait />;
  return (
    <>
      <p class="faint">Since this page was first opened, {time(frame.sinceMs)} UTC.</p>
      <Table
        caption="What has happened, the newest first"
        rows={frame.entries}
        keyOf={(entry) => String(entry.number)}
        columns={[
          { title: 'When (UTC)', show: ({ atMs }) => time(atMs) },
          { title: 'What', show: ({ text, link }) => <a href={link}>{text}</a> },
        ]}
      />
    </>
  );
}
