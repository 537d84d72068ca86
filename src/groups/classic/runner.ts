/** Gives events to classic groups and does what they ask for: answers calls, runs timers, has records written. */
import { ErrorCode } from '../../../protocol/errors.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { ClassicEvent } from './step.ts';
import { step } from './step.ts';
import type {
  ClassicGroup,
  ClassicLimits,
  ClassicEffect,
  GroupMetadata,
  JoinResponse,
  LeftMember,
  SyncResponse,
  TimerName,
} from './state.ts';
import type { SyncEvent } from './sync.ts';
import type { GroupPartition } from '../group-partition.ts';
import { GroupTimers } from '../group-timers.ts';
import type { JoinEvent } from './join-event.ts';

/** Writes a group's record; NONE, or what its members are told. */
export type AppendGroup = (at: GroupPartition, groupId: string, metadata: GroupMetadata) => number;

/** What heartbeat and leave are answered; they never wait. */
export interface LeaveResponse {
  errorCode: number;
  members: LeftMember[];
}

export interface RunnerOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly config: { readonly 'group.max.size': number; readonly 'group.initial.rebalance.delay.ms': number };
}

/** A join or sync under way: answered within the call, or later through its promise. */
interface ParkedRequest<Response> {
  response?: Response;
  resolve?: (response: Response) => void;
}

export class ClassicGroupRunner {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #limits: ClassicLimits;
  readonly #append: AppendGroup;
  readonly #timers = new Map<ClassicGroup, GroupTimers<TimerName>>();
  readonly #joins = new Map<number, ParkedRequest<JoinResponse>>();
  readonly #syncs = new Map<number, ParkedRequest<SyncResponse>>();
  #lastCall = 0;

  constructor(options: RunnerOptions, append: AppendGroup) {
    const { clock, logger } = options;
    this.#clock = clock;
    this.#logger = logger;
    this.#append = append;
    this.#limits = {
      get maxSize() {
        return options.config['group.max.size'];
      },
      get initialRebalanceDelayMs() {
        return options.config['group.initial.rebalance.delay.ms'];
      },
    };
  }

  join(at: GroupPartition, group: ClassicGroup, event: Omit<JoinEvent, 'to'>): JoinResponse | Promise<JoinResponse> {
    return this.#call(this.#joins, (to) => this.run(at, group, { ...event, to }));
  }

  sync(at: GroupPartition, group: ClassicGroup, event: Omit<SyncEvent, 'to'>): SyncResponse | Promise<SyncResponse> {
    return this.#call(this.#syncs, (to) => this.run(at, group, { ...event, to }));
  }

  run(at: GroupPartition, group: ClassicGroup, event: ClassicEvent): LeaveResponse {
    const outcome: LeaveResponse = { errorCode: ErrorCode.NONE, members: [] };
    // Grows while it is worked off: a record that was written is an event of its own.
    const effects = step(group, event, this.#limits);
    for (let i = 0; i < effects.length; i++) this.#perform(at, group, effects[i], effects, outcome);
    return outcome;
  }

  /** The group is no more, here: whoever waits is told so, and no timer stays. */
  unload(at: GroupPartition, group: ClassicGroup, errorCode: number): void {
    this.run(at, group, { type: 'unloaded', nowMs: this.#clock.now(), errorCode });
    this.#timers.delete(group);
  }

  #call<R>(calls: Map<number, ParkedRequest<R>>, run: (to: number) => void): R | Promise<R> {
    const to = ++this.#lastCall;
    const call: ParkedRequest<R> = {};
    calls.set(to, call);
    run(to);
    if (call.response !== undefined) return call.response;
    return new Promise((resolve) => {
      call.resolve = resolve;
    });
  }

  #perform(
    at: GroupPartition,
    group: ClassicGroup,
    effect: ClassicEffect,
    queue: ClassicEffect[],
    outcome: LeaveResponse,
  ): void {
    switch (effect.type) {
      case 'startTimer':
        return this.#timersOf(at, group).start(effect.timer, effect.memberId, effect.afterMs);
      case 'cancelTimer':
        return this.#timers.get(group)?.cancel(effect.timer, effect.memberId);
      case 'heartbeatReply':
        outcome.errorCode = effect.errorCode;
        return;
      case 'leaveReply':
        outcome.errorCode = effect.errorCode;
        outcome.members = effect.members;
        return;
      case 'joinReply':
        return answer(this.#joins, effect.to, effect.response);
      case 'syncReply':
        return answer(this.#syncs, effect.to, effect.response);
      case 'append': {
        const errorCode = this.#append(at, group.groupId, effect.metadata);
        const stored: ClassicEvent = { type: 'stored', nowMs: this.#clock.now(), stored: effect.onceStored, errorCode };
        queue.push(...step(group, stored, this.#limits));
        return;
      }
      case 'log':
        this.#logger.info(effect.event, {
          group: group.groupId,
          generation: group.generationId,
          reason: effect.reason,
        });
    }
  }

  #timersOf(at: GroupPartition, group: ClassicGroup): GroupTimers<TimerName> {
    let timers = this.#timers.get(group);
    if (timers === undefined) {
      timers = new GroupTimers(['join', 'sync', 'session'], this.#clock, (timer, memberId) => {
        this.run(at, group, { type: `${timer}Timer`, nowMs: this.#clock.now(), memberId });
      });
      this.#timers.set(group, timers);
    }
    return timers;
  }
}

function answer<R>(calls: Map<number, ParkedRequest<R>>, to: number, response: R): void {
  const call = calls.get(to);
  if (call === undefined) return;
  calls.delete(to);
  if (call.resolve === undefined) call.response = response;
  else call.resolve(response);
}
