/** What only the broker of a test can show: its requests, its faults, its clock, what the test waits for. */
import { useState } from 'preact/hooks';
import { useView } from '../live.ts';
import { Facts, Table, Wait } from '../parts.tsx';
import { route, setQuery } from '../route.ts';
import { number, time } from '../words.ts';

export function Traffic() {
  const { query } = route.value;
  const asked = { filter: query.get('filter') ?? '', failed: query.get('failed') ?? '' };
  const frame = useView('traffic', Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== '')));
  if (frame === null) return <Wait />;
  return (
    <>
      <form onSubmit={(event) => event.preventDefault()}>
        <label>
          API or client id contains
          <input
            type="search"
            value={asked.filter}
            onInput={({ currentTarget }) => setQuery({ ...asked, filter: currentTarget.value })}
          />
        </label>
        <label class="check">
          <input
            type="checkbox"
            checked={asked.failed !== ''}
            onChange={({ currentTarget }) => setQuery({ ...asked, failed: currentTarget.checked ? '1' : '' })}
          />
          Only errors and faults
        </label>
      </form>
      <Table
        caption={`The newest of ${number(frame.count)} requests`}
        rows={frame.rows}
        keyOf={(row) => String(row.number)}
        columns={[
          { title: 'Number', isNumber: true, show: (row) => row.number },
          { title: 'When (UTC)', show: ({ atMs }) => time(atMs) },
          { title: 'Client', show: ({ clientId }) => clientId },
          { title: 'API', show: ({ api }) => api },
          { title: 'About', show: ({ about }) => about },
          { title: 'Answer', show: ({ outcome, errors, faults }) => [outcome, ...errors, ...faults].join(', ') },
          {
            title: 'Took (ms)',
            isNumber: true,
            show: ({ durationMs }) => (durationMs === null ? '' : number(Math.round(durationMs))),
          },
        ]}
      />
    </>
  );
}

export function Test() {
  const frame = useView('test');
  const [failure, setFailure] = useState('');
  if (frame === null) return <Wait />;
  const goOn = async (): Promise<void> => {
    const answer = await fetch('continue', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    setFailure(answer.ok ? '' : `The test does not go on: ${await answer.text()}`);
  };
  return (
    <>
      <Facts
        facts={[
          ['Clock (UTC)', time(frame.clockMs)],
          ['Time passes', frame.clockIsVirtual ? 'when the test advances it' : 'by itself'],
        ]}
      />
      {frame.isPaused ? (
        <p class="notice">
          The test waits for you.{' '}
          <button type="button" onClick={() => void goOn()}>
            Go on
          </button>
        </p>
      ) : null}
      {failure === '' ? null : (
        <p class="bad" role="alert">
          {failure}
        </p>
      )}
      <Table
        caption="Faults in force"
        rows={frame.faults}
        keyOf={({ description }) => description}
        columns={[
          { title: 'Fault', show: ({ description }) => description },
          { title: 'Struck', isNumber: true, show: ({ fired }) => number(fired) },
        ]}
      />
      <Table
        caption="What the test waits for"
        rows={frame.waiting.map((what) => ({ what }))}
        keyOf={({ what }) => what}
        columns={[{ title: 'What', show: ({ what }) => what }]}
      />
    </>
  );
}
