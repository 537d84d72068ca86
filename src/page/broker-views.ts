/** The smaller views of a page: clients, transactions, storage, settings. */
import { basename } from 'node:path';
import { configOf, ResourceType } from '../cluster/image.ts';
import { definitionOf, defaultText } from '../config/layers.ts';
import { serverKeys } from '../config/server.ts';
import { resolveLogConfig, type LogConfig } from '../config/log-config.ts';
import { logDirectoryOf } from '../partitions/log-directory-of.ts';
import { oldestSegmentMs } from '../partitions/oldest-segment.ts';
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

/** By 'orders-0': when it was compacted last, and shortened by retention, as far back as the log of events goes. */
function cleanings(view: BrokerView): Record<'compacted' | 'shortened', ReadonlyMap<string, number>> {
  const compacted = new Map<string, number>();
  const shortened = new Map<string, number>();
  for (const { event, facts, lastAtMs } of view.events()) {
    if (event === 'log.compacted') compacted.set(basename(String(facts.directory)), lastAtMs);
    if (event === 'log.shortened') shortened.set(`${facts.topic}-${facts.partition}`, lastAtMs);
  }
  return { compacted, shortened };
}

/** When the oldest segment is to be deleted for its age; null where it is kept without end. */
function oldAt(partition: ViewedPartition, { cleanupDelete, retentionMs }: LogConfig): number | null {
  const writtenMs = oldestSegmentMs(partition);
  return !cleanupDelete || retentionMs < 0 || writtenMs === null ? null : writtenMs + retentionMs;
}

type ViewedPartition = NonNullable<ReturnType<BrokerView['parts']['partitions']['get']>>;

export function storageFrame(view: BrokerView): StorageFrame {
  const { parts } = view;
  const { compacted, shortened } = cleanings(view);
  const directories = new Map<string, { path: string; isOffline: boolean; bytes: number; partitions: number }>();
  const found: { topic: string; partition: ViewedPartition; bytes: number }[] = [];
  for (const name of parts.metadata.image.topicsByName.keys()) {
    for (const partition of parts.partitions.topicByName(name)?.partitions ?? []) {
      if (partition === undefined) continue;
      const { size, isOffline } = partition;
      const path = logDirectoryOf(partition);
      const known = directories.get(path) ?? { path, isOffline, bytes: 0, partitions: 0 };
      directories.set(path, { ...known, bytes: known.bytes + size, partitions: known.partitions + 1 });
      found.push({ topic: name, partition, bytes: size });
    }
  }
  return {
    directories: [...directories.values()],
    checkedEveryMs: parts.config['log.retention.check.interval.ms'],
    nowMs: parts.clock.now(),
    largest: found
      .sort((a, b) => b.bytes - a.bytes)
      .slice(0, LARGEST)
      .map(({ topic, partition, bytes }) => {
        const { image } = parts.metadata;
        const config = resolveLogConfig(configOf(image, ResourceType.topic, topic), parts.config);
        const name = `${topic}-${partition.index}`;
        return {
          topic,
          partition: partition.index,
          bytes,
          segments: partition.segmentCount,
          leader: image.topicsByName.get(topic)?.partitions[partition.index]?.leader ?? -1,
          isCompacted: config.cleanupCompact,
          retentionMs: config.cleanupDelete ? config.retentionMs : -1,
          retentionBytes: config.cleanupDelete ? config.retentionBytes : -1,
          compactedMs: compacted.get(name) ?? null,
          shortenedMs: shortened.get(name) ?? null,
          oldAtMs: oldAt(partition, config),
          compactedFrom: config.minCleanableDirtyRatio,
        };
      }),
  };
}

export interface SettingsAsked {
  /** Part of a name, a value or a source. */
  readonly filter: string;
  readonly from: number;
  readonly limit: number;
}

/** What somebody has set first, with where each was; then what is as it is by default. What is secret stays so. */
export function settingsFrame(view: BrokerView, { filter, from, limit }: SettingsAsked): SettingsFrame {
  const made = madeSettings(view);
  const known = new Set(made.map(({ key }) => key));
  const usual = Object.keys(serverKeys)
    .filter((key) => !known.has(key))
    .map((key) => settingOf(key, defaultText(key) ?? '', 'by default'));
  const byKey = (a: { key: string }, b: { key: string }): number => (a.key < b.key ? -1 : 1);
  const all = [...[...made, ...topicSettings(view)].sort(byKey), ...usual.sort(byKey)];
  const wanted = filter.toLowerCase();
  const found = all.filter(({ key, value, source }) => `${key} ${value} ${source}`.toLowerCase().includes(wanted));
  return { found: found.length, all: all.length, rows: found.slice(from, from + limit) };
}

type Setting = SettingsFrame['rows'][number];

/** Those of a layer above hide the same of the layers below. */
function madeSettings({ parts: { layers } }: BrokerView): Setting[] {
  const byKey = new Map<string, Setting>();
  const sources = [
    [layers.static, 'given at start'],
    [layers.cluster, 'set for all brokers'],
    [layers.broker, 'set for this broker'],
  ] as const;
  for (const [layer, source] of sources) {
    for (const [key, value] of layer) byKey.set(key, settingOf(key, value, source));
  }
  return [...byKey.values()];
}

function settingOf(key: string, value: string, source: string): Setting {
  const isHidden = isSecret(key) && value !== '';
  return {
    key,
    value: isHidden ? '(hidden)' : value,
    usual: isSecret(key) ? '' : (defaultText(key) ?? ''),
    source,
  };
}

function topicSettings({ parts }: BrokerView): Setting[] {
  return Array.from(parts.metadata.image.configs).flatMap(([resource, configs]) =>
    resource.startsWith(`${ResourceType.topic}:`)
      ? Array.from(configs, ([key, value]) => ({ key, value, usual: '', source: `topic ${resource.slice(2)}` }))
      : [],
  );
}

/** Passwords, and whatever has no definition that would say that it is none. */
function isSecret(key: string): boolean {
  const type = definitionOf(key)?.type;
  return type === undefined || type === 'password';
}
