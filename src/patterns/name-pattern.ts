/**
 * Regular expressions over names of topics (KIP-848) and transactional ids (KIP-1152), with RE2's syntax and its promise:
 * time grows with the name's length, never exponentially. An expression is a set of places that are all followed at once; sets that have come up are
 * remembered with what each character makes of them.
 */
import { indexOf, isWord } from './pattern-classes.ts';
import type { CharacterSet } from './pattern-classes.ts';
import { parsePattern, PatternError } from './pattern-syntax.ts';
import type { Node } from './pattern-syntax.ts';

export { PatternError };

/** What repetitions may unfold into. */
const MOST_INSTRUCTIONS = 20_000;
/** Of remembered sets; beyond, they are found anew. */
const MOST_STATES = 2000;

type Assertion = 'begin' | 'end' | 'boundary' | 'noBoundary';

type Instruction =
  | { readonly op: 'take'; readonly set: CharacterSet }
  | { readonly op: 'assert'; readonly what: Assertion }
  /** Goes on at both, -1 for nowhere. */
  | { op: 'split'; first: number; second: number }
  | { readonly op: 'match' };

interface State {
  readonly places: readonly number[];
  /** The character before: none, one of a word, another. */
  readonly behind: Behind;
  /** By the next character; null: no name that goes on like this matches. */
  readonly next: (State | null | undefined)[];
  /** Whether a name that ends here matches. */
  matches: boolean | undefined;
}

type Behind = 'start' | 'word' | 'other';

export class NamePattern {
  readonly #program: Instruction[] = [];
  #states = new Map<string, State>();
  #compiled = 0;

  /** @throws {PatternError} for what RE2 would refuse */
  constructor(expression: string) {
    this.#compile(parsePattern(expression));
    this.#emit({ op: 'match' });
  }

  /** Whether the whole name matches. */
  matches(name: string): boolean {
    if (this.#states.size > MOST_STATES) this.#states = new Map();
    let state = this.#state([0], 'start');
    for (const char of name) {
      const code = indexOf(char);
      let next = state.next[code];
      if (next === undefined) state.next[code] = next = this.#advance(state, code);
      if (next === null) return false;
      state = next;
    }
    state.matches ??= this.#follow(state, null).some((place) => this.#program[place].op === 'match');
    return state.matches;
  }

  #emit(instruction: Instruction): number {
    if (this.#program.length >= MOST_INSTRUCTIONS) throw new PatternError('the expression is too large');
    return this.#program.push(instruction) - 1;
  }

  #split(): { op: 'split'; first: number; second: number } {
    const split = { op: 'split' as const, first: this.#program.length + 1, second: -1 };
    this.#emit(split);
    return split;
  }

  /** The code of a part goes on behind its end. */
  #compile(node: Node): void {
    // Repetitions of nothing make no instructions, and may still be without number.
    if (++this.#compiled > MOST_INSTRUCTIONS) throw new PatternError('the expression is too large');
    switch (node.kind) {
      case 'set':
        this.#emit({ op: 'take', set: node.set });
        return;
      case 'sequence':
        for (const part of node.parts) this.#compile(part);
        return;
      case 'choice': {
        const ends = node.parts.map((part, i) => {
          const split = i < node.parts.length - 1 ? this.#split() : null;
          this.#compile(part);
          const end = this.#split();
          if (split !== null) split.second = this.#program.length;
          return end;
        });
        for (const end of ends) end.first = this.#program.length;
        return;
      }
      case 'repeat':
        return this.#compileRepeat(node.part, node.min, node.max);
      default:
        this.#emit({ op: 'assert', what: node.kind });
    }
  }

  #compileRepeat(part: Node, min: number, max: number): void {
    for (let i = 0; i < min; i++) this.#compile(part);
    if (max === Infinity) {
      const start = this.#program.length;
      const loop = this.#split();
      this.#compile(part);
      this.#emit({ op: 'split', first: start, second: -1 });
      loop.second = this.#program.length;
      return;
    }
    const skips: { second: number }[] = [];
    for (let i = min; i < max; i++) {
      skips.push(this.#split());
      this.#compile(part);
    }
    for (const skip of skips) skip.second = this.#program.length;
  }

  #state(places: readonly number[], behind: Behind): State {
    const key = `${behind}${places.join()}`;
    let state = this.#states.get(key);
    if (state === undefined) {
      state = { places, behind, next: [], matches: undefined };
      this.#states.set(key, state);
    }
    return state;
  }

  #advance(state: State, code: number): State | null {
    const places: number[] = [];
    for (const place of this.#follow(state, code)) {
      const instruction = this.#program[place];
      if (instruction.op === 'take' && instruction.set[code] === 1) places.push(place + 1);
    }
    if (places.length === 0) return null;
    return this.#state(
      places.sort((a, b) => a - b),
      isWord(code) ? 'word' : 'other',
    );
  }

  /** All places that can be reached without taking a character; `next` is the one ahead, null at the end. */
  #follow({ places, behind }: State, next: number | null): number[] {
    const seen = new Set<number>(places);
    const open = [...places];
    for (let place = open.pop(); place !== undefined; place = open.pop()) {
      const instruction = this.#program[place];
      const targets: number[] = [];
      if (instruction.op === 'split') targets.push(instruction.first, instruction.second);
      else if (instruction.op === 'assert' && holds(instruction.what, behind, next)) targets.push(place + 1);
      for (const target of targets) {
        if (target === -1 || seen.has(target)) continue;
        seen.add(target);
        open.push(target);
      }
    }
    return [...seen];
  }
}

function holds(what: Assertion, behind: Behind, next: number | null): boolean {
  if (what === 'begin') return behind === 'start';
  if (what === 'end') return next === null;
  const between = (behind === 'word') !== (next !== null && isWord(next));
  return between === (what === 'boundary');
}
