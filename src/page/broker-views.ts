/** The smaller views of a page: clients, transactions, storage, settings. */
import { basename } from 'node:path';
import { configOf, ResourceType } from '../cluster/image.ts';
import { definitionOf, defaultText } from '../config/layers.ts';
import { resolveLogConfig } from '../config/log-config.ts';
import { logDirectoryOf } from '../partitions/log-directory-of.ts';
import type { BrokerView } from '../testing/broker-view.ts';
import type { ClientsFrame, SettingsFrame, StorageFrame, TransactionsFrame } from './frames.ts';
import type { TrafficDigest } from './traffic-digest.ts';

/** Rows of a list: all of a frame is to stay below 64 KB. */
const SHOWN = 250;
/** Partitions that the view of the storage names. */
const LARGEST = 100;
/** Partitions that a row names. */
const SHOWN_PLACES = 20;

export function clientsFrame({ listeners }: BrokerView, digest: TrafficDigest | null, filter: string): ClientsFrame {
  const rows = new Map<string, ClientsFrame['rows'][number]>();
  for (const { clientId, clientHost, listenerName } of listeners.connections()) {
    const name = clientId ?? '';
    const key = `${name}\0${clientHost}\0${listenerName}`;
    const connections = (rows.get(key)?.connections ?? 0) + 1;
    rows.set(key, {
      clientId: name,
      host: clientHost.replace(/^\//, ''),
      listener: listenerName,
      connections,
      traffic: digest?.client(name) ?? null,
    });
  }
  const wanted = filter.toLowerCase();
  const found = [...rows.values()].filter(({ clientId, host }) => `${clientId} ${host}`.toLowerCase().includes(wanted));
  return { found: found.length, rows: found.sort((a, b) => (a.clientId < b.clientId ? -1 : 1)).slice(0, SHOWN) };
}

export function transactionsFrame({ parts }: BrokerView): TransactionsFrame {
  const filter = { stateFilters: [], producerIdFilters: [], durationFilter: -1, transactionalIdPattern: null };
  const listed = parts.transactions.list(filter).transactionStates;
  const held = heldBack(parts);
  const heldBy = (producerId: number): readonly string[] => held.get(producerId) ?? [];
  const shown = listed
    .toSorted(
      (a, b) =>
        heldBy(b.producerId).length - heldBy(a.producerId).length || (a.transactionalId < b.transactionalId ? -1 : 1),
    )
    .slice(0, SHOWN);
  return {
    found: listed.length,
    nowMs: parts.clock.now(),
    rows: shown.map(({ transactionalId, producerId, transactionState: state }) => {
      const { producerEpoch, transactionStartTimeMs, transactionTimeoutMs } =
        parts.transactions.describe(transactionalId);
      return {
        transactionalId,
        producerId,
        producerEpoch,
        state,
        sinceMs: state === 'Ongoing' && transactionStartTimeMs > 0 ? transactionStartTimeMs : null,
        timeoutMs: transactionTimeoutMs,
        holdsBack: heldBy(producerId).slice(0, SHOWN_PLACES),
      };
    }),
  };
}

/** By producer id: the partitions whose last stable offset waits for its transaction. */
function heldBack(parts: BrokerView['parts']): Map<number, string[]> {
  const held = new Map<number, string[]>();
  for (const name of parts.metadata.image.topicsByName.keys()) {
    for (const partition of parts.partitions.topicByName(name)?.partitions ?? []) {
      if (partition === undefined || partition.lastStableOffset >= partition.highWatermark) continue;
      for (const { producerId, currentTxnFirstOffset } of partition.activeProducers()) {
        if (currentTxnFirstOffset < 0) continue;
        const place = `${name}[${partition.index}]`;
        const known = held.get(producerId);
        if (known === undefined) held.set(producerId, [place]);
        else known.push(place);
      }
    }
  }
  return held;
}

/** By the folder of a partition: when it was compacted last, as far back as the log of events goes. */
function compactions(view: BrokerView): ReadonlyMap<string, number> {
  const folders = view
    .events()
    .flatMap(({ event, facts, lastAtMs }): [string, number][] =>
      event === 'log.compacted' ? [[basename(String(facts.directory)), lastAtMs]] : [],
    );
  return new Map(folders);
}

export function storageFrame(view: BrokerView): StorageFrame {
  const { parts } = view;
  const compactedMs = compactions(view);
  const directories = new Map<string, { path: string; isOffline: boolean; bytes: number; partitions: number }>();
  const found: { topic: string; partition: number; bytes: number; segments: number }[] = [];
  for (const name of parts.metadata.image.topicsByName.keys()) {
    for (const partition of parts.partitions.topicByName(name)?.partitions ?? []) {
      if (partition === undefined) continue;
      const { index, size, segmentCount, isOffline } = partition;
      const path = logDirectoryOf(partition);
      const known = directories.get(path) ?? { path, isOffline, bytes: 0, partitions: 0 };
      directories.set(path, { ...known, bytes: known.bytes + size, partitions: known.partitions + 1 });
      found.push({ topic: name, partition: index, bytes: size, segments: segmentCount });
    }
  }
  return {
    directories: [...directories.values()],
    checkedEveryMs: parts.config['log.retention.check.interval.ms'],
    largest: found
      .sort((a, b) => b.bytes - a.bytes)
      .slice(0, LARGEST)
      .map((row) => {
        const { image } = parts.metadata;
        const config = resolveLogConfig(configOf(image, ResourceType.topic, row.topic), parts.config);
        return {
          ...row,
          leader: image.topicsByName.get(row.topic)?.partitions[row.partition]?.leader ?? -1,
          isCompacted: config.cleanupCompact,
          retentionMs: config.cleanupDelete ? config.retentionMs : -1,
          retentionBytes: config.cleanupDelete ? config.retentionBytes : -1,
          compactedMs: compactedMs.get(`${row.topic}-${row.partition}`) ?? null,
        };
      }),
  };
}

/** The settings that differ from their defaults, with where each was set; what is secret stays so. */
export function settingsFrame({ parts }: BrokerView, layers: SettingsLayers | null): SettingsFrame {
  const said: [string, string, string][] = [
    ...Array.from(layers?.static ?? [], ([key, value]): [string, string, string] => [key, value, 'given at start']),
    ...Array.from(layers?.cluster ?? [], ([key, value]): [string, string, string] => [
      key,
      value,
      'set for all brokers',
    ]),
    ...Array.from(layers?.broker ?? [], ([key, value]): [string, string, string] => [
      key,
      value,
      'set for this broker',
    ]),
  ];
  const byKey = new Map(said.map(([key, value, source]) => [key, { key, value, source }]));
  const rows = Array.from(byKey.values(), ({ key, value, source }) => ({
    key,
    value: isSecret(key) ? '(hidden)' : value,
    usual: isSecret(key) ? '' : (defaultText(key) ?? ''),
    source,
  }));
  const topics = Array.from(parts.metadata.image.configs).flatMap(([resource, configs]) =>
    resource.startsWith('2:')
      ? Array.from(configs, ([key, value]) => ({ key, value, usual: '', source: `topic ${resource.slice(2)}` }))
      : [],
  );
  return { rows: [...rows, ...topics].sort((a, b) => (a.key < b.key ? -1 : 1)).slice(0, SHOWN) };
}

export interface SettingsLayers {
  readonly broker: ReadonlyMap<string, string>;
  readonly cluster: ReadonlyMap<string, string>;
  readonly static: ReadonlyMap<string, string>;
}

/** Passwords, and whatever has no definition that would say that it is none. */
function isSecret(key: string): boolean {
  const type = definitionOf(key)?.type;
  return type === undefined || type === 'password';
}
