/** What a broker in a cluster does with requests that the active controller answers. */
import { expect, test } from 'vitest';
import { CreateTopics } from '../../protocol/apis/19-create-topics.ts';
import { IncrementalAlterConfigs } from '../../protocol/apis/44-incremental-alter-configs.ts';
import { requestCodec, responseCodec } from '../../protocol/compile.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { writeRequestHeader } from '../../protocol/header.ts';
import { InvalidRequest, Reader } from '../../protocol/reader.ts';
import type { AnyApi, Api, Draft, Fields, Values } from '../../protocol/schema.ts';
import { Writer } from '../../protocol/writer.ts';
import type { BrokerParts } from '../../src/apis/broker-parts.ts';
import { handlers } from '../../src/apis/index.ts';
import { emptyImage } from '../../src/cluster/image.ts';
import { effectiveConfig } from '../../src/config/layers.ts';
import { Dispatcher } from '../../src/net/dispatch.ts';
import type { Forwarder } from '../../src/net/forwarder.ts';
import { RequestContexts } from '../../src/net/request-contexts.ts';
import { StagedResponses } from '../../src/net/staged-responses.ts';
import { lineLogger } from '../../src/platform/logger.ts';
import type { StoreChanges } from '../../src/security/tls/store-changes.ts';
import { sessionOf } from '../apis/request-context.ts';

const VERSION = { [CreateTopics.key]: 7, [IncrementalAlterConfigs.key]: 1 };
const LOGGER = { resourceType: 8, resourceName: '1', configs: [{ name: 'root', configOperation: 0, value: 'INFO' }] };
const TOPIC = { resourceType: 2, resourceName: 'orders', configs: [] };

const layers = { static: new Map<string, string>(), cluster: new Map(), broker: new Map() };
/** Of a broker that has no controller. */
const parts = {
  nodeId: 1,
  logger: lineLogger(
    'warn',
    () => {},
    () => 0,
  ),
  config: effectiveConfig(layers),
  layers,
  metadata: { image: emptyImage('c'), onChange: () => {} },
} as unknown as BrokerParts;

interface Asked {
  readonly api: string;
  readonly body: Buffer;
  readonly timeoutMs: number;
}

/** A controller that answers every request with `answer`. */
function controller(answer: Buffer | number): Forwarder & { readonly asked: Asked[] } {
  const asked: Asked[] = [];
  return {
    asked,
    forward({ name }, _context, body, timeoutMs) {
      asked.push({ api: name, body: Buffer.from(body), timeoutMs });
      return Promise.resolve(answer);
    },
  };
}

function bodyOf<Req extends Fields>(api: Api<Req, Fields>, request: Draft<Req>): Buffer {
  const writer = new Writer();
  requestCodec(api, VERSION[api.key]).encode(writer, request);
  return writer.finish();
}

function responseOf<Res extends Fields>(api: Api<Fields, Res>, response: Draft<Res>): Buffer {
  const writer = new Writer();
  responseCodec(api, VERSION[api.key]).encode(writer, response);
  return writer.finish();
}

async function dispatch<Req extends Fields, Res extends Fields>(
  api: Api<Req, Res>,
  body: Buffer,
  forwarder: Forwarder,
  more: { readonly storeChanges?: Pick<StoreChanges, 'concern' | 'faultOf'>; readonly errorCode?: number } = {},
): Promise<Values<Res>> {
  const { storeChanges, errorCode = 0 } = more;
  const dispatcher = new Dispatcher({
    handlers,
    parts: { ...parts, storeChanges } as BrokerParts,
    settle: () => {},
    forwarder,
  });
  const access = { errorOf: () => errorCode, operationsOn: () => 0 };
  const input = new Writer();
  writeRequestHeader(input, api, VERSION[api.key], 7, 'client');
  input.bytes(body);
  const frame = input.finish();
  const answer = dispatcher.dispatch(
    new Reader(frame),
    new RequestContexts(1, sessionOf(), { accessOf: () => access }),
    new Writer(),
    new StagedResponses(dispatcher),
  );
  frame.fill(0xff); // as the next request of the connection
  const output = new Writer();
  (await (answer as Promise<(output: Writer) => void>))(output);
  return responseCodec(api, VERSION[api.key]).decode(new Reader(output.finish().subarray(4 + 4 + 1)));
}

const topic = { name: 'orders', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };

test('a request that changes the cluster goes to the controller as it came, and its response comes back so', async () => {
  const created = responseOf(CreateTopics, {
    topics: [{ name: 'orders', errorCode: 0, errorMessage: null, numPartitions: 3 }],
  });
  const active = controller(created);
  const body = bodyOf(CreateTopics, { topics: [topic], timeoutMs: 5000 });
  const response = await dispatch(CreateTopics, Buffer.from(body), active);
  expect(response.topics).toMatchObject([{ name: 'orders', errorCode: 0, numPartitions: 3 }]);
  expect(active.asked).toEqual([{ api: 'CreateTopics', body, timeoutMs: 5000 }]);
});

