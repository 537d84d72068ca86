/** Reads the metadata log for `ottla metadata`, from etcd or from files, and prints it record by record. */
import { join } from 'node:path';
import * as batch from '../../protocol/records/batch.ts';
import { batches } from '../../protocol/records/decode.ts';
import { openEtcd } from '../broker/etcd-settings.ts';
import { decodeMetadataBatch } from '../cluster/metadata-batch.ts';
import { checkpointIn, METADATA_DIRECTORY } from '../cluster/metadata-directory.ts';
import type { MetadataRecord } from '../cluster/metadata-records.ts';
import { decodeSnapshot } from '../cluster/metadata-snapshot.ts';
import { serverConfig, type ServerConfig } from '../config/server.ts';
import { combineSettings } from '../config/settings.ts';
import { clusterKey, EtcdKeys } from '../controllers/etcd-keys.ts';
import { readClusterId } from '../controllers/cluster-id.ts';
import { EtcdMetadataLog } from '../controllers/etcd-metadata-log.ts';
import { systemClock } from '../platform/clock.ts';
import { nodeFiles } from '../platform/files.ts';
import { settingsGiven, settingsIn } from './settings-flags.ts';
import { printLine, type Terminal } from './terminal.ts';
import { CommandError } from './usage.ts';

export interface MetadataFlags {
  etcd?: string;
  config?: string;
  set?: string[];
  dir?: string;
  json?: boolean;
}

/** A record, and where it stands; those of a snapshot stand nowhere. */
interface Placed {
  readonly offset: number | null;
  readonly epoch: number;
  readonly record: MetadataRecord;
}

export async function printMetadata(terminal: Terminal, flags: MetadataFlags): Promise<void> {
  const config = configOf(flags);
  const isInEtcd = config['ottla.etcd.endpoints'].length > 0;
  const records = isInEtcd ? await fromEtcd(config) : fromDirectory((config['log.dirs'] ?? config['log.dir'])[0]);
  for (const { offset, epoch, record } of records) {
    const { type, ...fields } = record;
    await printLine(
      terminal,
      flags.json === true
        ? JSON.stringify({ offset, epoch, type, ...fields })
        : `${offset ?? 'snapshot'} ${epoch} ${type} ${JSON.stringify(fields)}`,
    );
  }
}

function configOf({ etcd, config, set, dir }: MetadataFlags): ServerConfig {
  const given = settingsGiven(set);
  if (etcd !== undefined) given.set('ottla.etcd.endpoints', etcd);
  if (dir !== undefined) given.set('log.dirs', dir);
  const file = config === undefined ? new Map<string, string>() : settingsIn(config);
  const values = new Map(combineSettings({ set: given, file }).values);
  if (!values.has('log.dirs') && !values.has('log.dir')) values.set('log.dirs', 'ottla-data');
  return serverConfig(values);
}

async function fromEtcd(config: ServerConfig): Promise<Placed[]> {
  const prefix = config['ottla.etcd.prefix'];
  const client = await openEtcd(config, nodeFiles, systemClock);
  try {
    const clusterId = await readClusterId(client, prefix);
    if (clusterId === null) {
      throw new CommandError(
        `there is no ${clusterKey(prefix).toString()} in etcd: correct ottla.etcd.prefix, or start a broker`,
      );
    }
    const log = new EtcdMetadataLog(client, new EtcdKeys(prefix, clusterId), systemClock);
    const { snapshot, batches: found } = await log.load();
    const records = snapshot === null ? [] : ofSnapshot(await log.snapshotBytes(snapshot), snapshot.epoch);
    for (const { offset, bytes } of found) {
      if (snapshot === null || offset >= snapshot.endOffset) for (const each of ofBatch(bytes, 0)) records.push(each);
    }
    return records;
  } finally {
    client.close();
  }
}

function fromDirectory(directory: string): Placed[] {
  const folder = join(directory, METADATA_DIRECTORY);
  if (!nodeFiles.exists(folder)) {
    throw new CommandError(`${folder} is not there: give the log directory with --dir, or etcd with --etcd`);
  }
  const names = nodeFiles.list(folder).toSorted();
  const records: Placed[] = [];
  const newest = names.findLast((name) => checkpointIn(name) !== null);
  const { endOffset: from, epoch } = (newest === undefined ? null : checkpointIn(newest)) ?? { endOffset: 0, epoch: 0 };
  if (newest !== undefined)
    for (const each of ofSnapshot(nodeFiles.readAll(join(folder, newest)), epoch)) records.push(each);
  for (const name of names.filter((each) => each.endsWith('.log'))) {
    const bytes = nodeFiles.readAll(join(folder, name));
    for (const at of batches(bytes)) {
      if (batch.baseOffset(bytes, at) >= from) for (const each of ofBatch(bytes, at)) records.push(each);
    }
  }
  return records;
}

function ofSnapshot(bytes: Buffer, epoch: number): Placed[] {
  return decodeSnapshot(bytes).map((record) => ({ offset: null, epoch, record }));
}

function ofBatch(bytes: Buffer, at: number): Placed[] {
  const first = batch.baseOffset(bytes, at);
  const epoch = batch.leaderEpoch(bytes, at);
  return decodeMetadataBatch(bytes, at).records.map((record, i) => ({ offset: first + i, epoch, record }));
}
