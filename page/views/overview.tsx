/** The first view: what wants eyes, rates, who is behind, what has just happened. */
import { useView } from '../live.ts';
import { ageWords, Facts, Rate, Table, Wait } from '../parts.tsx';
import { report } from '../report.ts';
import { linkTo } from '../route.ts';
import { bytes, number } from '../words.ts';
import { Entries } from './others.tsx';

/** What people come with; the answer is behind the link, or behind one in the list there. */
const QUESTIONS = [
  ['Why does my consumer get nothing?', '#/groups'],
  ['What did my service send?', '#/clients'],
  ['Who is behind?', '#/groups?sort=lag'],
  ['What changed?', '#/journal'],
  ['What blocks?', '#/transactions'],
] as const;

export function Overview() {
  const frame = useView('overview');
  if (frame === null) return <Wait />;
  const { cluster, attention, totals, rates, behind, recent } = frame;
  return (
    <>
      <Facts
        facts={[
          ['Address for clients', cluster.bootstrap],
          ['Broker', cluster.brokers > 1 ? `${cluster.nodeId} of ${cluster.brokers}` : String(cluster.nodeId)],
          ['Topics', number(totals.topics)],
          ['Partitions', number(totals.partitions)],
          ['Groups', number(totals.groups)],
          ['Connections', number(totals.connections)],
          ['Kept', bytes(totals.bytes)],
        ]}
      />
      <h2>Questions</h2>
      <ul>
        {QUESTIONS.map(([question, link]) => (
          <li key={link}>
            <a href={link}>{question}</a>
          </li>
        ))}
      </ul>
      <h2>What wants your eyes</h2>
      {attention.length === 0 ? (
        <p class="good">Nothing.</p>
      ) : (
        <ul>
          {attention.map(({ sentence, link }) => (
            <li key={sentence}>
              <a href={link}>{sentence}</a>
            </li>
          ))}
        </ul>
      )}
      {report === null ? (
        <p>
          <a href="report" download="ottla-report.html">
            Save all of this as a file
          </a>
        </p>
      ) : null}
      <h2>What is written</h2>
      <Rate name="Records" values={rates.records} show={number} />
      <Rate name="Bytes" values={rates.bytes} show={bytes} />
      <h2>Who is behind</h2>
      <Table
        caption="Groups with records to read"
        rows={behind}
        keyOf={({ group }) => group}
        columns={[
          { title: 'Group', show: ({ group }) => <a href={linkTo(['groups', group])}>{group}</a> },
          { title: 'Lag', isNumber: true, show: ({ lag }) => number(lag) },
          { title: 'Oldest unread', isNumber: true, show: ({ ageMs }) => ageWords(ageMs) },
        ]}
      />
      <h2>What just happened</h2>
      <Entries caption="The newest entries of the journal" entries={recent} />
    </>
  );
}
