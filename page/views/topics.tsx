/** Topics: all in a list, filtered and sorted by the broker; and one, with its partitions and readers. */
import type { TopicsFrame } from '../../src/page/frames.ts';
import { useView } from '../live.ts';
import { Facts, lagWords, Table, Wait } from '../parts.tsx';
import { linkTo, route, setQuery } from '../route.ts';
import { bytes, number } from '../words.ts';
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
  return (
    <>
      <form onSubmit={(event) => event.preventDefault()}>
        <label>
          Names that contain
          <input
            type="search"
            value={asked.filter}
            onInput={({ currentTarget }) => set({ filter: currentTarget.value })}
          />
        </label>
        <label>
          Sorted by
          <select value={asked.sort} onChange={({ currentTarget }) => set({ sort: currentTarget.value })}>
            {SORTS.map(([value, words]) => (
              <option key={value} value={value}>
                {words}
              </option>
            ))}
          </select>
        </label>
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

function TopicTable({ frame, from, show }: { frame: TopicsFrame; from: number; show: (from: string) => void }) {
  const { found, all, rows } = frame;
  const last = from + rows.length;
  const which = found > rows.length ? `, ${from + 1} to ${last}` : '';
  return (
    <>
      <Table
        caption={`${number(found)} of ${number(all)} topics${which}`}
        rows={rows}
        keyOf={({ name }) => name}
        columns={[
          { title: 'Topic', show: ({ name }) => <a href={linkTo(['topics', name])}>{name}</a> },
          { title: 'Partitions', isNumber: true, show: ({ partitions }) => number(partitions) },
          { title: 'Records', isNumber: true, show: ({ records }) => number(records) },
          { title: 'Size', isNumber: true, show: (row) => bytes(row.bytes) },
          { title: 'Records/s', isNumber: true, show: ({ recordsPerSecond }) => number(Math.round(recordsPerSecond)) },
          {
            title: 'Read by',
            show: ({ readBy }) =>
              readBy.map((group, index) => (
                <span key={group}>
                  {index > 0 ? ', ' : ''}
                  <a href={linkTo(['groups', group])}>{group}</a>
                </span>
              )),
          },
        ]}
      />
      {from > 0 ? (
        <button type="button" onClick={() => show(String(Math.max(0, from - rows.length || 0)))}>
          Previous
        </button>
      ) : null}{' '}
      {last < found ? (
        <button type="button" onClick={() => show(String(last))}>
          Next
        </button>
      ) : null}
    </>
  );
}

export function Topic({ name }: { name: string }) {
  const frame = useView('topic', { name });
  if (frame === null) return <Wait />;
  const { topic } = frame;
  if (topic === null) return <p class="bad">There is no topic '{name}'. It may have been deleted.</p>;
  const records = topic.partitions.reduce((sum, { start, end }) => sum + end - start, 0);
  return (
    <>
      <Facts
        facts={[
          ['Records', number(records)],
          ['Size', bytes(topic.partitions.reduce((sum, partition) => sum + partition.bytes, 0))],
          ['Partitions', number(topic.partitions.length)],
          ['Id', topic.id],
        ]}
      />
      <Messages
        topic={name}
        partitions={topic.partitions.length}
        groups={topic.readBy.map(({ group }) => group)}
        end={topic.partitions.reduce((sum, { end }) => sum + end, 0)}
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
            title: 'Unread',
            show: ({ group }) => <a href={linkTo(['topics', name], { unread: group })}>records unread by {group}</a>,
          },
        ]}
      />
      <h2>Partitions</h2>
      <Table
        caption={`Partitions of ${name}`}
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
