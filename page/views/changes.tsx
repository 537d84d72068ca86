/** The changes that each view offers, with what has to be said for them. */
import type { ComponentChildren } from 'preact';
import type { RecordRow } from '../../src/page/frames.ts';
import { asCommand, asJson, asTestCode } from '../copies.ts';
import { Action, change, pairs, tell, whole, type ChangeAnswer, type Values } from '../change.tsx';
import { Table, type Column } from '../parts.tsx';
import { report } from '../report.ts';
import { offers } from '../session.ts';
import { number } from '../words.ts';

/** The column of a change; none where the page does not offer any. */
export function offered<Row>(title: string, show: (row: Row) => ComponentChildren): readonly Column<Row>[] {
  return offers('write') ? [{ title, show }] : [];
}

const SETTINGS = {
  name: 'configs',
  label: 'Settings, key=value, one a line',
  kind: 'lines',
  isOptional: true,
} as const;

export function CreateTopic() {
  return (
    <p>
      <Action
        label="Create a topic"
        name="create-topic"
        fields={[
          { name: 'name', label: 'Name' },
          {
            name: 'partitions',
            label: 'Partitions (as the broker is set, unless given)',
            kind: 'number',
            isOptional: true,
          },
          {
            name: 'replicas',
            label: 'Replicas (as the broker is set, unless given)',
            kind: 'number',
            isOptional: true,
          },
          SETTINGS,
        ]}
        said={({ name, partitions, replicas, configs }) => ({
          name,
          ...(partitions === '' ? {} : { partitions: whole(partitions, 'Partitions') }),
          ...(replicas === '' ? {} : { replicationFactor: whole(replicas, 'Replicas') }),
          configs: pairs(configs),
        })}
      />
    </p>
  );
}

export function TopicChanges({ topic, partitions }: { topic: string; partitions: number }) {
  return (
    <p>
      <Action
        label="Produce a message"
        name="produce"
        fields={[
          { name: 'key', label: 'Key (none for null)', isOptional: true },
          { name: 'value', label: 'Value', kind: 'lines' },
          { name: 'headers', label: 'Headers, key=value, one a line', kind: 'lines', isOptional: true },
          { name: 'partition', label: 'Partition (by the key, unless given)', kind: 'number', isOptional: true },
          { name: 'as', label: 'The value is', options: ['text', 'bytes in hexadecimal', 'null (a tombstone)'] },
        ]}
        said={(values) => messageOf(topic, values)}
      />{' '}
      <Action
        label="Alter"
        about={topic}
        name="alter-topic"
        fields={[
          { name: 'partitions', label: 'Partitions', kind: 'number', value: String(partitions) },
          { ...SETTINGS, label: 'Settings, key=value, one a line; key= takes one back' },
        ]}
        said={(values) => {
          const configs = Object.entries(pairs(values.configs)).map(([key, value]) => [
            key,
            value === '' ? null : value,
          ]);
          const count = whole(values.partitions, 'Partitions');
          return {
            name: topic,
            configs: Object.fromEntries(configs) as object,
            ...(count === partitions ? {} : { partitions: count }),
          };
        }}
      />{' '}
      <Action
        label="Empty"
        about={topic}
        name="empty-topic"
        warning="All its messages are deleted. This cannot be taken back."
        said={() => ({ name: topic })}
      />{' '}
      <Action
        label="Delete"
        about={topic}
        name="delete-topic"
        warning="The topic and all its messages are deleted. This cannot be taken back."
        said={() => ({ name: topic })}
      />
    </p>
  );
}

function messageOf(topic: string, { key, value, headers, partition, as }: Values): object {
  const content = as === 'text' ? { text: value } : as.startsWith('bytes') ? { hex: value.replace(/\s/g, '') } : null;
  return {
    topic,
    key: key === '' ? null : { text: key },
    value: content,
    headers: Object.entries(pairs(headers)).map(([name, text]) => ({ key: name, value: { text } })),
    ...(partition === '' ? {} : { partition: whole(partition, 'Partition') }),
  };
}

export function GroupChanges({ group }: { group: string }) {
  return (
    <p>
      <Action
        label="Reset offsets"
        about={group}
        name="reset-offsets"
        fields={[
          { name: 'topic', label: 'Topic (all that it has committed, unless given)', isOptional: true },
          { name: 'partition', label: 'Partition (all, unless given)', kind: 'number', isOptional: true },
          { name: 'to', label: 'To', options: ['the earliest', 'the latest', 'an offset', 'a time'] },
          { name: 'value', label: 'The offset, or the time (2026-01-31T10:00:00Z)', isOptional: true },
        ]}
        said={(values) => resetOf(group, values)}
        preview={(answer) => <Moved answer={answer as ChangeAnswer & Moves} />}
      />{' '}
      <Action
        label="Delete"
        about={group}
        name="delete-group"
        warning="The group forgets how far it has read. This cannot be taken back."
        said={() => ({ group })}
      />
    </p>
  );
}

function resetOf(group: string, { topic, partition, to, value }: Values): object {
  return {
    group,
    ...(topic === '' ? {} : { topic }),
    ...(partition === '' ? {} : { partition: whole(partition, 'Partition') }),
    to: aimOf(to, value),
  };
}

function aimOf(to: string, value: string): unknown {
  if (to === 'the earliest') return 'earliest';
  if (to === 'the latest') return 'latest';
  if (to === 'an offset') return { offset: whole(value, 'The offset') };
  const time = Date.parse(value);
  if (Number.isNaN(time)) throw new Error(`'${value}' is no time: write 2026-01-31T10:00:00Z.`);
  return { time };
}

