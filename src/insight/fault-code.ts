/** A request that was seen, turned into a fault that strikes the next one like it: as a line of a test, and as data. Pure. */

export interface SeenRequest {
  readonly api: string;
  readonly clientId: string | null;
  readonly outcome: string;
  readonly durationMs: number | null;
  readonly errors: readonly { readonly error: string }[];
  readonly topics: readonly { readonly topic: string; readonly partition: number }[];
  readonly groups: readonly string[];
  readonly transactionalIds: readonly string[];
}

export interface FaultCode {
  /** A line of a test. */
  readonly line: string;
  /** The body of POST /faults of a control port. */
  readonly json: string;
}

/** An answer that takes longer than this is what was striking of a request. */
const SLOW_MS = 1000;
/** What a client of a kind of request gets over: it asks again. */
const RETRIABLE: readonly (readonly [RegExp, string])[] = [
  [/^(Produce|Fetch|ListOffsets|OffsetForLeaderEpoch)$/, 'NOT_LEADER_OR_FOLLOWER'],
  [/Group|Offset|Heartbeat|Txn|ProducerId|FindCoordinator/, 'COORDINATOR_NOT_AVAILABLE'],
];

type Effect = readonly [method: string, argument: string | true];

export function faultCodeOf(seen: SeenRequest): FaultCode {
  const filter = filterOf(seen);
  const [method, argument] = effectOf(seen);
  const about = Object.keys(filter).length === 0 ? '' : `, ${objectText(filter)}`;
  const call = argument === true ? `${method}()` : `${method}(${quoted(argument)})`;
  const spec = { on: seen.api, ...filter, [method]: argument, times: 1 };
  return { line: `kafka.faults.on(${quoted(seen.api)}${about}).${call}.once();`, json: JSON.stringify(spec) };
}

function filterOf({ clientId, topics, groups, transactionalIds }: SeenRequest): Record<string, string | number> {
  const names = new Set(topics.map(({ topic }) => topic));
  const [only] = topics;
  return {
    ...(names.size === 1 ? { topic: only.topic } : {}),
    ...(topics.length === 1 && only.partition >= 0 ? { partition: only.partition } : {}),
    ...(groups.length === 1 ? { group: groups[0] } : {}),
    ...(transactionalIds.length === 1 ? { transactionalId: transactionalIds[0] } : {}),
    ...(clientId === null ? {} : { clientId }),
  };
}

/** What came of it; where all went well, an error that clients get over. */
function effectOf({ api, outcome, durationMs, errors }: SeenRequest): Effect {
  if (errors.length > 0) return ['reply', errors[0].error];
  if (outcome === 'lost') return ['dropResponse', true];
  if (outcome === 'disconnected') return ['disconnect', 'after'];
  const isLongPoll = api === 'Fetch' || api === 'ShareFetch';
  if ((durationMs ?? 0) > SLOW_MS && !isLongPoll) return ['delay', `${Math.round(durationMs! / 1000)}s`];
  return ['reply', RETRIABLE.find(([apis]) => apis.test(api))?.[1] ?? 'REQUEST_TIMED_OUT'];
}

function objectText(of: Readonly<Record<string, string | number>>): string {
  const parts = Object.entries(of).map(
    ([key, value]) => `${key}: ${typeof value === 'number' ? value : quoted(value)}`,
  );
  return `{ ${parts.join(', ')} }`;
}

/** As a test writes it. */
function quoted(text: string): string {
  return `'${JSON.stringify(text).slice(1, -1).replace(/\\"/g, '"').replace(/'/g, "\\'")}'`;
}
