/**
 * Plays a scenario on one transactional id, without shell or clock, and writes the transcript. A line that starts with '>'
 * is an event; the indented lines under it say what is answered and what is written. `7/3` is producer id 7 in epoch 3.
 */
import { errorName } from '../../protocol/errors.ts';
import { decodeTransaction, encodeTransaction } from '../../src/transactions/transaction-records.ts';
import type { Transaction } from '../../src/transactions/transaction-state.ts';
import type { TopicPartition } from '../../src/coordination/topic-partition.ts';
import { partitionsOf } from '../../src/transactions/transaction-state.ts';
import type { TransactionEvent, ProducerIdAndEpoch } from '../../src/transactions/transaction.ts';
import { continuation, step, verify } from '../../src/transactions/transaction.ts';

const ID = 'id';

class Scenario {
  #transaction: Transaction | undefined;
  #lastProducerId = 0;
  #nowMs = 0;

  /** Verbs: init, add, commit, abort, markers, tick, expire, verify, wait, restart, epoch. */
  play(line: string): string[] {
    const [verb, ...words] = line.split(/\s+/);
    const options = new Map(
      words.filter((word) => word.includes('=')).map((word) => word.split('=') as [string, string]),
    );
    const plain = words.filter((word) => !word.includes('='));
    const clientVersion = options.get('v') === '1' ? 0 : 2;
    const nowMs = this.#nowMs;
    switch (verb) {
      case 'wait':
        this.#nowMs += Number(plain[0]);
        return [];
      case 'epoch': // as after so many transactions
        this.#transaction = { ...this.#transaction!, producerEpoch: Number(plain[0]) };
        return [];
      case 'restart':
        return this.#restart();
      case 'verify':
        return [errorName(verify(this.#transaction, producerOf(plain[0]), partitionOf(plain[1])))];
      case 'init':
        return this.#step((newProducerId) => ({
          type: 'init',
          nowMs,
          transactionalId: ID,
          timeoutMs: Number(options.get('timeout') ?? 60_000),
          newProducerId,
          expected: plain.length === 0 ? null : producerOf(plain[0]),
        }));
      case 'add':
        return this.#step(() => ({
          type: 'add',
          nowMs,
          ...producerOf(plain[0]),
          partitions: plain.slice(1).map(partitionOf),
          clientVersion,
        }));
      case 'commit':
      case 'abort':
        return this.#step((newProducerId) => ({
          type: 'end',
          nowMs,
          ...producerOf(plain[0]),
          committed: verb === 'commit',
          clientVersion,
          newProducerId,
        }));
      case 'markers':
        return this.#step(() => ({ type: 'markersWritten', nowMs }));
      case 'tick':
        return this.#step((newProducerId) => ({ type: 'tick', nowMs, newProducerId }));
      case 'expire':
        return this.#step(() => ({ type: 'expire', nowMs, expirationMs: Number(plain[0]) }));
      default:
        throw new Error(`A scenario knows no '${verb}'`);
    }
  }

  #step(event: (newProducerId: number | null) => TransactionEvent): string[] {
    const first = step(this.#transaction, event(null));
    const outcome = first.needsProducerId === true ? step(this.#transaction, event(++this.#lastProducerId)) : first;
    const { errorCode, next } = outcome;
    if (next !== undefined) this.#transaction = next ?? undefined;
    const current = this.#transaction;
    const goesOn = errorCode === 0 && current !== undefined ? ` ${shown(continuation(current))}` : '';
    const lines = [`${errorName(errorCode)}${goesOn}`];
    if (next === null) lines.push('wrote a tombstone');
    else if (next !== undefined) lines.push(`wrote ${record(next)}`);
    return lines;
  }

  /** Through the bytes of the log: what is not in the record is forgotten. */
  #restart(): string[] {
    if (this.#transaction === undefined) return [];
    const { key, value } = encodeTransaction(ID, this.#transaction, 0, 2);
    this.#transaction = decodeTransaction(key!, value)!.transaction ?? undefined;
    return [];
  }
}

function record({ state, producerId, producerEpoch, partitions, nextProducerId, clientVersion }: Transaction): string {
  const list = Array.from(partitionsOf(partitions), ({ topic, partition }) => `${topic}-${partition}`);
  const next = nextProducerId < 0 ? '' : ` next=${nextProducerId}`;
  return `${state} ${shown({ producerId, producerEpoch })}${next} [${list.join(' ')}] v${clientVersion}`;
}

function shown({ producerId, producerEpoch }: ProducerIdAndEpoch): string {
  return `${producerId}/${producerEpoch}`;
}

function producerOf(text: string): ProducerIdAndEpoch {
  const [producerId, producerEpoch] = text.split('/').map(Number);
  return { producerId, producerEpoch };
}

function partitionOf(text: string): TopicPartition {
  const at = text.lastIndexOf('-');
  return { topic: text.slice(0, at), partition: Number(text.slice(at + 1)) };
}

/** The transcript as it comes out; equal to the one given where the machine does what it says. */
export function playScenario(transcript: string): string {
  const scenario = new Scenario();
  const lines: string[] = [];
  for (const line of transcript.split('\n')) {
    if (line.startsWith('> ')) lines.push(line, ...scenario.play(line.slice(2)).map((what) => `  ${what}`));
    else if (line === '' || line.startsWith('#')) lines.push(line);
  }
  return lines.join('\n');
}
