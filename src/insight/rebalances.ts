/** The rebalances of a group one after the other: why each began, its phases, whom each phase waited for. Pure. */
import type { Rebalance } from './group-situation.ts';
import type { Happening } from './happening.ts';

export interface RebalancePhaseSpan {
  readonly phase: Rebalance['phase'];
  readonly fromMs: number;
  /** Null for the one under way. */
  readonly toMs: number | null;
  /** Client ids: of whom it waits for, or waited for to the end. */
  readonly waitedFor: readonly string[];
}

export interface RebalanceStory {
  readonly startMs: number;
  /** Null where it is under way. */
  readonly endMs: number | null;
  readonly reason: string;
  /** The generation or epoch that came of it; null where it is not known yet. */
  readonly generation: number | null;
  readonly phases: readonly RebalancePhaseSpan[];
  /** Members that went meanwhile. */
  readonly left: readonly { readonly clientId: string; readonly reason: string }[];
  /** stable, or empty; 'again' where another began before it ended; null where it is under way. */
  readonly outcome: 'stable' | 'empty' | 'again' | null;
  /** When the coordinator goes on without whom it waits for; null for never, or where it has ended. */
  readonly untilMs: number | null;
}

interface Draft {
  readonly startMs: number;
  readonly reason: string;
  generation: number | null;
  readonly phases: RebalancePhaseSpan[];
  readonly left: { clientId: string; reason: string }[];
  outcome: RebalanceStory['outcome'];
  endMs: number | null;
}

/** What a phase is called that ends with an event. */
const ENDED_BY: Readonly<Record<string, Rebalance['phase']>> = {
  'group.joined': 'joining',
  'group.assigned': 'assigning',
};

/** The newest first. `events` of all groups, the oldest first; `now` is the rebalance under way. */
export function rebalancesOf(
  groupId: string,
  events: readonly Happening[],
  now: Rebalance | null,
  most = 20,
): RebalanceStory[] {
  const drafts: Draft[] = [];
  /** Members that went since the last one has ended: with them the next one begins. */
  let gone: Draft['left'] = [];
  for (const happening of events) {
    const { event, facts } = happening;
    if (facts.group !== groupId) continue;
    const isOpen = drafts.at(-1)?.endMs === null;
    if (event === 'group.member-left' && !isOpen)
      gone.push({ clientId: String(facts.client), reason: String(facts.reason) });
    take(drafts, happening, gone);
    if (event === 'group.rebalance') gone = [];
  }
  return drafts
    .slice(-most)
    .toReversed()
    .map((draft, index) => storyOf(draft, index === 0 ? now : null));
}

function take(drafts: Draft[], { event, facts, lastAtMs: atMs, atMs: firstMs }: Happening, gone: Draft['left']): void {
  const open = drafts.at(-1)?.endMs === null ? drafts.at(-1)! : null;
  switch (event) {
    case 'group.rebalance':
      if (open !== null) end(open, firstMs, 'again');
      drafts.push({
        startMs: firstMs,
        reason: String(facts.reason),
        generation: null,
        phases: [],
        left: gone,
        outcome: null,
        endMs: null,
      });
      return;
    case 'group.member-left':
      open?.left.push({ clientId: String(facts.client), reason: String(facts.reason) });
      return;
    case 'group.joined':
    case 'group.assigned':
      if (open !== null) addPhase(open, ENDED_BY[event], atMs, facts.last);
      return;
    case 'group.stable':
    case 'group.empty': {
      if (open === null) return;
      open.generation = Number(facts.generation);
      const isClassic = 'last' in facts;
      const phase = open.phases.length === 0 ? 'joining' : isClassic ? 'assigning' : 'reconciling';
      addPhase(open, phase, atMs, facts.last);
      end(open, atMs, event === 'group.stable' ? 'stable' : 'empty');
    }
  }
}

function addPhase(draft: Draft, phase: Rebalance['phase'], toMs: number, last: unknown): void {
  const waitedFor = typeof last === 'string' && last !== '' ? [last] : [];
  draft.phases.push({ phase, fromMs: draft.phases.at(-1)?.toMs ?? draft.startMs, toMs, waitedFor });
}

function end(draft: Draft, atMs: number, outcome: RebalanceStory['outcome']): void {
  draft.endMs = atMs;
  draft.outcome = outcome;
}

function storyOf(draft: Draft, now: Rebalance | null): RebalanceStory {
  const { phases, endMs } = draft;
  const isUnderWay = endMs === null && now !== null;
  const last = phases.at(-1)?.toMs ?? draft.startMs;
  const current: RebalancePhaseSpan[] = isUnderWay
    ? [{ phase: now.phase, fromMs: last, toMs: null, waitedFor: now.waitingFor }]
    : [];
  return { ...draft, phases: [...phases, ...current], untilMs: isUnderWay ? now.untilMs : null };
}
