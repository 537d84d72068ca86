/** The only controller of a cluster: process.roles=controller without etcd, with brokers that are processes of their own. */
import { FileMetadataLog, OnlyController } from '../controllers/file-metadata-log.ts';
import { MetadataGapError } from '../controllers/metadata-log.ts';
import { LogDirectory } from '../log/directory.ts';
import { ClusterError, type ControllerEngine, type EngineOptions } from './controller-engine.ts';

/** @throws {LogDirectoryError} while another process uses the directory, or where it belongs to another node or cluster */
export function openFile({ platform, directory, clusterId }: EngineOptions, nodeId: number): ControllerEngine {
  if (directory === null) {
    throw new ClusterError(
      'a controller without etcd keeps the metadata log in log.dirs, and nothing is kept in memory: start it without --memory',
    );
  }
  const known = clusterId === undefined ? {} : { clusterId };
  const opened = LogDirectory.open({ ...platform, ...known, path: directory, nodeId });
  const metadataLog = new FileMetadataLog(platform.files, directory, platform.logger);
  try {
    refuseCut(metadataLog);
    return {
      clusterId: opened.clusterId,
      metadataLog,
      elect: (claim, told) => new OnlyController(metadataLog, claim, told),
      close() {
        metadataLog.close();
        opened.close([]);
      },
    };
  } catch (error) {
    metadataLog.close();
    opened.abandon();
    throw error;
  }
}

/** @throws {ClusterError} where nothing says what came before the log */
function refuseCut(metadataLog: FileMetadataLog): void {
  try {
    metadataLog.checkStart();
  } catch (error) {
    if (!(error instanceof MetadataGapError)) throw error;
    throw new ClusterError(
      `${metadataLog.path} does not begin at offset 0, and there is no snapshot of what came before, as where a broker alone ` +
        'has written it anew: move it to a cluster with --etcd, or start it as it was',
    );
  }
}