interface Moves {
  readonly moved: readonly { topic: string; partition: number; before: number | null; after: number }[];
}

function Moved({ answer: { done, moved } }: { answer: ChangeAnswer & Moves }) {
  return (
    <>
      <p>{done}</p>
      <Table
        caption="Offsets, before and after"
        rows={moved}
        keyOf={({ topic, partition }) => `${topic}/${partition}`}
        columns={[
          { title: 'Partition', show: ({ topic, partition }) => `${topic}[${partition}]` },
          { title: 'Before', isNumber: true, show: ({ before }) => (before === null ? '–' : number(before)) },
          { title: 'After', isNumber: true, show: ({ after }) => number(after) },
        ]}
      />
    </>
  );
}

export function RemoveMember({ group, memberId, clientId }: { group: string; memberId: string; clientId: string }) {
  return (
    <Action
      label="Remove"
      about={`${clientId} ${memberId}`}
      name="remove-member"
      warning="Its partitions go to the other members. It may join again."
      said={() => ({ group, memberId })}
    />
  );
}

export function Disconnect({ clientId, host }: { clientId: string; host: string }) {
  return (
    <Action
      label="Disconnect"
      about={`${clientId} from ${host}`}
      name="disconnect"
      warning="Its connections end. It may connect again."
      said={() => ({ clientId, host })}
    />
  );
}

export function AbortTransaction({ transactionalId }: { transactionalId: string }) {
  return (
    <Action
      label="Abort"
      about={transactionalId}
      name="abort-transaction"
      warning="What it has written is aborted, and its producer is fenced. This cannot be taken back."
      said={() => ({ transactionalId })}
    />
  );
}

export function ChangeSetting() {
  return (
    <p>
      <Action
        label="Change a setting"
        name="change-setting"
        fields={[
          { name: 'of', label: 'Of', options: ['brokers', 'broker', 'topic'] },
          { name: 'name', label: 'The topic, or the node id of the broker', isOptional: true },
          { name: 'key', label: 'Setting' },
          { name: 'value', label: 'Value (empty takes it back)', isOptional: true },
        ]}
        said={({ of, name, key, value }) => ({ of, name, key, value: value === '' ? null : value })}
      />
    </p>
  );
}

export function TestChanges() {
  if (!offers('test')) return null;
  return (
    <p>
      <Action
        label="Add a fault"
        name="add-fault"
        access="test"
        fields={[
          {
            name: 'spec',
            label: 'The fault, in JSON',
            kind: 'lines',
            value: '{ "on": "Produce", "topic": "orders", "reply": "NOT_LEADER_OR_FOLLOWER", "times": 2 }',
          },
        ]}
        said={({ spec }) => JSON.parse(spec) as object}
      />{' '}
      <Action
        label="Advance the clock"
        name="advance-clock"
        access="test"
        fields={[{ name: 'duration', label: 'By (500ms, 30s, 5m, 2h)' }]}
        said={({ duration }) => ({ duration })}
      />{' '}
      <Action
        label="Reset the broker"
        name="reset"
        access="test"
        warning="All topics, groups and faults go; what the broker was started with is there again."
        said={() => ({})}
      />{' '}
      <a href="snapshot" download="ottla.snapshot">
        Save a snapshot
      </a>
    </p>
  );
}

export function RemoveFault({ id, description }: { id: number; description: string }) {
  return <Action label="Remove" about={description} name="remove-fault" access="test" said={() => ({ id })} />;
}

/** What can be done with one message. */
export function MessageChanges({ topic, row }: { topic: string; row: RecordRow }) {
  const { partition, offset, state } = row;
  const place = new URLSearchParams({ topic, partition: String(partition), offset: String(offset) }).toString();
  const again = async (): Promise<void> => {
    const answer = await change('produce-again', { topic, partition, offset });
    tell('detail' in answer ? answer.detail : answer.done);
  };
  return (
    <p>
      {COPIES.map(([label, textOf]) => (
        <>
          <button
            key={label}
            type="button"
            onClick={() => void wholeOf(row, place).then((whole) => copy(textOf(topic, whole)))}
          >
            {label}
          </button>{' '}
        </>
      ))}
      {report !== null || state === 'marker' || row.value === null ? null : (
        <a href={`message/value?${place}`} download={`${topic}-${partition}-${offset}.bin`}>
          Save the value
        </a>
      )}{' '}
      {offers('write') && state !== 'marker' ? (
        <button type="button" onClick={() => void again()}>
          Produce again
        </button>
      ) : null}
    </p>
  );
}

const COPIES: readonly (readonly [string, (topic: string, row: RecordRow) => string])[] = [
  ['Copy as JSON', (_topic, row) => asJson(row)],
  ['Copy as a command', asCommand],
  ['Copy as test code', asTestCode],
];

/** All of the message, where the list shows its beginning; a report has nothing else. */
async function wholeOf(row: RecordRow, place: string): Promise<RecordRow> {
  const isCut = [row.key, row.value, ...row.headers.map(({ value }) => value)].some(
    (content) => content?.isCut === true,
  );
  if (!isCut || report !== null) return row;
  const answer = await fetch(`message?${place}`);
  return answer.ok ? { ...row, ...((await answer.json()) as Partial<RecordRow>) } : row;
}

async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    tell('Copied.');
  } catch {
    tell(`The browser does not let this page copy. This is it: ${text}`);
  }
}
