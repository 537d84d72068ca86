/** How a broker comes into its cluster and goes, and what it asks of the active controller on the way. In virtual time. */
import { beforeEach, describe, expect, test } from 'vitest';
import { CreateTopics } from '../../protocol/apis/19-create-topics.ts';
import { Envelope } from '../../protocol/apis/58-envelope.ts';
import { BrokerRegistration } from '../../protocol/apis/62-broker-registration.ts';
import { BrokerHeartbeat } from '../../protocol/apis/63-broker-heartbeat.ts';
import { requestCodec, responseCodec } from '../../protocol/compile.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { readRequestHeader, writeResponseHeader } from '../../protocol/header.ts';
import { Reader } from '../../protocol/reader.ts';
import type { RequestOf, ResponseDraft } from '../../protocol/schema.ts';
import { Writer } from '../../protocol/writer.ts';
import { emptyImage, type ClusterImage } from '../../src/cluster/image.ts';
import type { RegistrationRequest } from '../../src/cluster/registration.ts';
import { BrokerLifecycle, RegistrationError } from '../../src/peers/broker-lifecycle.ts';
import { ControllerQuorum } from '../../src/peers/controller-quorum.ts';
import { ControllerRequests } from '../../src/peers/controller-requests.ts';
import { addressBytes, EnvelopeForwarder } from '../../src/peers/envelope.ts';
import { nextTurn, VirtualClock } from '../../src/platform/clock.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { seededRandom } from '../../src/platform/random.ts';
import { SimulatedNetwork } from '../simulation/simulated-network.ts';
import { FakeController } from './fake-controller.ts';

type Beat = RequestOf<typeof BrokerHeartbeat>;

const REGISTRATION: RegistrationRequest = {
  id: 7,
  clusterId: 'cluster',
  incarnationId: 'EOxdhpWe4k1rqk_XteAX2w',
  rack: null,
  listeners: [],
  logDirectoryIds: [],
  features: [{ name: 'group.version', minSupportedVersion: 0, maxSupportedVersion: 1 }],
  previousBrokerEpoch: 5,
};
const OTHER = { id: 7, listeners: [{ name: 'PLAINTEXT', host: 'other', port: 9092, securityProtocol: 0 }] };

let clock: VirtualClock;
let network: SimulatedNetwork;
let controller: FakeController;
let quorum: ControllerQuorum;
let requests: ControllerRequests;
let lifecycle: BrokerLifecycle;
let image: ClusterImage;
let offline: readonly string[];
let registration: () => ResponseDraft<typeof BrokerRegistration>;
let heartbeat: (beat: Beat) => ResponseDraft<typeof BrokerHeartbeat>;
const beats: Beat[] = [];

beforeEach(async () => {
  clock = new VirtualClock();
  network = new SimulatedNetwork({ clock, random: seededRandom(1) });
  controller = new FakeController(1, clock);
  await controller.listen(network.of('c1'));
  quorum = new ControllerQuorum([{ host: 'c1', port: 9093 }], clock);
  quorum.found({ host: 'c1', port: 9093 });
  image = emptyImage('cluster');
  beats.length = 0;
  offline = [];
  registration = () => ({ errorCode: ErrorCode.NONE, brokerEpoch: 42 });
  heartbeat = ({ wantFence }) => ({
    errorCode: ErrorCode.NONE,
    isCaughtUp: true,
    isFenced: wantFence,
    shouldShutDown: false,
  });
  controller.answers.set(BrokerRegistration.key, () => registration());
  controller.answers.set(BrokerHeartbeat.key, (beat: Beat) => {
    beats.push(beat);
    return heartbeat(beat);
  });
  requests = new ControllerRequests({ network: network.of('broker'), clock, quorum, clientId: '7' });
  lifecycle = new BrokerLifecycle({
    clock,
    logger: silentLogger,
    requests,
    image: () => image,
    offlineLogDirectories: () => offline,
    settings: () => ({ intervalMs: 2000, sessionTimeoutMs: 9000, registrationTimeoutMs: 60_000 }),
    trouble: () => 'nobody answers',
  });
});

/** Lets time pass until a promise settles. */
async function until<T>(promise: Promise<T>): Promise<T> {
  const state = { isOver: false };
  promise.finally(() => void (state.isOver = true)).catch(() => {});
  for (await nextTurn(); !state.isOver; await clock.advance(10));
  return promise;
}

