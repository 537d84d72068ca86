/** All ACLs, found by the resources that they cover. */
import type { AccessControlEntry, ClusterImage } from '../../cluster/image.ts';
import { differingParts } from '../../cluster/sharing-map.ts';
import { allowedBy, deniedBy, EVERY_NAME, Pattern, Permission, type Operations } from './codes.ts';
import { isBlockText, parseBlock, type HostBlock } from './host-block.ts';

/** An ACL, and what it means. */
export interface Rule {
  readonly entry: AccessControlEntry;
  /** Null: its host is one address, or every host. */
  readonly block: HostBlock | null;
  readonly allows: Operations;
  readonly denies: Operations;
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

/** Prefixes of one length, by `hashed` of them. */
type Prefixes = Map<number, Growing[]>;

/** FNV-1a: of a text of which the hash is known but for its last character. */
const EMPTY_HASH = 0x811c9dc5 | 0;
function hashed(before: number, character: number): number {
  return Math.imul(before ^ character, 0x01000193);
}

function hashOf(text: string): number {
  let hash = EMPTY_HASH;
  for (let at = 0; at < text.length; at++) hash = hashed(hash, text.charCodeAt(at));
  return hash;
}

/** The rules of one type of resource. */
class TypeRules {
  readonly literals = new Map<string, Growing>();
  readonly #prefixes = new Map<number, Prefixes>();
  /** Lengths of prefixes that occur, the shortest first. */
  #lengths: readonly number[] | null = null;

  /** Made where there are none. */
  rulesFor(patternType: number, name: string): Growing {
    const known = this.#find(patternType, name);
    if (known !== undefined) return known;
    const rules: Growing = { name, patternType, byPrincipal: new Map() };
    if (patternType !== Pattern.PREFIXED) this.literals.set(name, rules);
    else this.#addPrefix(rules);
    return rules;
  }

  removeEntry(entry: AccessControlEntry): void {
    const { patternType, resourceName: name, principal } = entry;
    const rules = this.#find(patternType, name)!;
    const left = rules.byPrincipal.get(principal)!.filter((one) => one.entry !== entry);
    if (left.length > 0) rules.byPrincipal.set(principal, left);
    else rules.byPrincipal.delete(principal);
    if (rules.byPrincipal.size > 0) return;
    if (patternType !== Pattern.PREFIXED) this.literals.delete(name);
    else this.#removePrefix(rules);
  }

  *all(): Generator<ResourceRules, void, void> {
    yield* this.literals.values();
    for (const byHash of this.#prefixes.values()) for (const some of byHash.values()) yield* some;
  }

  /** `visit` for the literal, then prefixes from the longest on, then the rules of every name: as Kafka comes upon them. */
  covering(name: string, visit: (rules: ResourceRules) => void): void {
    const literal = this.literals.get(name);
    if (literal !== undefined) visit(literal);
    const prefixed = this.#prefixes.size === 0 ? null : this.#prefixesOf(name);
    if (prefixed !== null) for (let at = prefixed.length - 1; at >= 0; at--) visit(prefixed[at]);
    const every = name === EVERY_NAME ? undefined : this.literals.get(EVERY_NAME);
    if (every !== undefined) visit(every);
  }

  /** Those that the name begins with, the shortest first; null where there are none. */
  #prefixesOf(name: string): ResourceRules[] | null {
    this.#lengths ??= [...this.#prefixes.keys()].sort((a, b) => a - b);
    let found: ResourceRules[] | null = null;
    let hash = EMPTY_HASH;
    let at = 0;
    for (const length of this.#lengths) {
      if (length > name.length) break;
      for (; at < length; at++) hash = hashed(hash, name.charCodeAt(at));
      const some = this.#prefixes.get(length)!.get(hash);
      if (some === undefined) continue;
      for (const rules of some) if (name.startsWith(rules.name)) (found ??= []).push(rules);
    }
    return found;
  }

  #find(patternType: number, name: string): Growing | undefined {
    if (patternType !== Pattern.PREFIXED) return this.literals.get(name);
    return this.#prefixes
      .get(name.length)
      ?.get(hashOf(name))
      ?.find((rules) => rules.name === name);
  }

  #addPrefix(rules: Growing): void {
    const { name } = rules;
    let byHash = this.#prefixes.get(name.length);
    if (byHash === undefined) {
      this.#prefixes.set(name.length, (byHash = new Map()));
      this.#lengths = null;
    }
    const hash = hashOf(name);
    const some = byHash.get(hash);
    if (some === undefined) byHash.set(hash, [rules]);
    else some.push(rules);
  }

  #removePrefix(rules: Growing): void {
    const { name } = rules;
    const byHash = this.#prefixes.get(name.length)!;
    const hash = hashOf(name);
    const left = byHash.get(hash)!.filter((one) => one !== rules);
    if (left.length > 0) byHash.set(hash, left);
    else byHash.delete(hash);
    if (byHash.size > 0) return;
    this.#prefixes.delete(name.length);
    this.#lengths = null;
  }
}

type Entries = ClusterImage['accessControlEntries'];

export class AclIndex {
  readonly #types = new Map<number, TypeRules>();
  readonly #readsBlocks: boolean;
  #entries: Entries = new Map();

  /** Where `readsBlocks` is false, a host that is a block is text that no address equals. */
  constructor(entries: Entries, readsBlocks: boolean) {
    this.#readsBlocks = readsBlocks;
    this.follow(entries);
  }

  /** Becomes the index of these: what is in both stays as it is. */
  follow(entries: Entries): void {
    for (const [before, after] of differingParts(this.#entries, entries)) {
      for (const [id, entry] of before) if (after.get(id) !== entry) this.#remove(entry);
      for (const [id, entry] of after) if (before.get(id) !== entry) this.#add(entry);
    }
    this.#entries = entries;
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

  #add(entry: AccessControlEntry): void {
    const { resourceType, patternType, resourceName, principal } = entry;
    let types = this.#types.get(resourceType);
    if (types === undefined) this.#types.set(resourceType, (types = new TypeRules()));
    const { byPrincipal } = types.rulesFor(patternType, resourceName);
    const rules = byPrincipal.get(principal);
    const rule = ruleOf(entry, this.#readsBlocks);
    if (rules === undefined) byPrincipal.set(principal, [rule]);
    else rules.push(rule);
  }

  #remove(entry: AccessControlEntry): void {
    this.#types.get(entry.resourceType)!.removeEntry(entry);
  }
}

function ruleOf(entry: AccessControlEntry, readsBlocks: boolean): Rule {
  const { operation, permissionType, host } = entry;
  const isAllow = permissionType === Permission.ALLOW;
  return {
    entry,
    block: readsBlocks && isBlockText(host) ? parseBlock(host) : null,
    allows: isAllow ? allowedBy(operation) : 0,
    denies: isAllow ? 0 : deniedBy(operation),
  };
}
