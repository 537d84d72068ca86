/** What requests make of delegation tokens: a result, and records (KIP-48). Times are milliseconds since 1970. PURE. */
import { ErrorCode } from '../../../protocol/errors.ts';
import type { ClusterImage, DelegationToken } from '../../cluster/image.ts';
import type { DraftOf } from '../../cluster/metadata-records.ts';
import type { ServerConfig } from '../../config/server.ts';
import { principalText, USER, type Principal } from '../principal.ts';

type TokenRecord = DraftOf<'DelegationTokenRecord'> | DraftOf<'RemoveDelegationTokenRecord'>;

export interface TokenAlteration<Result> {
  readonly results: Result;
  readonly records: readonly TokenRecord[];
}

export interface NewToken {
  readonly owner: Principal;
  readonly requester: Principal;
  readonly renewers: readonly Principal[];
  /** Not above 0: as long as delegation.token.max.lifetime.ms says. */
  readonly maxLifetimeMs: number;
}

export interface TokenRules {
  readonly nowMs: number;
  readonly config: ServerConfig;
}

/** metadata.version 3.6-IV2. */
const TOKENS_SINCE = 14;

/** Why there can be no such token; NONE where there can. */
export function creationError({ renewers }: Pick<NewToken, 'renewers'>, { features }: ClusterImage): number {
  if (renewers.some(({ type }) => type !== USER)) return ErrorCode.INVALID_PRINCIPAL_TYPE;
  return (features.get('metadata.version') ?? 0) < TOKENS_SINCE ? ErrorCode.UNSUPPORTED_VERSION : ErrorCode.NONE;
}

export function createToken(
  { owner, requester, renewers, maxLifetimeMs }: NewToken,
  tokenId: string,
  { nowMs, config }: TokenRules,
): TokenAlteration<DelegationToken> {
  const maxTimestamp = later(nowMs, atMost(config['delegation.token.max.lifetime.ms'], maxLifetimeMs));
  const token = {
    tokenId,
    owner: principalText(owner),
    requester: principalText(requester),
    renewers: renewers.map(principalText),
    issueTimestamp: nowMs,
    maxTimestamp,
    expirationTimestamp: Math.min(maxTimestamp, later(nowMs, config['delegation.token.expiry.time.ms'])),
  };
  return { results: token, records: [recordOf(token)] };
}

export interface ExpiryResult {
  readonly errorCode: number;
  readonly expiryTimestampMs: number;
}

/** `token`: the one that was asked for. */
export function renewToken(
  token: DelegationToken | undefined,
  periodMs: number,
  by: Principal,
  { nowMs, config }: TokenRules,
): TokenAlteration<ExpiryResult> {
  if (token === undefined) return failed(ErrorCode.DELEGATION_TOKEN_NOT_FOUND);
  if (hasExpired(token, nowMs)) return failed(ErrorCode.DELEGATION_TOKEN_EXPIRED);
  if (!isOwnerOrRenewer(token, principalText(by))) return failed(ErrorCode.DELEGATION_TOKEN_OWNER_MISMATCH);
  return expiringAt(token, later(nowMs, atMost(config['delegation.token.expiry.time.ms'], periodMs)));
}

/** A negative period ends it at once, also where it has expired. */
export function expireToken(
  token: DelegationToken | undefined,
  periodMs: number,
  by: Principal,
  { nowMs }: TokenRules,
): TokenAlteration<ExpiryResult> {
  if (token === undefined) return failed(ErrorCode.DELEGATION_TOKEN_NOT_FOUND);
  if (!isOwnerOrRenewer(token, principalText(by))) return failed(ErrorCode.DELEGATION_TOKEN_OWNER_MISMATCH);
  if (periodMs < 0) {
    const records: TokenRecord[] = [{ type: 'RemoveDelegationTokenRecord', tokenId: token.tokenId }];
    return { results: { errorCode: ErrorCode.NONE, expiryTimestampMs: nowMs }, records };
  }
  if (hasExpired(token, nowMs)) return failed(ErrorCode.DELEGATION_TOKEN_EXPIRED);
  return expiringAt(token, later(nowMs, periodMs));
}

/** Who may see a token without a permission: also who has asked for it. `principal` as 'User:alice'. */
export function isOf(token: DelegationToken, principal: string): boolean {
  return isOwnerOrRenewer(token, principal) || token.requester === principal;
}

/** Who may renew a token, and end it. */
function isOwnerOrRenewer({ owner, renewers }: DelegationToken, principal: string): boolean {
  return owner === principal || renewers.includes(principal);
}

function hasExpired({ maxTimestamp, expirationTimestamp }: DelegationToken, nowMs: number): boolean {
  return maxTimestamp < nowMs || expirationTimestamp < nowMs;
}

function atMost(longestMs: number, askedMs: number): number {
  return askedMs > 0 ? Math.min(longestMs, askedMs) : longestMs;
}

/** At most the end of time: a token may be meant never to expire. */
function later(nowMs: number, periodMs: number): number {
  return Math.min(Number.MAX_SAFE_INTEGER, nowMs + periodMs);
}

function expiringAt(token: DelegationToken, atMs: number): TokenAlteration<ExpiryResult> {
  const expirationTimestamp = Math.min(token.maxTimestamp, atMs);
  return {
    results: { errorCode: ErrorCode.NONE, expiryTimestampMs: expirationTimestamp },
    records: [recordOf({ ...token, expirationTimestamp })],
  };
}

function failed(errorCode: number): TokenAlteration<ExpiryResult> {
  return { results: { errorCode, expiryTimestampMs: 0 }, records: [] };
}

function recordOf({ renewers, ...token }: DelegationToken): TokenRecord {
  return { type: 'DelegationTokenRecord', renewers: [...renewers], ...token };
}
