/** Brokers that break a rule of security, each in one way, and the test that finds it: `npm run test:security-mutants`. */
export interface Mutant {
  /** What it does. */
  readonly name: string;
  readonly file: string;
  /** The text that is replaced in it; it has to be there. */
  readonly find: string;
  readonly replace: string;
  /** The test that must fail. */
  readonly foundBy: string;
}

export const mutants: readonly Mutant[] = [
  {
    name: 'a DENY does not count',
    file: 'src/security/acls/decision.ts',
    find: '  return allowed & ~denied;',
    replace: '  return allowed;',
    foundBy: 'test/security/acl-decisions.test.ts',
  },
  {
    name: 'a prefix as long as the name does not fit',
    file: 'src/security/acls/acl-index.ts',
    find: 'if (length > name.length) break;',
    replace: 'if (length >= name.length) break;',
    foundBy: 'test/security/acl-decisions.test.ts',
  },
  {
    name: 'the host is ignored',
    file: 'src/security/acls/decision.ts',
    find: '  return entry.host === EVERY_HOST || entry.host === host;',
    replace: '  return true;',
    foundBy: 'test/security/acl-decisions.test.ts',
  },
  {
    name: 'an ACL that was deleted stays in the index',
    file: 'src/security/acls/acl-index.ts',
    find: 'if (after.get(id) !== entry) this.#remove(entry);',
    replace: 'if (after.size < 0) this.#remove(entry);',
    foundBy: 'test/security/acl-decisions.test.ts',
  },
  {
    name: 'default allow although an ACL is about it',
    file: 'src/security/acls/decision.ts',
    find: '  if (!isCovered) return allowsUncovered',
    replace: '  if (allowed === 0 && denied === 0) return allowsUncovered',
    foundBy: 'test/security/acl-decisions.test.ts',
  },
  {
    name: 'a decision is remembered after a change',
    file: 'src/security/acls/authorizer.ts',
    find: 'if (rules !== this.#rules ||',
    replace: 'if (this.#rules === null ||',
    foundBy: 'test/security/authorizer.test.ts',
  },
  {
    name: 'a prefix is found by its hash alone',
    file: 'src/security/acls/acl-index.ts',
    find: 'if (name.startsWith(rules.name))',
    replace: 'if (rules.name !== null)',
    foundBy: 'test/security/acl-decisions.test.ts',
  },
  {
    name: 'a request is counted and its connection not throttled',
    file: 'src/net/dispatch.ts',
    find: '    throttle.add(throttleTimeMs);\n',
    replace: '',
    foundBy: 'test/security/quotas.test.ts',
  },
  {
    name: 'a rate never forgets',
    file: 'src/security/quotas/sampled-rate.ts',
    find: 'if (nowMs >= this.#standsUntilMs) this.#forget(nowMs);',
    replace: 'if (this.#oldestMs === 0) this.#forget(nowMs);',
    foundBy: 'test/security/quotas.test.ts',
  },
  {
    name: 'the client id comes before the user',
    file: 'src/security/quotas/entities.ts',
    find: '    [user, ANY],\n    [user, undefined],\n    [ANY, clientId],',
    replace: '    [ANY, clientId],\n    [user, ANY],\n    [user, undefined],',
    foundBy: 'test/security/quotas.test.ts',
  },
  {
    name: 'a connection above the rate of its address is closed at once',
    file: 'src/net/connection-quotas.ts',
    find: 'afterMs: Math.ceil(waitSeconds * 1000)',
    replace: 'afterMs: 0',
    foundBy: 'test/security/quotas.test.ts',
  },
  {
    name: 'who has asked for a token may renew it',
    file: 'src/security/tokens/alteration.ts',
    find: 'return owner === principal ||',
    replace: 'return owner === principal || arguments[0].requester === principal ||',
    foundBy: 'test/security/tokens.test.ts',
  },
  {
    name: 'an expired token signs in',
    file: 'src/security/tokens/delegation-tokens.ts',
    find: 'token === undefined || token.expirationTimestamp < clock.now()',
    replace: 'token === undefined',
    foundBy: 'test/security/tokens.test.ts',
  },
  {
    name: 'a client that has come by a token gets another',
    file: 'src/security/tokens/requester.ts',
    find: 'provesNothing || principal.tokenAuthenticated === true',
    replace: 'provesNothing',
    foundBy: 'test/security/tokens.test.ts',
  },
  {
    name: 'tokens of others are shown to all',
    file: 'src/apis/41-describe-delegation-token.ts',
    find: 'isAsked(token) && mayDescribe(token)',
    replace: 'isAsked(token)',
    foundBy: 'test/security/tokens.test.ts',
  },
  {
    name: 'a regular expression means all topics',
    file: 'src/groups/consumer/runner.ts',
    find: 'return names === null || mayDescribe === undefined ? names : names.filter(mayDescribe);',
    replace: 'return names;',
    foundBy: 'test/security/regex-subscriptions.test.ts',
  },
  {
    name: 'throttles are not averaged',
    file: 'src/security/quotas/throttle-time.ts',
    find: '    this.#now.count++;',
    replace: '    this.#now.count = 1;',
    foundBy: 'test/metrics/security-metrics.test.ts',
  },
  {
    name: 'users of a formatted directory are left out',
    file: 'src/broker/bootstrap-checkpoint.ts',
    find: "record.type === 'UserScramCredentialRecord'",
    replace: "record.type !== 'UserScramCredentialRecord' && false",
    foundBy: 'test/cli/kafka-tools/storage.test.ts',
  },
];
