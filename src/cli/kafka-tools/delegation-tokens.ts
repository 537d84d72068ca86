/** `kafka-delegation-tokens`: creates, renews, expires and describes delegation tokens, in the words of Kafka's own tool. */
import { CreateDelegationToken } from '../../../protocol/apis/38-create-delegation-token.ts';
import { RenewDelegationToken } from '../../../protocol/apis/39-renew-delegation-token.ts';
import { ExpireDelegationToken } from '../../../protocol/apis/40-expire-delegation-token.ts';
import { DescribeDelegationToken } from '../../../protocol/apis/41-describe-delegation-token.ts';
import type { ResponseOf } from '../../../protocol/schema.ts';
import type { Cluster } from '../client/cluster.ts';
import { refuse } from '../client/failure.ts';
import { printLine, type Terminal } from '../terminal.ts';
import { UsageError } from '../usage.ts';
import { onCluster } from './cluster.ts';
import { readFlags, type Flags, type FlagTable } from './flags.ts';

export const FLAGS: FlagTable = {
  create: 'switch',
  renew: 'switch',
  expire: 'switch',
  describe: 'switch',
  'owner-principal': 'list',
  'renewer-principal': 'list',
  'max-life-time-period': 'value',
  'renew-time-period': 'value',
  'expiry-time-period': 'value',
  hmac: 'value',
};

const USES = {
  create: ['owner-principal', 'renewer-principal', 'max-life-time-period'],
  renew: ['hmac', 'renew-time-period'],
  expire: ['hmac', 'expiry-time-period'],
  describe: ['owner-principal'],
} as const;

type Token = ResponseOf<typeof DescribeDelegationToken>['tokens'][number];

export async function delegationTokens(args: readonly string[], terminal: Terminal): Promise<number> {
  const flags = readFlags(args, FLAGS);
  const action = flags.oneOf(['create', 'renew', 'expire', 'describe']);
  flags.only(action, USES[action]);
  flags.need('command-config'); // tokens are for clients that prove who they are
  await onCluster(terminal, flags, (cluster) => ACTIONS[action](cluster, flags, terminal));
  return 0;
}

const ACTIONS = { create, renew, expire, describe };

async function create(cluster: Cluster, flags: Flags, terminal: Terminal): Promise<void> {
  const maxLifetimeMs = millis(flags, 'max-life-time-period');
  const renewers = principals(flags, 'renewer-principal');
  const [owner] = principals(flags, 'owner-principal');
  const said = `renewers :${listed(renewers)} , max-life-time-period :${maxLifetimeMs}`;
  await printLine(terminal, `Calling create token operation with ${said}`);
  const answer = await cluster.sendToController(
    CreateDelegationToken,
    {
      ownerPrincipalType: owner?.principalType ?? null,
      ownerPrincipalName: owner?.principalName ?? null,
      renewers,
      maxLifetimeMs,
    },
    ({ errorCode }) => refuse('the token', errorCode, null),
  );
  const { issueTimestampMs, expiryTimestampMs, maxTimestampMs, ...token } = answer;
  await printLine(terminal, `Created delegation token with tokenId : ${token.tokenId}`);
  const times = {
    issueTimestamp: issueTimestampMs,
    expiryTimestamp: expiryTimestampMs,
    maxTimestamp: maxTimestampMs,
  };
  await printTokens(terminal, [{ ...token, ...times, renewers }]);
}

async function renew(cluster: Cluster, flags: Flags, terminal: Terminal): Promise<void> {
  const renewPeriodMs = millis(flags, 'renew-time-period');
  const hmac = flags.need('hmac');
  await printLine(terminal, `Calling renew token operation with hmac :${hmac} , renew-time-period :${renewPeriodMs}`);
  const { expiryTimestampMs } = await cluster.sendToController(
    RenewDelegationToken,
    { hmac: hmacBytes(hmac), renewPeriodMs },
    ({ errorCode }) => refuse('the token', errorCode, null),
  );
  await printLine(terminal, `Completed renew operation. New expiry date : ${dateText(expiryTimestampMs)}`);
}

async function expire(cluster: Cluster, flags: Flags, terminal: Terminal): Promise<void> {
  const expiryTimePeriodMs = millis(flags, 'expiry-time-period');
  const hmac = flags.need('hmac');
  const said = `hmac :${hmac} , expire-time-period :${expiryTimePeriodMs}`;
  await printLine(terminal, `Calling expire token operation with ${said}`);
  const { expiryTimestampMs } = await cluster.sendToController(
    ExpireDelegationToken,
    { hmac: hmacBytes(hmac), expiryTimePeriodMs },
    ({ errorCode }) => refuse('the token', errorCode, null),
  );
  await printLine(terminal, `Completed expire operation. New expiry date : ${dateText(expiryTimestampMs)}`);
}

async function describe(cluster: Cluster, flags: Flags, terminal: Terminal): Promise<void> {
  const owners = principals(flags, 'owner-principal');
  await printLine(
    terminal,
    owners.length === 0
      ? 'Calling describe token operation for current user.'
      : `Calling describe token operation for owners: ${listed(owners)}`,
  );
  const asked = owners.length === 0 ? null : owners;
  const { errorCode, tokens } = await cluster.sendAny(DescribeDelegationToken, { owners: asked });
  refuse('the tokens', errorCode, null);
  await printLine(terminal, `Total number of tokens : ${tokens.length}`);
  await printTokens(terminal, tokens);
}

interface Principal {
  readonly principalType: string;
  readonly principalName: string;
}

function principals(flags: Flags, flag: string): Principal[] {
  return flags.all(flag).map((given) => {
    const [, principalType, principalName] = /^([^:]*):(.+)$/s.exec(given.trim()) ?? [];
    if (principalName !== undefined) return { principalType, principalName };
    throw new UsageError(`--${flag} ${given}: write it with its type, as User:${given}`);
  });
}

function textOf({ principalType, principalName }: Principal): string {
  return `${principalType}:${principalName}`;
}

function listed(all: readonly Principal[]): string {
  return `[${all.map(textOf).join(', ')}]`;
}

function millis(flags: Flags, flag: string): number {
  const value = flags.number(flag);
  return value ?? Number(flags.need(flag));
}

function hmacBytes(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length > 0 && bytes.toString('base64') === text) return bytes;
  throw new UsageError(`--hmac ${text}: write it in base64, as --describe shows it`);
}

const WIDTHS = [15, 30, 15, 15, 25, 15, 15, 15];
const HEADING = ['TOKENID', 'HMAC', 'OWNER', 'REQUESTER', 'RENEWERS', 'ISSUEDATE', 'EXPIRYDATE', 'MAXDATE'];

/** With an empty line before each, as Kafka's. */
async function printTokens(terminal: Terminal, tokens: readonly Token[]): Promise<void> {
  const rows = tokens.map((token) => [
    token.tokenId,
    Buffer.from(token.hmac).toString('base64'),
    textOf(token),
    textOf({ principalType: token.tokenRequesterPrincipalType, principalName: token.tokenRequesterPrincipalName }),
    listed(token.renewers),
    dateText(token.issueTimestamp),
    dateText(token.expiryTimestamp),
    dateText(token.maxTimestamp),
  ]);
  for (const row of [HEADING, ...rows]) {
    await printLine(terminal, `\n${row.map((cell, at) => cell.padEnd(WIDTHS[at])).join(' ')}`);
  }
}

/** By the clock on the wall of this machine, as Kafka's. */
function dateText(ms: number): string {
  const date = new Date(ms);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-');
  return `${day}T${two(date.getHours())}:${two(date.getMinutes())}`;
}
