/**
 * What an etcd of three members takes, for the simulated one: three members of etcd 3.4.23 on one machine with an SSD, as
 * `npm run bench:metadata -- commits sizes` measures them. The database's size is in revision-store.ts.
 */
import type { EtcdCosts } from '../etcd/etcd-pace.ts';

export const ETCD_COSTS: EtcdCosts = {
  commitMs: 1.5,
  writtenBytesPerMs: 15_000,
  readMs: 0.8,
  readBytesPerMs: 100_000,
};