test('where no controller answers in time the request is refused as a whole', async () => {
  const body = bodyOf(CreateTopics, { topics: [topic], timeoutMs: 5000 });
  const response = await dispatch(CreateTopics, body, controller(ErrorCode.REQUEST_TIMED_OUT));
  expect(response.topics).toMatchObject([{ name: 'orders', errorCode: ErrorCode.REQUEST_TIMED_OUT }]);
});

test('no request waits longer than request.timeout.ms', async () => {
  const active = controller(ErrorCode.REQUEST_TIMED_OUT);
  await dispatch(CreateTopics, bodyOf(CreateTopics, { topics: [topic], timeoutMs: 600_000 }), active);
  expect(active.asked[0].timeoutMs).toBe(30_000);
});

test('a malformed request is not forwarded: its connection ends', async () => {
  const active = controller(0);
  await expect(dispatch(CreateTopics, Buffer.from([0xff, 0xff]), active)).rejects.toThrow(InvalidRequest);
  expect(active.asked).toEqual([]);
});

test('levels of loggers are set here, all else in one request is the controller’s, and is answered in its order', async () => {
  const active = controller(
    responseOf(IncrementalAlterConfigs, {
      responses: [{ errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, errorMessage: 'no', ...nameOf(TOPIC) }],
    }),
  );
  const body = bodyOf(IncrementalAlterConfigs, { resources: [LOGGER, TOPIC], validateOnly: true });
  const { responses } = await dispatch(IncrementalAlterConfigs, body, active);
  expect(active.asked.map(({ body: asked }) => asked)).toEqual([
    bodyOf(IncrementalAlterConfigs, { resources: [TOPIC], validateOnly: true }),
  ]);
  expect(responses.map(({ errorCode, resourceName }) => [errorCode, resourceName])).toEqual([
    [0, '1'],
    [ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, 'orders'],
  ]);
});

test('what was set here stays answered where the controller cannot be reached', async () => {
  const body = bodyOf(IncrementalAlterConfigs, { resources: [LOGGER, TOPIC], validateOnly: true });
  const { responses } = await dispatch(IncrementalAlterConfigs, body, controller(ErrorCode.REQUEST_TIMED_OUT));
  expect(responses.map(({ errorCode }) => errorCode)).toEqual([0, ErrorCode.REQUEST_TIMED_OUT]);
});

test('a request for loggers alone asks no controller', async () => {
  const active = controller(0);
  const body = bodyOf(IncrementalAlterConfigs, { resources: [LOGGER], validateOnly: false });
  const { responses } = await dispatch(IncrementalAlterConfigs, body, active);
  expect([responses[0].errorCode, active.asked]).toEqual([0, []]);
});

test.each([
  [ErrorCode.NONE, 1, ErrorCode.INVALID_REQUEST],
  [ErrorCode.CLUSTER_AUTHORIZATION_FAILED, 0, ErrorCode.CLUSTER_AUTHORIZATION_FAILED],
])('stores are tried here for a client that may change them alone: %d', async (mayNot, tries, answered) => {
  const configs = [{ name: 'listener.name.ssl.ssl.keystore.location', configOperation: 0, value: '/dev/zero' }];
  const own = { resourceType: 4, resourceName: '1', configs };
  let tried = 0;
  const faultOf = () => Promise.resolve(`try ${++tried} failed`);
  const active = controller(
    responseOf(IncrementalAlterConfigs, {
      responses: [{ errorCode: ErrorCode.CLUSTER_AUTHORIZATION_FAILED, errorMessage: null, ...nameOf(own) }],
    }),
  );
  const body = bodyOf(IncrementalAlterConfigs, { resources: [own], validateOnly: true });
  const { responses } = await dispatch(IncrementalAlterConfigs, body, active, {
    storeChanges: { concern: () => true, faultOf },
    errorCode: mayNot,
  });
  expect([Math.min(tried, 1), responses[0].errorCode]).toEqual([tries, answered]);
  expect(active.asked).toHaveLength(1 - tries);
});

test('the APIs that Kafka’s brokers forward are forwarded', () => {
  const forwarded = handlers.filter((each) => each.kind === 'table' && each.forwarded !== false);
  expect(forwarded.map(({ api }: { api: AnyApi }) => api.key).sort((a, b) => a - b)).toEqual([
    19, 20, 30, 31, 33, 37, 38, 39, 40, 43, 44, 45, 46, 49, 51, 55, 57, 64, 80, 81, 94,
  ]);
});

function nameOf({ resourceType, resourceName }: { resourceType: number; resourceName: string }) {
  return { resourceType, resourceName };
}