describe('a broker that comes', () => {
  test('is registered and fenced, and unfenced when it wants to be', async () => {
    await until(lifecycle.register(REGISTRATION));
    expect([lifecycle.brokerEpoch, lifecycle.state]).toEqual([42, 'fenced']);
    await clock.advance(5000);
    expect(beats.map(({ wantFence, brokerEpoch }) => `${wantFence} ${brokerEpoch}`)).toEqual(Array(3).fill('true 42'));
    const unfenced = lifecycle.unfence();
    const beganMs = clock.monotonic();
    await until(unfenced);
    expect(clock.monotonic() - beganMs).toBeLessThan(100); // it does not wait for the next interval
    expect(lifecycle.state).toBe('running');
  });

  test('tells which of its log directories have failed', async () => {
    await until(lifecycle.register(REGISTRATION));
    offline = ['EOxdhpWe4k1rqk_XteAX2w'];
    lifecycle.beatSoon();
    for (let beat = 0; beat < 10; beat++) await clock.advance(10);
    expect(clock.monotonic()).toBeLessThan(1000); // before the next interval
    expect(beats.at(-1)?.offlineLogDirs).toEqual(offline);
  });

  test('is asked again soon while the controller has it fenced', async () => {
    let isCaughtUp = false;
    heartbeat = () => ({ errorCode: 0, isCaughtUp, isFenced: !isCaughtUp, shouldShutDown: false });
    await until(lifecycle.register(REGISTRATION));
    const unfenced = lifecycle.unfence();
    await clock.advance(1000);
    expect(lifecycle.state).toBe('fenced');
    isCaughtUp = true;
    await clock.advance(300);
    expect(lifecycle.state).toBe('running');
    await unfenced;
  });

  test('of another cluster ends at once, and says which', async () => {
    registration = () => ({ errorCode: ErrorCode.INCONSISTENT_CLUSTER_ID });
    await expect(until(lifecycle.register(REGISTRATION))).rejects.toThrow(/belong to cluster cluster/);
  });

  test('waits for the session of its former life to end', async () => {
    registration = () =>
      clock.monotonic() < 8000
        ? { errorCode: ErrorCode.DUPLICATE_BROKER_REGISTRATION }
        : { errorCode: 0, brokerEpoch: 43 };
    await until(lifecycle.register(REGISTRATION));
    expect(lifecycle.brokerEpoch).toBe(43);
  });

  test('whose id is in use ends after a session, and names the owner', async () => {
    registration = () => ({ errorCode: ErrorCode.DUPLICATE_BROKER_REGISTRATION });
    image = { ...image, brokers: new Map([[7, OTHER as never]]) };
    await expect(until(lifecycle.register(REGISTRATION))).rejects.toThrow(
      'node.id 7 is in use by the broker at other:9092',
    );
    expect(clock.monotonic()).toBeLessThan(10_000);
  });

  test('that lacks a feature ends, and says which level is wanted', async () => {
    registration = () => ({ errorCode: ErrorCode.UNSUPPORTED_VERSION });
    image = { ...image, features: new Map([['group.version', 9]]) };
    await expect(until(lifecycle.register(REGISTRATION))).rejects.toThrow('group.version 9 (this broker: 0 to 1)');
  });

  test('finds no controller, and says so after initial.broker.registration.timeout.ms', async () => {
    quorum.lost(null);
    const refused = until(lifecycle.register(REGISTRATION));
    await expect(refused).rejects.toThrow(RegistrationError);
    await expect(refused).rejects.toThrow(/timeout\.ms=60000 \(nobody answers\)/);
    expect(clock.monotonic()).toBeGreaterThanOrEqual(60_000);
  });
});

describe('a broker that goes', () => {
  test('stays until the controller lets it go', async () => {
    await until(lifecycle.register(REGISTRATION));
    await until(lifecycle.unfence());
    let leaderships = 3;
    heartbeat = ({ wantShutDown }) => ({
      errorCode: 0,
      isFenced: false,
      shouldShutDown: wantShutDown && leaderships-- === 0,
    });
    expect(await until(lifecycle.leave())).toBe(true);
    expect(leaderships).toBe(-1);
  });

  test('that nobody answers goes before its supervisor kills it', async () => {
    await until(lifecycle.register(REGISTRATION));
    network.silence('c1', true);
    const beganMs = clock.monotonic();
    expect(await until(lifecycle.leave())).toBe(false);
    expect(clock.monotonic() - beganMs).toBeLessThan(8000);
  });

  test('that the controller cannot let go, as etcd takes no change, goes as soon', async () => {
    await until(lifecycle.register(REGISTRATION));
    await until(lifecycle.unfence());
    heartbeat = ({ wantShutDown }) => ({
      errorCode: wantShutDown ? ErrorCode.UNKNOWN_SERVER_ERROR : ErrorCode.NONE,
      isFenced: false,
      shouldShutDown: false,
    });
    const beganMs = clock.monotonic();
    expect(await until(lifecycle.leave())).toBe(false);
    expect(clock.monotonic() - beganMs).toBeLessThan(8000);
  });

  test('that the controller knows no more goes at once', async () => {
    await until(lifecycle.register(REGISTRATION));
    heartbeat = () => ({ errorCode: ErrorCode.STALE_BROKER_EPOCH, shouldShutDown: false });
    expect(await until(lifecycle.leave())).toBe(true);
  });
});

