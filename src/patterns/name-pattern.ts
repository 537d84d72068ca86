/**
 * Regular expressions over names of topics (KIP-848) and transactional ids (KIP-1152), with RE2's syntax and its promise:
 * time grows with the name's length, never exponentially. An expression is a set of places that are all followed at once.
 * Small sets that have come up are remembered with what each character makes of them; large ones are followed anew, because
 * remembering them costs more memory than following them costs time. Many names are matched in pieces of bounded work.
 */
import { indexOf, isWord } from './pattern-classes.ts';
import type { CharacterSet } from './pattern-classes.ts';
import { parsePattern, PatternError } from './pattern-syntax.ts';
import type { Node } from './pattern-syntax.ts';

export { PatternError };

/** What repetitions may unfold into. */
const MOST_INSTRUCTIONS = 20_000;
/** Of remembered sets; when they are full, all are forgotten. */
const MOST_STATES = 2000;
/** A set of more places is not remembered. */
const MOST_REMEMBERED_PLACES = 32;
/** Places followed between two pauses: about 2 ms. */
const PIECE_PLACES = 50_000;

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
  /** By the next character; null: no name that goes on like this matches. Null as a whole: the state is not remembered. */
  readonly next: (State | null | undefined)[] | null;
}

type Behind = 'start' | 'word' | 'other';

export class NamePattern {
  readonly #program: Instruction[] = [];
  readonly #states = new Map<string, State>();
  /** By place: the last closure that reached it. */
  readonly #reached: Uint32Array;
  #closure = 0;
  /** Places followed since the last pause. */
  #followed = 0;
  #compiled = 0;

  /** @throws {PatternError} for what RE2 would refuse */
  constructor(expression: string) {
    this.#compile(parsePattern(expression));
    this.#emit({ op: 'match' });
    this.#reached = new Uint32Array(this.#program.length);
  }

  /** Whether the whole name matches. A large expression may take milliseconds for one name. */
  matches(name: string): boolean {
    const pieces = this.matchesInPieces(name);
    for (;;) {
      const piece = pieces.next();
      if (piece.done === true) return piece.value;
    }
  }

  /** Those of `names` that match as a whole, in their order. Pauses after each piece of bounded work. */
  *matching(names: Iterable<string>): Generator<void, string[]> {
    const found: string[] = [];
    for (const name of names) if (yield* this.matchesInPieces(name)) found.push(name);
    return found;
  }

  /** Whether the whole name matches; pauses after each piece of bounded work, which many names may share. */
  *matchesInPieces(name: string): Generator<void, boolean> {
    let state = this.#state([0], 'start');
    for (const char of name) {
      const code = indexOf(char);
      let next = state.next?.[code];
      if (next === undefined) {
        next = this.#advance(state, code);
        if (state.next !== null) state.next[code] = next;
      }
      if (next === null) return false;
      state = next;
      if (++this.#followed >= PIECE_PLACES) {
        this.#followed = 0;
        yield;
      }
    }
    return this.#follow(state, null).some((place) => this.#program[place].op === 'match');
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
    if (places.length > MOST_REMEMBERED_PLACES) return { places, behind, next: null };
    const key = `${behind}${places.join()}`;
    let state = this.#states.get(key);
    if (state === undefined) {
      if (this.#states.size >= MOST_STATES) this.#states.clear();
      state = { places, behind, next: [] };
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
    if (places.length <= MOST_REMEMBERED_PLACES) places.sort((a, b) => a - b);
    return this.#state(places, isWord(code) ? 'word' : 'other');
  }

  /** All places that can be reached without taking a character; `next` is the one ahead, null at the end. */
  #follow({ places, behind }: State, next: number | null): number[] {
    const reached: number[] = [];
    this.#closure++;
    for (const place of places) this.#reach(place, reached);
    for (let i = 0; i < reached.length; i++) {
      const place = reached[i];
      const instruction = this.#program[place];
      if (instruction.op === 'split') {
        this.#reach(instruction.first, reached);
        this.#reach(instruction.second, reached);
      } else if (instruction.op === 'assert' && holds(instruction.what, behind, next)) {
        this.#reach(place + 1, reached);
      }
    }
    this.#followed += reached.length;
    return reached;
  }

  /** Once a closure; -1 is nowhere. */
  #reach(place: number, reached: number[]): void {
    if (place === -1 || this.#reached[place] === this.#closure) return;
    this.#reached[place] = this.#closure;
    reached.push(place);
  }
}

function holds(what: Assertion, behind: Behind, next: number | null): boolean {
  if (what === 'begin') return behind === 'start';
  if (what === 'end') return next === null;
  const between = (behind === 'word') !== (next !== null && isWord(next));
  return between === (what === 'boundary');
}
