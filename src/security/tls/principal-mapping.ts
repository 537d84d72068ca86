/** ssl.principal.mapping.rules (KIP-371): what makes a user's name of a certificate's subject. */
import { ConfigError } from '../../config/definition.ts';

interface Rule {
  /** Null: DEFAULT, which takes the name as it is. */
  readonly pattern: RegExp | null;
  readonly replacement: string;
  readonly letters: 'L' | 'U' | '';
}

const RULE = /(?:(DEFAULT)|RULE:((?:\\.|[^\\/])*)\/((?:\\.|[^\\/])*)\/([LU]?))\s*(?:,\s*|$)/y;

export class PrincipalMapping {
  readonly #rules: readonly Rule[];

  /** @throws {ConfigError} that shows the rule that is none */
  constructor(rules: string) {
    this.#rules = parse(rules.trim());
  }

  /** Null: no rule applies. */
  nameOf(subject: string): string | null {
    for (const { pattern, replacement, letters } of this.#rules) {
      if (pattern === null) return subject;
      const found = pattern.exec(subject);
      if (found === null) continue;
      const name = filled(replacement, found);
      if (letters === '') return name;
      return letters === 'L' ? name.toLowerCase() : name.toUpperCase();
    }
    return null;
  }
}

function parse(text: string): Rule[] {
  const rules: Rule[] = [];
  for (let at = 0; at < text.length; at = RULE.lastIndex) {
    RULE.lastIndex = at;
    const found = RULE.exec(text);
    if (found === null) throw new ConfigError(`ssl.principal.mapping.rules: Invalid rule: \`${text.slice(at)}\``);
    const [, isDefault, pattern, replacement = '', letters = ''] = found;
    if (isDefault !== undefined) rules.push({ pattern: null, replacement: '', letters: '' });
    else rules.push({ pattern: expression(pattern), replacement, letters: letters as Rule['letters'] });
  }
  return rules;
}

function expression(pattern: string): RegExp {
  try {
    return new RegExp(`^(?:${pattern})$`);
  } catch (error) {
    throw new ConfigError(`ssl.principal.mapping.rules: Invalid rule: \`${pattern}\`: ${(error as Error).message}`);
  }
}

/** As Java replaces: `$1` is a group, one that there is not stands for itself. */
function filled(replacement: string, groups: RegExpExecArray): string {
  return replacement.replace(/\\(.)|\$(\d)/g, (all, escaped: string | undefined, group: string | undefined) => {
    if (escaped !== undefined) return escaped;
    return Number(group) < groups.length ? (groups[Number(group)] ?? '') : all;
  });
}
