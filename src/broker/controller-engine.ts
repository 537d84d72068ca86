/** What keeps the metadata log of a controller's process, and elects the active controller: etcd, or a file where there is one only. */
import type { ControllerClaim, ControllerElection, Elected, MetadataLog } from '../controllers/metadata-log.ts';
import type { Platform } from './platform.ts';

export interface ControllerEngine {
  readonly clusterId: string;
  readonly metadataLog: MetadataLog;
  /** Takes part in the election from now on. */
  elect(claim: ControllerClaim, told: Elected): ControllerElection;
  close(): void;
}

/** What both engines are opened with. */
export interface EngineOptions {
  readonly platform: Platform;
  /** The first of log.dirs; null where the process keeps nothing. */
  readonly directory: string | null;
  /** For a new cluster. */
  readonly clusterId?: string | undefined;
}

/** The metadata log cannot be had, or is that of another cluster; the message says what to do. */
export class ClusterError extends Error {
  override readonly name = 'ClusterError';
}
