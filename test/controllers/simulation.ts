/**
 * Controllers on a simulated etcd: each campaigns, and appends while it is the active one; processes are killed, stopped and cut
 * off, etcd's members too, its leader moves, requests are lost or come late. The checker reads the log of etcd itself.
 */
import { decodeClaim, EtcdKeys } from '../../src/controllers/etcd-keys.ts';
import { EtcdMetadataLog, type EtcdTerm } from '../../src/controllers/etcd-metadata-log.ts';
import { Election, type ElectionOptions, type ProbeResult } from '../../src/controllers/election.ts';
import type { ControllerClaim } from '../../src/controllers/metadata-log.ts';
import { prefixEnd } from '../../src/etcd/channel.ts';
import { EtcdClient } from '../../src/etcd/client.ts';
import { VirtualClock } from '../../src/platform/clock.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { randomUuid, seededRandom, type Random } from '../../src/platform/random.ts';
import { encodeBatch } from '../../protocol/records/encode.ts';
import { leaderEpoch, recordCount, setLeaderEpoch } from '../../protocol/records/batch.ts';
import { channelOf } from '../simulation/etcd/process-channel.ts';
import { NO_FAULTS, type EtcdFaults } from '../simulation/etcd/etcd-faults.ts';
import { SimulatedEtcd } from '../simulation/etcd/simulated-etcd.ts';
import { SimulatedProcess } from '../simulation/simulated-process.ts';
import type { Mutant } from './mutants.ts';

export const TTL_MS = 3000;
const CONTROLLERS = 3;
const NO_HEADER = { memberId: '0', revision: 0, raftTerm: 0 };
const PREFIX = '/ottla';
const CLUSTER = 'cluster';
const PROBE_MS = 2;
const SILENT_MS = 700;

/** What a controller was told of a batch that it appended. */
interface Append {
  readonly name: string;
  readonly incarnation: string;
  readonly epoch: number;
  /** Null: it has not been answered. */
  outcome: 'done' | 'deposed' | 'unknown' | null;
}

export interface Controller {
  readonly process: SimulatedProcess;
  readonly claim: ControllerClaim;
  readonly election: Election;
  readonly log: EtcdMetadataLog;
}

export interface SimulationOptions {
  readonly faults?: EtcdFaults;
  /** Milliseconds from one append to the next. */
  readonly paceMs?: number;
  readonly mutate?: Mutant['mutate'];
  /** Instead of a connection attempt to another controller's address. */
  readonly probe?: ElectionOptions['probe'];
  /** What an election is given: for mutants that keep their lease. */
  readonly electionClient?: (client: EtcdClient) => EtcdClient;
}

export class ControllerSimulation {
  readonly clock = new VirtualClock();
  readonly random: Random;
  readonly etcd: SimulatedEtcd;
  readonly controllers: (Controller | null)[] = Array.from({ length: CONTROLLERS }, () => null);
  readonly appends: Append[] = [];
  /** When each term began. */
  readonly elected: { readonly atMs: number; readonly nodeId: number; readonly epoch: number }[] = [];
  readonly #options: SimulationOptions;
  readonly #paceMs: number;
  readonly #keys = new EtcdKeys(PREFIX, CLUSTER);

  constructor(seed: number, options: SimulationOptions = {}) {
    const { faults = NO_FAULTS, paceMs = 20 } = options;
    this.#options = options;
    this.random = seededRandom(seed);
    this.etcd = new SimulatedEtcd({ clock: this.clock, random: this.random });
    this.etcd.faults = faults;
    this.#paceMs = paceMs;
    for (let node = 0; node < CONTROLLERS; node++) this.start(node);
  }

  get nowMs(): number {
    return this.clock.monotonic();
  }

