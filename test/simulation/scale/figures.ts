/** What a step of the story has taken: virtual time, processor time, commits and bytes of the metadata log, etcd's database. */
import { loadavg } from 'node:os';
import type { LargeCluster } from './large-cluster.ts';

export interface Figures {
  readonly step: string;
  /** Of the cluster. */
  readonly virtualMs: number;
  /** Of processor time: of the controller that serves at the end, and the most of a broker that follows. */
  readonly controllerMs: number;
  readonly brokerMs: number;
  readonly commits: number;
  readonly records: number;
  readonly logBytes: number;
  /** What is stored at the end, and the most there was since the beginning: etcd's file does not shrink. */
  readonly etcdBytes: number;
  readonly etcdMostBytes: number;
  readonly loadAverage: number;
  readonly note: string;
}

interface Marks {
  readonly nowMs: number;
  readonly used: ReadonlyMap<string, number>;
  readonly revision: number;
  readonly commits: number;
  readonly bytes: number;
}

/** Of a step as it goes on: what it did is added to the figures. */
export class Measured {
  readonly #cluster: LargeCluster;
  #marks!: Marks;

  constructor(cluster: LargeCluster) {
    this.#cluster = cluster;
  }

  async step(name: string, run: () => Promise<string | void>): Promise<Figures> {
    this.#marks = this.#now();
    const note = (await run()) ?? '';
    return this.#figures(name, note);
  }

  #figures(step: string, note: string): Figures {
    const before = this.#marks;
    const after = this.#now();
    const { activeName, following, etcd } = this.#cluster;
    const used = (name: string): number => (after.used.get(name) ?? 0) - (before.used.get(name) ?? 0);
    return {
      step,
      virtualMs: after.nowMs - before.nowMs,
      controllerMs: used(activeName),
      brokerMs: Math.max(...following.map(({ name }) => used(name))),
      commits: after.commits - before.commits,
      records: after.revision - before.revision,
      logBytes: after.bytes - before.bytes,
      etcdBytes: etcd.store.storedBytes,
      etcdMostBytes: etcd.store.mostBytes,
      loadAverage: loadavg()[0],
      note,
    };
  }

  #now(): Marks {
    const { nowMs, accounts, image, etcd } = this.#cluster;
    return {
      nowMs,
      used: accounts.all,
      revision: image.revision,
      commits: etcd.pace.logged.commits,
      bytes: etcd.pace.logged.bytes,
    };
  }
}

const MB = 1e6;

/** For people. */
export function rowOf(each: Figures): string {
  const cells = [
    each.step,
    (each.virtualMs / 1000).toFixed(1),
    (each.controllerMs / 1000).toFixed(2),
    (each.brokerMs / 1000).toFixed(2),
    each.commits,
    each.records,
    (each.logBytes / MB).toFixed(1),
    (each.etcdBytes / MB).toFixed(0),
    (each.etcdMostBytes / MB).toFixed(0),
    each.note,
  ];
  return `| ${cells.join(' | ')} |`;
}

export const HEADER =
  '| step | virtual s | CPU s of the controller | of a broker | commits | records | MB of log | etcd MB | most | |\n' +
  '| --- |' +
  ' ---: |'.repeat(8) +
  ' --- |';
