import { describe, expect, it } from 'vitest';
import { allBatches, compact, keyed, shown } from './fixture.ts';
import { append, fixture } from '../log-fixture.ts';
import { marker } from '../transaction-fixture.ts';

const config = { cleanupCompact: true, cleanupDelete: false, segmentBytes: 100, deleteRetentionMs: 1000 };
const transactional = { isTransactional: true, producerId: 5, producerEpoch: 0 };

function log() {
  const made = fixture(config);
  return { ...made, log: made.open() };
}

describe('compaction of transactions', () => {
  it('removes records taken back at once, and their marker when delete.retention.ms are over', async () => {
    const { log: made, stage } = log();
    append(made, keyed({ a: 'before' }));
    append(made, keyed({ a: 'taken back' }, { ...transactional, baseSequence: 0 }));
    append(made, marker('ABORT', 5));
    append(made, keyed({ b: 'after' }, { ...transactional, baseSequence: 1 }));
    append(made, marker('COMMIT', 5));
    append(made, keyed({ active: 'x' }));
    stage.flush();
    expect(made.abortedTransactions(0, 9)).toEqual([
      { producerId: 5, firstOffset: 1, lastOffset: 2, lastStableOffset: 3 },
    ]);
    await compact(made, { nowMs: 10_000 });
    // The marker stays: batches of its transaction were there in this pass.
    expect(shown(made)).toEqual(['0 a=before', '2 ABORT', '3 b=after', '4 COMMIT', '5 active=x']);
    expect(made.abortedTransactions(0, 9)).toHaveLength(1);
    await compact(made, { nowMs: 11_000 });
    expect(shown(made)).toContain('2 ABORT');
    expect(allBatches(made)[1].deleteHorizonMs).toBe(12_000);
    expect(made.abortedTransactions(0, 9)).toEqual([]);
    await compact(made, { nowMs: 12_000 });
    expect(shown(made)).toEqual(['0 a=before', '3 b=after', '4 COMMIT', '5 active=x']);
  });

  it('removes a COMMIT when its records are superseded and delete.retention.ms over', async () => {
    const { log: made, stage } = log();
    append(made, keyed({ a: '1' }, { ...transactional, baseSequence: 0 }));
    append(made, marker('COMMIT', 5));
    append(made, keyed({ a: '2' }));
    append(made, keyed({ b: '3' }, { ...transactional, baseSequence: 1 }));
    append(made, marker('COMMIT', 5));
    append(made, keyed({ active: 'x' }));
    stage.flush();
    for (const nowMs of [10_000, 11_000, 12_000]) await compact(made, { nowMs });
    expect(shown(made)).toEqual(['2 a=2', '3 b=3', '4 COMMIT', '5 active=x']);
  });

  it('leaves everything from the first undecided transaction on', async () => {
    const { log: made, stage } = log();
    for (let i = 0; i < 3; i++) append(made, keyed({ a: String(i) }));
    append(made, keyed({ a: 'undecided' }, { ...transactional, baseSequence: 0 }));
    for (let i = 4; i < 7; i++) append(made, keyed({ a: String(i) }));
    stage.flush();
    await compact(made);
    expect(shown(made)).toEqual(['2 a=2', '3 a=undecided', '4 a=4', '5 a=5', '6 a=6']);
  });

  it('keeps a marker whose producer may come back, emptied, as long as the producer is known', async () => {
    const { log: made, stage } = log();
    append(made, keyed({ a: 'taken back' }, { ...transactional, baseSequence: 0 }));
    append(made, marker('ABORT', 5, { epoch: 1 })); // the coordinator fences the producer with a new epoch
    append(made, keyed({ active: 'x' }));
    stage.flush();
    for (const nowMs of [10_000, 11_000, 12_000]) await compact(made, { nowMs });
    expect(shown(made)).toEqual(['1 -', '2 active=x']);
    expect(allBatches(made)[0]).toMatchObject({ producerId: 5, producerEpoch: 1, isControl: true });
    made.producers.removeExpired(1e15, 1);
    await compact(made, { nowMs: 13_000 });
    expect(shown(made)).toEqual(['1 -', '2 active=x']); // it is the end of what was cleaned, too
  });
});