  /** A new life of a node, or another process under its id. */
  start(nodeId: number, host = `node-${nodeId}`): void {
    const process = new SimulatedProcess(this.clock);
    const { random, etcd } = this;
    const client = new EtcdClient({
      endpoints: etcd.endpoints,
      open: (endpoint) => channelOf(process, etcd.channel(endpoint, `node-${nodeId}`)),
    });
    const log = new EtcdMetadataLog(client, this.#keys, process.clock);
    const { mutate, probe, electionClient = (same) => same } = this.#options;
    mutate?.({ client, log, keys: this.#keys });
    const claim = { nodeId, incarnation: randomUuid(random), host, port: 9093 };
    const election = new Election({
      client: electionClient(client),
      keys: this.#keys,
      metadataLog: log,
      clock: process.clock,
      random,
      logger: silentLogger,
      claim,
      ttlMs: TTL_MS,
      probe: probe ?? ((other) => this.#probe(process, other)),
      elected: (term) => {
        this.elected.push({ atMs: this.nowMs, nodeId, epoch: term.epoch });
        void this.#work(controller, term);
      },
      deposed: () => {},
      saw: () => {},
    });
    const controller: Controller = { process, claim, election, log };
    this.controllers[nodeId] = controller;
  }

  kill(nodeId: number): void {
    this.controllers[nodeId]?.process.kill();
    this.controllers[nodeId] = null;
  }

  /** The one that says of itself that it may append. */
  active(): Controller | null {
    return this.controllers.find((each) => each?.election.state === 'active' && each.process.isRunning) ?? null;
  }

  /** Milliseconds until a controller of a higher epoch than `epoch` is active; more than `mostMs` when none is. */
  async untilElected(epoch: number, mostMs: number): Promise<number> {
    const beganMs = this.nowMs;
    while (this.nowMs - beganMs <= mostMs) {
      const term = this.active()?.election.term;
      if (term !== undefined && term !== null && term.epoch > epoch) return this.nowMs - beganMs;
      await this.clock.advance(10);
    }
    return Infinity;
  }

  /** Whether the key of the active controller is there. */
  isClaimed(): boolean {
    return this.etcd.store.range({ key: this.#keys.controller }, NO_HEADER).count > 0;
  }

  /** Each batch in the log of etcd: where it stands, its epoch, and what it says. */
  stored(): { offset: number; epoch: number; count: number; name: string }[] {
    const key = this.#keys.batch(0);
    const { kvs } = this.etcd.store.range(
      { key, rangeEnd: prefixEnd(Buffer.from(key.toString().replace(/\d+$/, ''))) },
      NO_HEADER,
    );
    return kvs.map(({ key: place, value }) => ({
      offset: this.#keys.offsetOf(place),
      epoch: leaderEpoch(value, 0),
      count: recordCount(value, 0),
      name: nameIn(value),
    }));
  }

  /** Batches that were appended while their controller's claim did not stand: its name, and where. */
  unclaimed(): string[] {
    let holder: string | null = null;
    const writers = new Map(this.appends.map(({ name, incarnation }) => [name, incarnation]));
    return this.etcd.store.changes.flatMap(({ events }) => {
      const appended: string[] = [];
      for (const { type, kv } of events) {
        if (kv.key.equals(this.#keys.controller))
          holder = type === 'put' ? (decodeClaim(kv.value)?.incarnation ?? null) : null;
        else if (!kv.key.equals(this.#keys.head)) {
          const name = nameIn(kv.value);
          if (writers.get(name) !== holder) appended.push(`'${name}' at ${this.#keys.offsetOf(kv.key)}`);
        }
      }
      return appended;
    });
  }

  /** Appends as long as it may: one at a time, as the queue of operations does. */
  async #work({ process, election, log, claim }: Controller, term: EtcdTerm): Promise<void> {
    const pause = (delayMs: number) => new Promise<void>((resolve) => void process.clock.after(delayMs, resolve));
    while (election.term === term) {
      if (election.state !== 'active') {
        await pause(this.#paceMs);
        continue;
      }
      const append: Append = {
        name: `${claim.nodeId}/${this.appends.length}`,
        incarnation: claim.incarnation,
        epoch: term.epoch,
        outcome: null,
      };
      this.appends.push(append);
      append.outcome = await log.append(term, [
        batchOf(append.name, term.epoch, 1 + Math.floor(this.random.float() * 3)),
      ]);
      if (append.outcome === 'deposed') election.lost(term);
      await pause(this.random.float() * 2 * this.#paceMs);
    }
  }

  async #probe(from: SimulatedProcess, { nodeId, incarnation }: ControllerClaim): Promise<ProbeResult> {
    const other = this.controllers[nodeId];
    const isHere = other?.claim.incarnation === incarnation && other.process.isAlive;
    const isSilent = isHere && !other.process.isRunning;
    await new Promise<void>((resolve) => void from.clock.after(isSilent ? SILENT_MS : PROBE_MS, resolve));
    if (!isHere) return 'gone';
    return isSilent ? 'silent' : 'there';
  }
}

function batchOf(name: string, epoch: number, count: number): { bytes: Buffer; count: number } {
  const records = Array.from({ length: count }, (_, i) => ({
    key: null,
    value: Buffer.from(`${name}#${i}`),
    timestamp: 0,
  }));
  const bytes = encodeBatch({ records });
  setLeaderEpoch(bytes, 0, epoch);
  return { bytes, count };
}

function nameIn(bytes: Buffer): string {
  return /\d+\/\d+(?=#0)/.exec(bytes.toString('latin1'))?.[0] ?? '';
}

/** What is wrong with a story; nothing, when it is as it should be. */
export function faultsOf(story: ControllerSimulation): string[] {
  const wrong = story.unclaimed().map((what) => `${what} was appended without the claim`);
  const stored = story.stored();
  let expected = 0;
  let epoch = 0;
  const writers = new Map<number, string>();
  const byName = new Map(story.appends.map((append) => [append.name, append]));
  const seen = new Set<string>();
  for (const batch of stored) {
    if (batch.offset !== expected) wrong.push(`the log goes on at ${batch.offset}, expected ${expected}`);
    expected = batch.offset + batch.count;
    if (batch.epoch < epoch) wrong.push(`epoch ${batch.epoch} stands behind ${epoch} at ${batch.offset}`);
    epoch = Math.max(epoch, batch.epoch);
    const append = byName.get(batch.name);
    if (append === undefined) wrong.push(`nobody has appended '${batch.name}' at ${batch.offset}`);
    else {
      const writer = writers.get(batch.epoch) ?? append.incarnation;
      writers.set(batch.epoch, writer);
      if (writer !== append.incarnation) wrong.push(`two controllers have appended under epoch ${batch.epoch}`);
      if (append.outcome === 'deposed') wrong.push(`'${batch.name}' is there, its controller was told that it is not`);
    }
    if (seen.has(batch.name)) wrong.push(`'${batch.name}' is there twice`);
    seen.add(batch.name);
  }
  for (const { name, outcome } of story.appends) {
    if (outcome === 'done' && !seen.has(name)) wrong.push(`'${name}' was done, and is not there`);
  }
  return wrong;
}
