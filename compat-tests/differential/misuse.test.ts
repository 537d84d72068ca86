import { Heartbeat } from '../../protocol/apis/index.ts';
import type { Api } from '../../protocol/schema.ts';
import { differential } from './differential.ts';
import type { Side } from './side.ts';

type BeatSide = typeof Heartbeat extends Api<infer Req, infer Res> ? Side<Req, Res> : never;

/** A heartbeat as bytes, made wrong; then a sound one, which shows whether the connection was closed. */
function wrong(make: (request: Buffer, side: BeatSide) => Buffer) {
  return async (side: BeatSide) => {
    const sound = side.encode({ groupId: side.name('none'), generationId: 1, memberId: 'm' });
    side.record(await side.askRaw(make(Buffer.from(sound), side)));
    side.record(await side.askRaw(sound));
  };
}

const withKey = (apiKey: number, version?: number) =>
  wrong((request, side) => {
    request.writeInt16BE(apiKey, 0);
    request.writeInt16BE(version ?? side.version, 2);
    return request;
  });

differential(Heartbeat, {
  'a sound request': wrong((request) => request),
  'API key 4': withKey(4),
  'API key 7': withKey(7),
  'API key 500': withKey(500),
  'API key -1': withKey(-1),
  'version 99': withKey(12, 99),
  'version -1': withKey(12, -1),
  'Produce of version 2': withKey(0, 2),
  'Produce of version 0': withKey(0, 0),
  'Fetch of version 3': withKey(1, 3),
  'a byte behind the request': wrong((request) => Buffer.concat([request, Buffer.of(0)])),
  'many bytes behind the request': wrong((request) => Buffer.concat([request, Buffer.alloc(1000, 7)])),
  'the last byte missing': wrong((request) => request.subarray(0, -1)),
  'half the request missing': wrong((request) => request.subarray(0, request.length >> 1)),
  'only a header': wrong((request) => request.subarray(0, 8)),
  'three bytes': wrong((request) => request.subarray(0, 3)),
  nothing: wrong(() => Buffer.alloc(0)),
  'a client id longer than the request': wrong((request) => {
    request.writeInt16BE(0x7fff, 8);
    return request;
  }),
  'no client id': wrong((request, side) => {
    const [before, after] = [request.subarray(0, 8), request.subarray(10 + 'differential'.length)];
    return side.version < 0 ? request : Buffer.concat([before, Buffer.from([0xff, 0xff]), after]);
  }),
});
