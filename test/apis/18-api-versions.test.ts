import { describe, expect, test } from 'vitest';
import { ApiVersions } from '../../protocol/apis/18-api-versions.ts';
import { requestCodec, responseCodec } from '../../protocol/compile.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { Reader } from '../../protocol/reader.ts';
import type { RequestDraft, ResponseOf } from '../../protocol/schema.ts';
import { Writer } from '../../protocol/writer.ts';
import { apiVersions } from '../../src/apis/18-api-versions.ts';
import { handlers } from '../../src/apis/index.ts';
import { versionsOf } from '../protocol/tables.ts';
import { contextOf } from './request-context.ts';
import { TopicBroker } from './topic-broker.ts';

const LAST = ApiVersions.versions.last;
const { controller } = await TopicBroker.start();
const CLIENT = { clientSoftwareName: 'a-client', clientSoftwareVersion: '1.2.3' };

function ask(
  version: number,
  request: RequestDraft<typeof ApiVersions> = CLIENT,
  readAs = version,
): ResponseOf<typeof ApiVersions> {
  const others = handlers.filter(({ api }) => api.key !== ApiVersions.key);
  const input = new Writer();
  if (version <= LAST) requestCodec(ApiVersions, version).encode(input, request);
  const output = new Writer();
  const parts = { metadata: controller, nodeId: 1 };
  void apiVersions(others).serve(new Reader(input.finish()), contextOf({ apiVersion: version }), output, parts);
  const reader = new Reader(output.finish());
  const response = responseCodec(ApiVersions, readAs).decode(reader);
  expect(reader.remaining()).toBe(0);
  return response;
}

describe.each(versionsOf(ApiVersions.request))('ApiVersions v%i', (version) => {
  test('lists every handler there is, by key, and itself', () => {
    const { errorCode, apiKeys } = ask(version);
    expect(errorCode).toBe(0);
    const expected = handlers.flatMap(({ api, advertised }) =>
      advertised === null ? [] : [{ apiKey: api.key, minVersion: advertised.first, maxVersion: advertised.last }],
    );
    expect(apiKeys).toEqual(expected.sort((a, b) => a.apiKey - b.apiKey));
    expect(apiKeys).toContainEqual({ apiKey: 18, minVersion: 0, maxVersion: LAST });
    // librdkafka before 2.8 takes a minimum above 2 to mean that there are no compression codecs.
    expect(apiKeys[0]).toMatchObject({ apiKey: 0, minVersion: 0 });
  });

  test('tells features from v3 on, and none that begin at 0 before v4', () => {
    const { supportedFeatures, finalizedFeatures } = ask(version);
    const names = [supportedFeatures, finalizedFeatures].map((features) =>
      features.some(({ name }) => name === 'metadata.version'),
    );
    expect(names).toEqual([version >= 3, version >= 3]);
    expect(supportedFeatures.some(({ minVersion }) => minVersion === 0)).toBe(version >= 4);
  });
});

test.each([6, 7, 99, 0x7fff])('a client that is newer, asking in v%i, is told in v0 what it may use', (version) => {
  const { errorCode, apiKeys } = ask(version, CLIENT, 0);
  expect([errorCode, apiKeys]).toEqual([
    ErrorCode.UNSUPPORTED_VERSION,
    [{ apiKey: 18, minVersion: 0, maxVersion: LAST }],
  ]);
});

test.each(['', '-client', 'client-', 'two words', 'ümlaut', 'a\nb'])(
  'a client that calls itself %j is refused from v3 on',
  (name) => {
    for (const part of ['clientSoftwareName', 'clientSoftwareVersion'] as const) {
      expect(ask(3, { ...CLIENT, [part]: name })).toMatchObject({ errorCode: ErrorCode.INVALID_REQUEST });
    }
  },
);

describe('a client that says from v5 on which broker it means to reach (KIP-1242)', () => {
  const { clusterId } = controller.image;

  test.each([
    ['this one', { clusterId, nodeId: 1 }, ErrorCode.NONE],
    ['none in particular', { clusterId: null, nodeId: -1 }, ErrorCode.NONE],
    ['another node of this cluster', { clusterId, nodeId: 2 }, ErrorCode.REBOOTSTRAP_REQUIRED],
    ['this node of another cluster', { clusterId: 'another', nodeId: 1 }, ErrorCode.REBOOTSTRAP_REQUIRED],
    ['a cluster without a node', { clusterId, nodeId: -1 }, ErrorCode.INVALID_REQUEST],
    ['a node without a cluster', { clusterId: null, nodeId: 1 }, ErrorCode.INVALID_REQUEST],
  ])('%s', (_case, meant, expected) => {
    const { errorCode, apiKeys } = ask(5, { ...CLIENT, ...meant });
    expect([errorCode, apiKeys.length > 0]).toEqual([expected, expected === ErrorCode.NONE]);
  });

  test('is asked for its name first', () => {
    expect(ask(5, { clientSoftwareName: '', clusterId: 'another', nodeId: 1 })).toMatchObject({
      errorCode: ErrorCode.INVALID_REQUEST,
    });
  });
});
