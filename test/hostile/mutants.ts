/** Brokers without one of their bounds: the suite must notice each by the input named. */

export interface Mutant {
  /** What it does not do. */
  readonly name: string;
  /** The name of the input that must find it. */
  readonly foundBy: string;
  readonly file: string;
  /** The text that is replaced in it; it has to be there. */
  readonly find: string;
  readonly replace: string;
}

export const mutants: readonly Mutant[] = [
  {
    name: 'does the long work of coordinators in one go',
    foundBy: 'dear-patterns',
    file: 'src/coordination/sliced-tasks.ts',
    find: 'const SLICE_MS = 10;',
    replace: 'const SLICE_MS = 1e9;',
  },
  {
    name: 'validates every batch at once',
    foundBy: 'value-bombs',
    file: 'src/log/validate.ts',
    find: 'const AT_ONCE_BYTES = 2 * 1024 * 1024;',
    replace: 'const AT_ONCE_BYTES = 1e9;',
  },
  {
    name: 'takes records with any number of headers',
    foundBy: 'header-bombs',
    file: 'protocol/records/record.ts',
    find: 'export const MAX_RECORD_HEADERS = 1 << 16;',
    replace: 'export const MAX_RECORD_HEADERS = 1e9;',
  },
  {
    name: 'handles long requests in one go',
    foundBy: 'many-configs',
    file: 'src/platform/lane.ts',
    find: 'const SLICE_MS = 4;',
    replace: 'const SLICE_MS = 1e9;',
  },
  {
    name: 'decodes large requests, and encodes their responses, in one go',
    foundBy: 'longest-requests',
    file: 'src/apis/size-limits.ts',
    find: 'export const LARGE_REQUEST_BYTES = 64 * 1024;',
    replace: 'export const LARGE_REQUEST_BYTES = 1e9;',
  },
  {
    name: 'goes over lists without a pause',
    foundBy: 'longest-requests',
    file: 'src/platform/pieces.ts',
    find: 'const A_PIECE = 16;',
    replace: 'const A_PIECE = 1e9;',
  },
  {
    name: 'answers a name as often as it stands in a request',
    foundBy: 'repeated-group',
    file: 'src/apis/repeated-names.ts',
    find: 'export const MAX_REPEATED_BYTES = 8 * 1024 * 1024;',
    replace: 'export const MAX_REPEATED_BYTES = 1e12;',
  },
  {
    name: 'remembers any number of partitions in fetch sessions',
    foundBy: 'fetch-sessions',
    file: 'src/partitions/fetch-sessions.ts',
    find: 'const MAX_SESSION_PARTITIONS = 200_000;',
    replace: 'const MAX_SESSION_PARTITIONS = 1e9;',
  },
  {
    name: 'lets a turn go on for as long as there are requests',
    foundBy: 'many-waits',
    file: 'src/platform/loop-turn.ts',
    find: 'const BUDGET_MS = 10;',
    replace: 'const BUDGET_MS = 1e9;',
  },
  {
    name: 'writes all answers that have come in one turn',
    foundBy: 'many-waits',
    file: 'src/net/connection.ts',
    find: 'if (turn.isOver) return answerLater(() => this.#respond(respond));',
    replace: '',
  },
  {
    name: 'looks at all partitions of a fetch that waits with each record',
    foundBy: 'wide-waits',
    file: 'src/apis/01-fetch.ts',
    find: 'const MANY_PARTITIONS = 200;',
    replace: 'const MANY_PARTITIONS = 1e9;',
  },
  {
    name: 'answers ApiVersions as often as it is asked before a client signs in',
    foundBy: 'out-of-turn',
    file: 'src/security/sasl/exchange.ts',
    find: "    this.#state = 'asked';\n  }",
    replace: '  }',
  },
  {
    name: 'waits for any frame of a client that has not signed in',
    foundBy: 'announced-frames',
    file: 'src/security/sasl/exchange.ts',
    find: 'null : this.#listener.maxReceiveBytes;',
    replace: 'null : 0x7fffffff;',
  },
  {
    name: 'keeps any number of connections that have not signed in',
    foundBy: 'silent-crowd',
    file: 'src/net/unauthenticated.ts',
    find: 'if (this.#due.size <= most) break;',
    replace: 'if (most > 0) break;',
  },
  {
    name: 'gives a client for ever to sign in',
    foundBy: 'silent-crowd',
    file: 'src/net/unauthenticated.ts',
    find: 'if (dueMs > now) break;',
    replace: 'if (dueMs > 0) break;',
  },
  {
    name: 'leaves the connection of a login that failed',
    foundBy: 'failed-logins',
    file: 'src/security/sasl/exchange.ts',
    find: 'return { contents: error.contents, closes: `authentication failed: ${error.message}` };',
    replace: 'return { contents: error.contents, closes: null };',
  },
  {
    name: 'fetches the keys for each token of an unknown one',
    foundBy: 'bad-tokens',
    file: 'src/security/sasl/key-set.ts',
    find: 'const MOST_UNKNOWN_KEYS = 10;',
    replace: 'const MOST_UNKNOWN_KEYS = 1e9;',
  },
  {
    name: 'makes the credentials of an unknown user over and over',
    foundBy: 'failed-proofs',
    file: 'src/security/sasl/scram.ts',
    find: '    const { salt, iterations } = credential;',
    replace:
      '    for (let at = 0; at < 1000; at++) this.#secret.credentialOfNobody(this.#mechanism, `${user}${at}`);\n' +
      '    const { salt, iterations } = credential;',
  },
  {
    name: 'reads names by a grammar in which each comma is read in two ways',
    foundBy: 'long-messages',
    file: 'protocol/sasl/scram.ts',
    find: "const NAME = '(?:[\\\\x01-\\\\x2B\\\\x2D-\\\\x3C\\\\x3E-\\\\x7F]|",
    replace: "const NAME = '(?:[\\\\x01-\\\\x2B\\\\x2D-\\\\x7F]|",
  },
];
