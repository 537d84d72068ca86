/** The stages between a request and its handler that security fills: what each can do, and in which order they are asked. */
import { expect, test } from 'vitest';
import { Heartbeat } from '../../protocol/apis/12-heartbeat.ts';
import { Produce } from '../../protocol/apis/00-produce.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { requestCodec, responseCodec } from '../../protocol/compile.ts';
import { writeRequestHeader } from '../../protocol/header.ts';
import { Reader } from '../../protocol/reader.ts';
import { Writer } from '../../protocol/writer.ts';
import type { BrokerParts } from '../../src/apis/broker-parts.ts';
import { handler, type StagingHandler } from '../../src/apis/handler.ts';
import { Dispatcher } from '../../src/net/dispatch.ts';
import { RequestContexts } from '../../src/net/request-contexts.ts';
import { StagedResponses } from '../../src/net/staged-responses.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { read, type Need, type Needed } from '../../src/security/needs.ts';
import type { Session } from '../../src/security/session.ts';
import type { Authorizer, SecurityStages } from '../../src/security/stages.ts';
import { sessionOf } from '../apis/request-context.ts';

const HEADER_BYTES = 4 + 4 + 1; // size, correlation id, tagged fields
const ALICE = sessionOf({ principal: { type: 'User', name: 'alice' } });

function authorizerOf(errorOf: (session: Session, needed: Needed) => number): Authorizer {
  return { accessOf: (session) => ({ errorOf: (needed) => errorOf(session, needed), operationsOn: () => 0 }) };
}

/** Dispatches a Heartbeat v4; answers what the client reads of it. */
function heartbeat(stages: Partial<SecurityStages>, asked: string[] = []) {
  const heartbeats = handler(Heartbeat, {
    needs: ({ groupId }) => read.group(groupId),
    handle: ({ groupId }, { session }) => {
      asked.push(`handle ${groupId} of ${session.principal.name}`);
      return { errorCode: ErrorCode.NONE };
    },
    refuse: (_request, errorCode) => ({ errorCode }),
  });
  const dispatcher = new Dispatcher({
    handlers: [heartbeats],
    parts: { logger: silentLogger } as BrokerParts,
    settle: () => {},
    security: { authorizer: null, quotas: null, ...stages },
  });
  const input = new Writer();
  writeRequestHeader(input, Heartbeat, 4, 1, 'client');
  requestCodec(Heartbeat, 4).encode(input, { groupId: 'g', generationId: 1, memberId: 'm', groupInstanceId: null });
  const output = new Writer();
  const result = dispatcher.dispatch(
    new Reader(input.finish()),
    new RequestContexts(1, ALICE, stages.authorizer ?? null),
    output,
    new StagedResponses(dispatcher),
  );
  expect(result).toBeUndefined();
  return responseCodec(Heartbeat, 4).decode(new Reader(output.finish().subarray(HEADER_BYTES)));
}

test('without security a request is handled, and its client not throttled', () => {
  expect(heartbeat({})).toEqual({ errorCode: ErrorCode.NONE, throttleTimeMs: 0 });
});

test('the stages are asked in their order, and told who asks for what', () => {
  const asked: string[] = [];
  const answer = heartbeat(
    {
      authorizer: authorizerOf((session, needed) => {
        asked.push(`authorised? ${session.principal.name} ${(needed as Need).name}`);
        return ErrorCode.NONE;
      }),
      quotas: {
        begin: () => 0,
        account: ({ principal }, clientId) => {
          asked.push(`account ${principal.name} ${clientId}`);
          return 250;
        },
      },
    },
    asked,
  );
  expect(asked).toEqual(['authorised? alice g', 'handle g of alice', 'account alice client']);
  expect(answer).toEqual({ errorCode: ErrorCode.NONE, throttleTimeMs: 250 });
});

test('a request that is not authorised is answered with the error, accounted for and not handled', () => {
  const asked: string[] = [];
  const authorizer = authorizerOf(() => ErrorCode.GROUP_AUTHORIZATION_FAILED);
  const answer = heartbeat({ authorizer, quotas: { begin: () => 0, account: () => 7 } }, asked);
  expect(answer).toEqual({ errorCode: ErrorCode.GROUP_AUTHORIZATION_FAILED, throttleTimeMs: 7 });
  expect(asked).toEqual([]);
});

test('a staged response tells for how long its client is throttled', () => {
  const told: number[] = [];
  const produce: StagingHandler = {
    kind: 'staging',
    api: Produce,
    versions: Produce.versions,
    advertised: Produce.versions,
    permissions: { open: 'a test' },
    stage: () => ({
      leavesAtOnce: true,
      isParked: false,
      settled: () => null,
      encode: (_output, ms) => void told.push(ms),
    }),
    refuse: () => ({}),
  };
  const dispatcher = new Dispatcher({
    handlers: [produce],
    parts: { logger: silentLogger } as BrokerParts,
    settle: () => {},
    security: { authorizer: null, quotas: { begin: () => 0, account: () => 99 } },
  });
  const input = new Writer();
  writeRequestHeader(input, Produce, 9, 1, 'client');
  const staged = new StagedResponses(dispatcher);
  void dispatcher.dispatch(new Reader(input.finish()), new RequestContexts(1, ALICE), new Writer(), staged);
  staged.settle();
  expect(staged.encode(new Writer())).toBeNull();
  expect(told).toEqual([99]);
});
