/** Groups: all in a list, and one with its members, its partitions, and why it does not get what it waits for. */
import { useView } from '../live.ts';
import { Facts, Findings, lagWords, Table, Wait } from '../parts.tsx';
import { linkTo } from '../route.ts';
import { number } from '../words.ts';

export function Groups() {
  const frame = useView('groups');
  if (frame === null) return <Wait />;
  return (
    <Table
      caption="Groups"
      rows={frame.rows}
      keyOf={({ id }) => id}
      columns={[
        { title: 'Group', show: ({ id }) => <a href={linkTo(['groups', id])}>{id}</a> },
        { title: 'Type', show: ({ type }) => type },
        { title: 'State', show: ({ state }) => state },
        { title: 'Members', isNumber: true, show: ({ members }) => number(members) },
        { title: 'Lag', isNumber: true, show: ({ lag }) => lagWords(lag) },
        { title: 'Topics', show: ({ topics }) => topics.join(', ') },
      ]}
    />
  );
}

export function Group({ id }: { id: string }) {
  const frame = useView('group', { name: id });
  if (frame === null) return <Wait />;
  const { type, state, members, partitions, why } = frame;
  return (
    <>
      <Facts
        facts={[
          ['State', type === null ? 'there is none' : state],
          ['Type', type ?? '–'],
          ['Members', number(members.length)],
        ]}
      />
      <h2>Why?</h2>
      <Findings findings={why} />
      <h2>Partitions</h2>
      <Table
        caption="What it reads, and how far"
        rows={partitions}
        keyOf={({ topic, partition }) => `${topic}/${partition}`}
        columns={[
          {
            title: 'Partition',
            show: ({ topic, partition }) => (
              <a href={linkTo(['topics', topic], { partition: String(partition), unread: id })}>
                {topic}[{partition}]
              </a>
            ),
          },
          { title: 'Owner', show: ({ owner }) => owner ?? 'nobody' },
          {
            title: 'Committed',
            isNumber: true,
            show: ({ committed }) => (committed === null ? '–' : number(committed)),
          },
          { title: 'End', isNumber: true, show: ({ end }) => number(end) },
          { title: 'Unread', isNumber: true, show: ({ unread }) => lagWords(unread) },
        ]}
      />
      <h2>Members</h2>
      <Table
        caption="Members"
        rows={members}
        keyOf={({ memberId }) => memberId}
        columns={[
          { title: 'Client', show: ({ clientId }) => clientId },
          { title: 'Host', show: ({ host }) => host },
          { title: 'Member id', show: ({ memberId }) => memberId },
          { title: 'Owns', show: ({ assigned }) => assigned.join(' ') },
        ]}
      />
    </>
  );
}
