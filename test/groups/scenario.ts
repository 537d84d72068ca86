/**
 * Plays a scenario on one classic group, without shell or clock, and writes the transcript. A line that starts with
 * '>' is an event; the indented lines under it say what came of it. `x-1` is the first member id that `x` was given.
 */
import { step } from '../../src/groups/classic/step.ts';
import type { ClassicEvent } from '../../src/groups/classic/step.ts';
import { newClassicGroup } from '../../src/groups/classic/state.ts';
import type { ClassicEffect, JoinResponse, SyncResponse } from '../../src/groups/classic/state.ts';
import { errorName } from '../../protocol/errors.ts';

type Options = Map<string, string>;

class Scenario {
  readonly #group = newClassicGroup('g', 0);
  readonly #timers = new Map<string, { dueMs: number; event: ClassicEvent }>();
  readonly #calls: string[] = [];
  readonly #ids = new Map<string, number>();
  #limits = { maxSize: 100, initialRebalanceDelayMs: 3000 };
  #nowMs = 0;
  #failure = 0;
  #lines: string[] = [];

  play(line: string): string[] {
    this.#lines = [];
    const [verb, subject = '', ...rest] = line.split(/\s+/);
    const options: Options = new Map(
      rest.map((word) => {
        const at = word.indexOf('=');
        return at < 0 ? [word, ''] : [word.slice(0, at), word.slice(at + 1)];
      }),
    );
    const before = this.#group.state;
    this.#perform(verb, subject, options);
    if (this.#group.state !== before) this.#lines.push(`[${before} -> ${this.#group.state}]`);
    return this.#lines;
  }

  #perform(verb: string, subject: string, options: Options): void {
    const nowMs = this.#nowMs;
    const groupInstanceId = options.get('instance') ?? null;
    const generationId = Number(options.get('generation') ?? this.#group.generationId);
    switch (verb) {
      case 'limit':
        this.#limits = { ...this.#limits, [subject]: Number(options.get('to')) };
        return;
      case 'failing': // every record from now on is refused with this code; 0 ends it
        this.#failure = Number(subject);
        return;
      case 'join':
        return this.#apply(this.#joinEvent(subject, options));
      case 'sync':
        return this.#apply({
          type: 'sync',
          nowMs,
          to: this.#call(subject),
          memberId: subject,
          groupInstanceId,
          generationId,
          protocolType: options.get('type') ?? null,
          protocolName: options.get('protocol') ?? null,
          assignments: [...options]
            .filter(([name]) => /-\d+$/.test(name))
            .map(([memberId, assignment]) => ({ memberId, assignment: Buffer.from(assignment) })),
        });
      case 'heartbeat':
        return this.#apply({ type: 'heartbeat', nowMs, memberId: subject, groupInstanceId, generationId });
      case 'leave':
        return this.#apply({
          type: 'leave',
          nowMs,
          members: [{ memberId: subject === '-' ? '' : subject, groupInstanceId, reason: null }],
        });
      case 'committed':
        return this.#apply({ type: 'committed', nowMs, memberId: subject });
      case 'disconnect':
        return this.#apply({ type: 'connectionClosed', nowMs, connectionId: Number(subject) });
      case 'unload':
        return this.#apply({ type: 'unloaded', nowMs, errorCode: 16 });
      case 'wait':
        return this.#wait(Number(subject));
      default:
        throw new Error(`A scenario knows no '${verb}'`);
    }
  }

  /** `join x` comes the first time, `join x-1` comes back; v=3 is a client that needs no id first. */
  #joinEvent(subject: string, options: Options): ClassicEvent {
    const known = /-\d+$/.test(subject);
    const version = Number(options.get('v') ?? 9);
    const count = (this.#ids.get(subject) ?? 0) + 1;
    if (!known) this.#ids.set(subject, count);
    return {
      type: 'join',
      nowMs: this.#nowMs,
      to: this.#call(subject),
      memberId: known ? subject : '',
      newMemberId: known ? '' : `${subject}-${count}`,
      groupInstanceId: options.get('instance') ?? null,
      clientId: subject,
      clientHost: '/127.0.0.1',
      connectionId: Number(options.get('connection') ?? 1),
      sessionTimeoutMs: Number(options.get('session') ?? 10_000),
      rebalanceTimeoutMs: Number(options.get('rebalance') ?? 60_000),
      protocolType: options.get('type') ?? 'consumer',
      protocols: (options.get('protocols') ?? 'range')
        .split(',')
        .filter(Boolean)
        .map((name) => ({ name, metadata: Buffer.from(options.get('metadata') ?? '') })),
      reason: null,
      requireKnownMemberId: version >= 4,
      supportSkippingAssignment: version >= 9,
    };
  }

  #call(who: string): number {
    return this.#calls.push(who) - 1;
  }

  #apply(event: ClassicEvent): void {
    const effects = step(this.#group, event, this.#limits);
    for (const effect of effects) this.#show(effect);
  }

  #show(effect: ClassicEffect): void {
    switch (effect.type) {
      case 'joinReply':
        this.#lines.push(`${this.#calls[effect.to]}: ${joined(effect.response)}`);
        return;
      case 'syncReply':
        this.#lines.push(`${this.#calls[effect.to]}: ${synced(effect.response)}`);
        return;
      case 'heartbeatReply':
        this.#lines.push(errorName(effect.errorCode));
        return;
      case 'leaveReply':
        this.#lines.push(...effect.members.map(({ errorCode }) => errorName(errorCode)));
        return;
      case 'startTimer': {
        const { timer, memberId, afterMs } = effect;
        const dueMs = this.#nowMs + afterMs;
        this.#timers.set(`${timer} ${memberId}`, { dueMs, event: { type: `${timer}Timer`, nowMs: dueMs, memberId } });
        return;
      }
      case 'cancelTimer':
        this.#timers.delete(`${effect.timer} ${effect.memberId}`);
        return;
      case 'append': {
        const { metadata, onceStored } = effect;
        const members = metadata.members.map(({ memberId, assignment }) => `${memberId}:${text(assignment)}`);
        const outcome = this.#failure === 0 ? 'stored' : 'not stored';
        this.#lines.push(`${outcome}: generation=${metadata.generation} {${members.join(' ')}}`);
        this.#apply({ type: 'stored', nowMs: this.#nowMs, stored: onceStored, errorCode: this.#failure });
        return;
      }
      case 'log':
        this.#lines.push(`(${effect.reason})`);
    }
  }

  #wait(ms: number): void {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      const due = [...this.#timers].filter(([, { dueMs }]) => dueMs <= untilMs);
      if (due.length === 0) break;
      due.sort(([, a], [, b]) => a.dueMs - b.dueMs);
      const [name, { dueMs, event }] = due[0];
      this.#timers.delete(name);
      this.#nowMs = dueMs;
      this.#lines.push(`at ${dueMs}: ${name.trim()} timer`);
      this.#apply(event);
    }
    this.#nowMs = untilMs;
  }
}

function joined(response: JoinResponse): string {
  const { errorCode, memberId, generationId, protocolName, leader, members, skipAssignment } = response;
  if (errorCode !== 0) return `join ${errorName(errorCode)}${memberId === '' ? '' : ` id=${memberId}`}`;
  const skip = skipAssignment ? ' skipAssignment' : '';
  const list = members.map((member) => member.memberId).join(' ');
  return `joined as ${memberId} generation=${generationId} protocol=${protocolName} leader=${leader} [${list}]${skip}`;
}

function synced(response: SyncResponse): string {
  return response.errorCode === 0 ? `synced '${text(response.assignment)}'` : `sync ${errorName(response.errorCode)}`;
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}

/** The transcript as it comes out; equal to the one given where the machine does what it says. */
export function playScenario(transcript: string): string {
  const scenario = new Scenario();
  const lines: string[] = [];
  for (const line of transcript.split('\n')) {
    if (line.startsWith('> ')) lines.push(line, ...scenario.play(line.slice(2)).map((what) => `  ${what}`));
    else if (line === '' || line.startsWith('#')) lines.push(line);
  }
  return lines.join('\n');
}
