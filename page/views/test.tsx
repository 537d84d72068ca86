/** What only the broker of a test can show: its faults, its clock, what the test waits for. */
import { useState } from 'preact/hooks';
import { span } from '../../src/insight/words.ts';
import type { TestFrame } from '../../src/page/frames.ts';
import { useView } from '../live.ts';
import { Facts, Table, Wait } from '../parts.tsx';
import { number, time } from '../words.ts';
import { offered, RemoveFault, TestChanges } from './changes.tsx';

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
      <TestChanges />
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
        keyOf={({ id }) => String(id)}
        columns={[
          { title: 'Fault', show: ({ description }) => description },
          { title: 'Struck', isNumber: true, show: ({ fired }) => number(fired) },
          ...offered('Remove', ({ id, description }: TestFrame['faults'][number]) =>
            id === null ? null : <RemoveFault id={id} description={description} />,
          ),
        ]}
      />
      <Table
        caption="What the test waits for"
        rows={frame.waiting}
        keyOf={({ what, at }) => `${what} ${at}`}
        columns={[
          { title: 'What', show: ({ what }) => what },
          { title: 'Since', isNumber: true, show: ({ forMs, timeoutMs }) => `${span(forMs)} of ${span(timeoutMs)}` },
          { title: 'Seen so far', show: ({ seen }) => seen },
          { title: 'Where', show: ({ at }) => at },
        ]}
      />
    </>
  );
}
