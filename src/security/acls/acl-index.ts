/** All ACLs, found by the resources that they cover. Immutable. */
import type { AccessControlEntry } from '../../cluster/image.ts';
import { EVERY_NAME, Pattern } from './codes.ts';
import { isBlockText, parseBlock, type HostBlock } from './host-block.ts';

/** An ACL, and what its host means. */
export interface Rule {
  readonly entry: AccessControlEntry;
  /** Null: its host is one address, or every host. */
  readonly block: HostBlock | null;
}

/** The ACLs of one pattern of resources. */
export interface ResourceRules {
  readonly name: string;
  readonly patternType: number;
  readonly byPrincipal: ReadonlyMap<string, readonly Rule[]>;
}

interface Growing extends ResourceRules {
  readonly byPrincipal: Map<string, Rule[]>;
}

/** The rules of one type of resource. */
class TypeRules {
  readonly literals = new Map<string, Growing>();
  readonly #prefixes = new Map<number, Map<string, Growing>>();
  /** Those that occur, the longest first. */
  #lengths: readonly number[] | null = null;

  rulesFor(patternType: number, name: string): Growing {
    const byName = patternType === Pattern.PREFIXED ? this.#prefixesOf(name.length) : this.literals;
    let rules = byName.get(name);
    if (rules === undefined) byName.set(name, (rules = { name, patternType, byPrincipal: new Map() }));
    return rules;
  }

  *all(): Generator<ResourceRules, void, void> {
    yield* this.literals.values();
    for (const byName of this.#prefixes.values()) yield* byName.values();
  }

  /** `visit` for the literal, then prefixes from the longest on, then the rules of every name: as Kafka comes upon them. */
  covering(name: string, visit: (rules: ResourceRules) => void): void {
    const literal = this.literals.get(name);
    if (literal !== undefined) visit(literal);
    this.#lengths ??= [...this.#prefixes.keys()].sort((a, b) => b - a);
    for (const length of this.#lengths) {
      if (length > name.length) continue;
      const rules = this.#prefixes.get(length)!.get(name.slice(0, length));
      if (rules !== undefined) visit(rules);
    }
    const every = name === EVERY_NAME ? undefined : this.literals.get(EVERY_NAME);
    if (every !== undefined) visit(every);
  }

  #prefixesOf(length: number): Map<string, Growing> {
    let byName = this.#prefixes.get(length);
    if (byName === undefined) this.#prefixes.set(length, (byName = new Map()));
    return byName;
  }
}

export class AclIndex {
  readonly #types = new Map<number, TypeRules>();

  /** Where `readsBlocks` is false, a host that is a block is text that no address equals. */
  constructor(entries: Iterable<AccessControlEntry>, readsBlocks: boolean) {
    for (const entry of entries) {
      const { byPrincipal } = this.#typeRules(entry.resourceType).rulesFor(entry.patternType, entry.resourceName);
      const block = readsBlocks && isBlockText(entry.host) ? parseBlock(entry.host) : null;
      const rules = byPrincipal.get(entry.principal);
      if (rules === undefined) byPrincipal.set(entry.principal, [{ entry, block }]);
      else rules.push({ entry, block });
    }
  }

  /** `visit` for the rules of each pattern that the resource fits, whoever they are about. */
  covering(resourceType: number, name: string, visit: (rules: ResourceRules) => void): void {
    this.#types.get(resourceType)?.covering(name, visit);
  }

  /** Of all patterns of a type of resource. */
  *ofType(resourceType: number): Generator<ResourceRules, void, void> {
    const rules = this.#types.get(resourceType);
    if (rules !== undefined) yield* rules.all();
  }

  #typeRules(resourceType: number): TypeRules {
    let rules = this.#types.get(resourceType);
    if (rules === undefined) this.#types.set(resourceType, (rules = new TypeRules()));
    return rules;
  }
}
