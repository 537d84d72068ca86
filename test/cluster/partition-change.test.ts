/** What Apache Kafka 4.4 answers to the same cases: kafka/PartitionChanges.java asks its PartitionChangeBuilder. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { PartitionImage } from '../../src/cluster/image.ts';
import {
  changeOfPartition,
  type ElectionKind,
  type PartitionChange,
  type PartitionTarget,
} from '../../src/cluster/partition-change.ts';

interface Case {
  readonly partition: Omit<PartitionImage, 'leaderEpoch' | 'partitionEpoch' | 'directories'>;
  readonly target: PartitionTarget;
  readonly rules: {
    readonly hasElr: boolean;
    readonly minIsr: number;
    readonly election: ElectionKind;
    readonly alive: readonly number[];
  };
  /** As Kafka has it. */
  readonly change: PartitionChange | null;
}

const file = process.env['PARTITION_CHANGES'] ?? join(import.meta.dirname, 'kafka', 'partition-changes.jsonl');
const lines = readFileSync(file, 'utf8').trimEnd().split('\n');

test(`${lines.length} changes of partitions are what Apache Kafka makes of them`, () => {
  const different = lines.filter((line) => {
    const { partition, target, rules, change } = JSON.parse(line) as Case;
    const directories = partition.replicas.map((id) => `directory ${id}`);
    const image = { ...partition, leaderEpoch: 3, partitionEpoch: 5, directories };
    const isAcceptable = (id: number): boolean => rules.alive.includes(id);
    const made = changeOfPartition(image, target, { ...rules, isAcceptable });
    return JSON.stringify(withoutDirectories(made)) !== JSON.stringify(change === null ? null : inOrder(change));
  });
  expect(different).toEqual([]);
});

function withoutDirectories(change: PartitionChange | null): PartitionChange | null {
  if (change === null) return null;
  const { directories: _directories, ...rest } = change;
  return Object.keys(rest).length === 0 ? null : inOrder(rest);
}

function inOrder(change: PartitionChange): PartitionChange {
  return Object.fromEntries(Object.entries(change).sort(([a], [b]) => (a < b ? -1 : 1)));
}
