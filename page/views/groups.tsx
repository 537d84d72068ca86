/** Groups: all in a list, and one with its members, its partitions, why it gets nothing, and how it was rebalanced. */
import { span } from '../../src/insight/words.ts';
import type { GroupFrame } from '../../src/page/frames.ts';
import { useView } from '../live.ts';
import {
  ageWords,
  Choice,
  Facts,
  Filter,
  Findings,
  lagWords,
  Links,
  Pager,
  pageWords,
  Table,
  Wait,
} from '../parts.tsx';
import { linkTo, route, setQuery } from '../route.ts';
import { number, time } from '../words.ts';
import { GroupChanges, offered, RemoveMember } from './changes.tsx';

type Member = GroupFrame['members'][number];

const SORTS = [
  ['name', 'name'],
  ['lag', 'records left to read'],
  ['members', 'members'],
] as const;

export function Groups() {
  const { query } = route.value;
  const asked = { filter: query.get('filter') ?? '', sort: query.get('sort') ?? 'name', from: query.get('from') ?? '' };
  const frame = useView('groups', asked);
  const set = (change: Record<string, string>): void => setQuery({ ...asked, from: '', ...change });
  const caption =
    frame === null ? '' : pageWords('groups', Number(asked.from), frame.rows.length, frame.found, frame.all);
  return (
    <>
      <form onSubmit={(event) => event.preventDefault()}>
        <Filter label="Names that contain" value={asked.filter} set={(filter) => set({ filter })} found={caption} />
        <Choice label="Sorted by" value={asked.sort} choices={SORTS} set={(sort) => set({ sort })} />
      </form>
      {frame === null ? (
        <Wait />
      ) : (
        <>
          <Table
            caption={caption}
            rows={frame.rows}
            keyOf={({ id }) => id}
            columns={[
              { title: 'Group', show: ({ id }) => <a href={linkTo(['groups', id])}>{id}</a> },
              { title: 'Type', show: ({ type }) => type },
              { title: 'State', show: ({ state, type }) => (type === '' ? 'there is none' : state) },
              { title: 'Members', isNumber: true, show: ({ members }) => number(members) },
              { title: 'Lag', isNumber: true, show: ({ lag }) => lagWords(lag) },
              { title: 'Oldest unread', isNumber: true, show: ({ ageMs }) => ageWords(ageMs) },
              {
                title: 'Topics',
                show: ({ topics }) => <Links to={topics.map((topic) => [topic, linkTo(['topics', topic])])} />,
              },
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

export function Group({ id }: { id: string }) {
  const frame = useView('group', { name: id });
  if (frame === null) return <Wait />;
  const { type, state, members, partitions, why } = frame;
  const unread = partitions.reduce((sum, { unread: left }) => sum + (left ?? 0), 0);
  const oldest = partitions.reduce((most, { ageMs }) => Math.max(most, ageMs ?? -1), -1);
  return (
    <>
      <Facts
        facts={[
          ['State', type === null ? 'there is none' : state],
          ['Type', type ?? '–'],
          ['Members', number(frame.memberCount)],
          ['Unread', number(unread)],
          ['Oldest unread', ageWords(oldest < 0 ? null : oldest)],
        ]}
      />
      {type === null ? null : <GroupChanges group={id} />}
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
          { title: 'Owner', show: ({ owner }) => owner ?? 'no member' },
          {
            title: 'Committed',
            isNumber: true,
            show: ({ committed }) => (committed === null ? '–' : number(committed)),
          },
          { title: 'End', isNumber: true, show: ({ end }) => number(end) },
          { title: 'Unread', isNumber: true, show: ({ unread: left }) => lagWords(left) },
          { title: 'Oldest unread', isNumber: true, show: ({ ageMs }) => ageWords(ageMs) },
          { title: 'Leader', isNumber: true, show: ({ leader }) => (leader < 0 ? 'none' : leader) },
        ]}
      />
      <h2>Members</h2>
      <Table
        caption={pageWords('members', 0, members.length, frame.memberCount)}
        rows={members}
        keyOf={({ memberId }) => memberId}
        columns={[
          { title: 'Client', show: ({ clientId }) => <a href={linkTo(['clients', clientId])}>{clientId}</a> },
          { title: 'Host', show: ({ host }) => host },
          { title: 'Member id', show: ({ memberId }) => memberId },
          {
            title: 'Owns',
            show: ({ assigned, assignedCount }) =>
              `${assigned.join(' ')}${assignedCount > assigned.length ? ` and ${assignedCount - assigned.length} more` : ''}`,
          },
          ...offered('Remove', ({ memberId, clientId }: Member) => (
            <RemoveMember group={id} memberId={memberId} clientId={clientId} />
          )),
        ]}
      />
      <h2>Rebalances</h2>
      <Rebalances frame={frame} />
    </>
  );
}

type Story = GroupFrame['rebalances'][number];

/** What each phase asks of those whom it waits for. */
const PHASES: Readonly<Record<Story['phases'][number]['phase'], string>> = {
  gathering: 'waits for more members',
  joining: 'members join again',
  assigning: 'partitions are assigned',
  revoking: 'members give partitions up',
  reconciling: 'members learn what they own',
  unknown: 'goes on',
};

function Rebalances({ frame: { rebalances, nowMs } }: { frame: GroupFrame }) {
  if (rebalances.length === 0) return <p class="faint">None since the broker has started.</p>;
  const longest = rebalances.reduce((most, { startMs, endMs }) => Math.max(most, (endMs ?? nowMs) - startMs), 1);
  return (
    <ol class="stories">
      {rebalances.map((story) => (
        <li key={story.startMs}>
          <p>
            <strong>{time(story.startMs)}</strong> {outcomeWords(story, nowMs)}: {story.reason}
          </p>
          <Bar story={story} nowMs={nowMs} longest={longest} />
          <ul>
            {story.phases.map(({ phase, fromMs, toMs, waitedFor }) => (
              <li key={`${phase} ${fromMs}`}>
                <span class={`phase phase-${phase}`} aria-hidden="true" /> {PHASES[phase]},{' '}
                {span((toMs ?? nowMs) - fromMs)}
                {waitedFor.length === 0 ? '' : `, ${toMs === null ? 'waits' : 'waited'} for ${waitedFor.join(', ')}`}
              </li>
            ))}
            {story.left.map(({ clientId, reason }) => (
              <li key={`${clientId} ${reason}`}>
                {clientId} went: {reason}
              </li>
            ))}
            {story.untilMs === null ? null : <li>goes on without waiting in {span(story.untilMs - nowMs)}</li>}
          </ul>
        </li>
      ))}
    </ol>
  );
}

function outcomeWords({ startMs, endMs, outcome, generation }: Story, nowMs: number): string {
  const took = span((endMs ?? nowMs) - startMs);
  switch (outcome) {
    case 'stable':
      return `stable after ${took}${generation === null ? '' : `, generation ${generation}`}`;
    case 'empty':
      return `without members after ${took}`;
    case 'again':
      return `began again after ${took}`;
    default:
      return `under way for ${took}`;
  }
}

/** As long as it took beside the others; the list below it says the same. */
function Bar({ story: { startMs, phases }, nowMs, longest }: { story: Story; nowMs: number; longest: number }) {
  const x = (ms: number): number => (1000 * (ms - startMs)) / longest;
  return (
    <svg class="bar" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true">
      {phases.map(({ phase, fromMs, toMs }) => (
        <rect
          key={`${phase} ${fromMs}`}
          class={`phase-${phase}`}
          x={x(fromMs)}
          width={Math.max(3, x(toMs ?? nowMs) - x(fromMs))}
          height="10"
        />
      ))}
    </svg>
  );
}
