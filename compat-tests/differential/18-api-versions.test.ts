import { ApiVersions, DescribeCluster } from '../../protocol/apis/index.ts';
import type { Api, RequestDraft, ResponseOf } from '../../protocol/schema.ts';
import { differential } from './differential.ts';
import type { Side } from './side.ts';

type VersionsSide = typeof ApiVersions extends Api<infer Req, infer Res> ? Side<Req, Res> : never;

const VALID = { clientSoftwareName: 'differential', clientSoftwareVersion: '1.0' };
/** Streams groups: Ottla does not have them, and advertises no API of theirs. */
const ABSENT = new Set([88, 89]);

function record(side: VersionsSide, answer: ResponseOf<typeof ApiVersions> | null): void {
  if (answer === null) return;
  side.record({ ...answer, apiKeys: answer.apiKeys.filter(({ apiKey }) => !ABSENT.has(apiKey)) });
}

const software = (clientSoftwareName: string, clientSoftwareVersion: string) => async (side: VersionsSide) =>
  record(side, await side.look({ clientSoftwareName, clientSoftwareVersion }));

/** A version that nobody has: the answer is one in v0, whatever the body. */
const ofVersion =
  (version: number, ...body: number[]) =>
  async (side: VersionsSide) => {
    const header = Buffer.from([0, 18, version >> 8, version & 0xff, 0, 0, 0, 1, 0, 1, 0x78]);
    record(side, await side.askRaw(Buffer.concat([header, Buffer.from(body)]), 0));
  };

/** What the client says of the broker it means to reach (KIP-1242); in earlier versions it cannot. */
const meaning =
  (meant: (self: { clusterId: string; nodeId: number }) => Partial<RequestDraft<typeof ApiVersions>>) =>
  async (side: VersionsSide) => {
    const { clusterId, brokers } = await side.send(DescribeCluster, { includeClusterAuthorizedOperations: false });
    record(side, await side.look({ ...VALID, ...meant({ clusterId, nodeId: brokers[0].brokerId }) }));
  };

differential(ApiVersions, {
  'this broker': meaning((self) => self),
  'another node of this cluster': meaning(({ clusterId, nodeId }) => ({ clusterId, nodeId: nodeId + 1 })),
  'this node of another cluster': meaning(({ nodeId }) => ({ clusterId: 'another', nodeId })),
  'a cluster without a name': meaning(({ nodeId }) => ({ clusterId: '', nodeId })),
  'a cluster without a node': meaning(({ clusterId }) => ({ clusterId })),
  'a node without a cluster': meaning(({ nodeId }) => ({ nodeId })),
  'a node below zero': meaning(({ clusterId }) => ({ clusterId, nodeId: -2 })),
  'another cluster, without a name of its own': meaning(() => ({
    clusterId: 'another',
    nodeId: 1,
    clientSoftwareName: '',
  })),
  'a client with a name': software('differential', '1.0'),
  'a client without a name': software('', '1.0'),
  'a client without a version': software('differential', ''),
  'a name with a space': software('my client', '1.0'),
  'a name that begins with a dash': software('-client', '1.0'),
  'a name that ends with a dot': software('client.', '1.0'),
  'a name of one letter': software('c', '1'),
  'a name with an umlaut': software('clïent', '1.0'),
  'a long name': software('c'.repeat(300), '1.0'),
  'a version with a plus': software('client', '1+2'),
  twice: async (side) => {
    record(side, await side.look(VALID));
    record(side, await side.look(VALID));
  },
  'version 6': ofVersion(6, 0),
  'version 99': ofVersion(99, 0, 1, 2, 3),
  'version -1': ofVersion(-1),
  'the largest version': ofVersion(0x7fff, 0),
});
