/** Topics: all in a list, filtered and sorted by the broker; and one, with its partitions and readers. */
import type { Frames, TopicsFrame } from '../../src/page/frames.ts';
import { useView } from '../live.ts';
import { Choice, Facts, Filter, lagWords, Links, Pager, pageWords, Table, Wait } from '../parts.tsx';
import { linkTo, route, setQuery } from '../route.ts';
import { bytes, number, time } from '../words.ts';
import { CreateTopic, TopicChanges } from './changes.tsx';
import { Messages } from './messages.tsx';

const SORTS = [
  ['name', 'name'],
  ['records', 'records'],
  ['bytes', 'size'],
  ['rate', 'records a second'],
  ['partitions', 'partitions'],
] as const;

export function Topics() {
  const { query } = route.value;
  const asked = { filter: query.get('filter') ?? '', sort: query.get('sort') ?? 'name', from: query.get('from') ?? '' };
  const internal = query.get('internal') ?? '';
  const frame = useView('topics', { ...asked, ...(internal === '' ? {} : { internal }) });
  const set = (change: Record<string, string>): void => setQuery({ ...asked, internal, from: '', ...change });
  const found = frame === null ? '' : captionOf(frame, Number(asked.from));
  return (
    <>
      <CreateTopic />
      <form onSubmit={(event) => event.preventDefault()}>
        <Filter label="Names that contain" value={asked.filter} set={(filter) => set({ filter })} found={found} />
        <Choice label="Sorted by" value={asked.sort} choices={SORTS} set={(sort) => set({ sort })} />
        <label class="check">
          <input
            type="checkbox"
            checked={internal !== ''}
            onChange={({ currentTarget }) => set({ internal: currentTarget.checked ? '1' : '' })}
          />
          Kafka's own topics too
        </label>
      </form>
      {frame === null ? (
        <Wait />
      ) : (
        <TopicTable frame={frame} from={Number(asked.from)} show={(from) => set({ from })} />
      )}
    </>
  );
}

function captionOf({ found, all, rows }: TopicsFrame, from: number): string {
  return pageWords('topics', from, rows.length, found, all);
}

function TopicTable({ frame, from, show }: { frame: TopicsFrame; from: number; show: (from: string) => void }) {
  const { found, rows } = frame;
  return (
    <>
      <Table
        caption={captionOf(frame, from)}
        rows={rows}
        keyOf={({ name }) => name}
        columns={[
          { title: 'Topic', show: ({ name }) => <a href={linkTo(['topics', name])}>{name}</a> },
          { title: 'Partitions', isNumber: true, show: ({ partitions }) => number(partitions) },
          { title: 'Records', isNumber: true, show: ({ records }) => number(records) },
          { title: 'Size', isNumber: true, show: (row) => bytes(row.bytes) },
          { title: 'Records/s', isNumber: true, show: ({ recordsPerSecond }) => number(Math.round(recordsPerSecond)) },
          { title: 'Written by', show: ({ writtenBy }) => writtenBy.join(', ') },
          {
            title: 'Read by',
            show: ({ readBy }) => <Links to={readBy.map((group) => [group, linkTo(['groups', group])])} />,
          },
        ]}
      />
      <Pager from={from} shown={rows.length} found={found} show={show} />
    </>
  );
}

export function Topic({ name }: { name: string }) {
  const frame = useView('topic', { name });
  if (frame === null) return <Wait />;
  const { topic } = frame;
  if (topic === null) return <p class="bad">There is no topic '{name}'. It may have been deleted.</p>;
  return (
    <>
      <Facts
        facts={[
          ['Records', number(topic.records)],
          ['Size', bytes(topic.bytes)],
          ['Partitions', number(topic.partitionCount)],
          ['Id', topic.id],
        ]}
      />
      <TopicChanges topic={name} partitions={topic.partitions.length} />
      <Messages
        topic={name}
        partitions={topic.partitionCount}
        groups={topic.readBy.map(({ group }) => group)}
        end={topic.end}
      />
      <Neighbours name={name} topic={topic} />
      <Partitions name={name} topic={topic} />
    </>
  );
}

type ShownTopic = NonNullable<Frames['topic']['topic']>;

/** Who writes to it, and who reads it. */
function Neighbours({ name, topic }: { name: string; topic: ShownTopic }) {
  return (
    <>
      <h2>Who writes to it</h2>
      <Table
        caption="Clients that have written to it"
        rows={topic.writtenBy}
        keyOf={({ clientId, producerId }) => clientId ?? String(producerId)}
        columns={[
          {
            title: 'Client',
            show: ({ clientId, producerId }) =>
              clientId === null ? `producer ${producerId}` : <a href={linkTo(['clients', clientId])}>{clientId}</a>,
          },
          { title: 'Last (UTC)', show: ({ lastAtMs }) => (lastAtMs === null ? '' : time(lastAtMs)) },
        ]}
      />
      <h2>Who reads it</h2>
      <Table
        caption="Groups that have read it"
        rows={topic.readBy}
        keyOf={({ group }) => group}
        columns={[
          { title: 'Group', show: ({ group }) => <a href={linkTo(['groups', group])}>{group}</a> },
          { title: 'Lag', isNumber: true, show: ({ lag }) => lagWords(lag) },
          {
            title: 'Clients',
            show: ({ clients }) => <Links to={clients.map((client) => [client, linkTo(['clients', client])])} />,
          },
          {
            title: 'Unread',
            show: ({ group }) => <a href={linkTo(['topics', name], { unread: group })}>records unread by {group}</a>,
          },
        ]}
      />
    </>
  );
}

function Partitions({ name, topic }: { name: string; topic: ShownTopic }) {
  return (
    <>
      <h2>Partitions</h2>
      <Table
        caption={
          topic.partitions.length < topic.partitionCount
            ? `The first ${number(topic.partitions.length)} partitions of ${name}`
            : `Partitions of ${name}`
        }
        rows={topic.partitions}
        keyOf={({ partition }) => String(partition)}
        columns={[
          { title: 'Partition', isNumber: true, show: ({ partition }) => partition },
          { title: 'Leader', isNumber: true, show: ({ leader }) => (leader < 0 ? 'none' : leader) },
          { title: 'Replicas', show: ({ replicas }) => replicas.join(', ') },
          { title: 'In sync', show: ({ isr }) => isr.join(', ') },
          { title: 'First offset', isNumber: true, show: ({ start }) => number(start) },
          { title: 'End', isNumber: true, show: ({ end }) => number(end) },
          { title: 'Held back', isNumber: true, show: ({ end, stable }) => number(end - stable) },
          { title: 'Size', isNumber: true, show: (row) => bytes(row.bytes) },
          { title: 'Segments', isNumber: true, show: ({ segments }) => number(segments) },
        ]}
      />
      <h2>Settings of its own</h2>
      <Table
        caption="Settings"
        rows={topic.configs}
        keyOf={({ key }) => key}
        columns={[
          { title: 'Setting', show: ({ key }) => key },
          { title: 'Value', show: ({ value }) => value },
        ]}
      />
    </>
  );
}
