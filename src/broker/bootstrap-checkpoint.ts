/**
 * What `kafka-storage format` has left in a directory for a new cluster to begin with: `bootstrap.checkpoint`, a snapshot of the
 * metadata log in Kafka's format. Of its records the SCRAM credentials are taken (`--add-scram`): the first users.
 */
import { join } from 'node:path';
import { METADATA_DIRECTORY, checkpointName, wholeBatches } from '../cluster/metadata-directory.ts';
import type { RecordOf } from '../cluster/metadata-records.ts';
import { decodeSnapshot } from '../cluster/metadata-snapshot.ts';
import { LogDirectoryError } from '../log/directory.ts';
import type { Files } from '../platform/files.ts';

/** Kafka has had both. */
const PLACES = ['bootstrap.checkpoint', join(METADATA_DIRECTORY, checkpointName({ endOffset: 0, epoch: 0 }))];

/** @throws {LogDirectoryError} for a file that is damaged */
export function firstUsers(files: Files, directory: string): RecordOf<'UserScramCredentialRecord'>[] {
  return PLACES.flatMap((name) => {
    const path = join(directory, name);
    return files.exists(path) ? usersIn(path, files.readAll(path)) : [];
  });
}

function usersIn(path: string, bytes: Buffer): RecordOf<'UserScramCredentialRecord'>[] {
  if (wholeBatches(bytes) < bytes.length) throw damaged(path, `it ends at byte ${wholeBatches(bytes)}`);
  try {
    return decodeSnapshot(bytes).filter((record) => record.type === 'UserScramCredentialRecord');
  } catch (error) {
    throw damaged(path, (error as Error).message);
  }
}

function damaged(path: string, what: string): LogDirectoryError {
  return new LogDirectoryError(
    `${path} is damaged, ${what}: format the directory anew, or remove the file and lose its users.`,
  );
}