describe('a request in an envelope', () => {
  const session = { principal: { type: 'User', name: 'alice' }, clientHost: '10.0.0.9' };
  const context = { apiVersion: 7, clientId: 'tool', session };

  function request(): Buffer {
    const writer = new Writer();
    requestCodec(CreateTopics, 7).encode(writer, { topics: [], timeoutMs: 1 });
    return writer.finish();
  }

  /** What the controller answers in the envelope. */
  function response(): Buffer {
    const writer = new Writer();
    writeResponseHeader(writer, CreateTopics, 7, 0);
    responseCodec(CreateTopics, 7).encode(writer, { topics: [] });
    return writer.finish();
  }

  test('tells who has sent it, and comes back as its body', async () => {
    const asked: RequestOf<typeof Envelope>[] = [];
    controller.answers.set(Envelope.key, (envelope: RequestOf<typeof Envelope>) => {
      asked.push(envelope);
      return { errorCode: 0, responseData: response() };
    });
    const answer = await until(new EnvelopeForwarder(requests).forward(CreateTopics, context, request(), 5000));
    expect(responseCodec(CreateTopics, 7).decode(new Reader(answer as Buffer))).toMatchObject({ topics: [] });
    const reader = new Reader(Buffer.from(asked[0].requestData));
    expect(readRequestHeader(reader)).toMatchObject({ apiKey: 19, apiVersion: 7, clientId: 'tool' });
    expect(reader.buffer.subarray(reader.position, reader.end)).toEqual(request());
    expect(Buffer.from(asked[0].clientHostAddress)).toEqual(Buffer.from([10, 0, 0, 9]));
    // Version 0, then type and name as compact strings, no token, no tagged fields.
    expect(Buffer.from(asked[0].requestPrincipal!).toString('latin1')).toBe('\0\0\x05User\x06alice\0\0');
  });

  test('that finds another controller is sent to the next one', async () => {
    const next = new FakeController(2, clock);
    await next.listen(network.of('c2'));
    controller.answers.set(Envelope.key, () => ({ errorCode: ErrorCode.NOT_CONTROLLER }));
    next.answers.set(Envelope.key, () => ({ errorCode: 0, responseData: response() }));
    const answer = new EnvelopeForwarder(requests).forward(CreateTopics, context, request(), 5000);
    clock.after(700, () => quorum.found({ host: 'c2', port: 9093 }));
    expect(Buffer.isBuffer(await until(answer))).toBe(true);
    expect(controller.asked.filter((name) => name === 'Envelope').length).toBeGreaterThan(3);
  });

  test('whose controller dies meanwhile is sent to the next one', async () => {
    network.silence('c1', true);
    const next = new FakeController(2, clock);
    await next.listen(network.of('c2'));
    next.answers.set(Envelope.key, () => ({ errorCode: 0, responseData: response() }));
    const answer = new EnvelopeForwarder(requests).forward(CreateTopics, context, request(), 5000);
    clock.after(500, () => quorum.found({ host: 'c2', port: 9093 }));
    expect(Buffer.isBuffer(await until(answer))).toBe(true);
    expect(clock.monotonic()).toBeLessThan(2000);
  });

  test('that nobody answers has timed out', async () => {
    network.silence('c1', true);
    const answer = new EnvelopeForwarder(requests).forward(CreateTopics, context, request(), 3000);
    expect(await until(answer)).toBe(ErrorCode.REQUEST_TIMED_OUT);
  });

  test('that waits for an active controller is given up at once when the broker ends, and leaves no timer', async () => {
    quorum.lost(null);
    const answer = new EnvelopeForwarder(requests).forward(CreateTopics, context, request(), 30_000);
    await nextTurn();
    requests.close();
    expect(await answer).toBe(ErrorCode.REQUEST_TIMED_OUT);
    expect(clock.waiting).toBe(0);
  });

  test.each([
    ['127.0.0.1', '7f000001'],
    ['::1', '00000000000000000000000000000001'],
    ['fe80::1:2', 'fe800000000000000000000000010002'],
    ['2001:db8:1:2:3:4:5:6', '20010db8000100020003000400050006'],
    ['::ffff:1.2.3.4', '00000000000000000000ffff01020304'],
    ['client', '00000000'],
  ])('has the address %s as %s', (text, hex) => {
    expect(addressBytes(text).toString('hex')).toBe(hex);
  });
});
