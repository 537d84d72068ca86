/**
 * What an etcd takes, for the simulated one: three members of etcd 3.4.23 on one machine, 1.5 ms a commit and 27 ms one of 400 KB.
 * `npm run bench:metadata -- commits sizes` measures a member on yours; revision-store.ts says what etcd's file grows by.
 */
import type { EtcdCosts } from '../etcd/etcd-pace.ts';

export const ETCD_COSTS: EtcdCosts = {
  commitMs: 1.5,
  writtenBytesPerMs: 15_000,
  readMs: 0.8,
  readBytesPerMs: 100_000,
};
