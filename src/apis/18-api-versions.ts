/** Tells a client which API keys and versions this broker answers, computed from the registry of handlers. */
import { ErrorCode } from '../../protocol/errors.ts';
import { requestCodec, responseCodec } from '../../protocol/compile.ts';
import { ApiVersions } from '../../protocol/apis/18-api-versions.ts';
import { includes, type ResponseDraft, type RequestOf } from '../../protocol/schema.ts';
import { supportedFeatures } from '../cluster/features.ts';
import type { Parts } from './broker-parts.ts';
import type { DirectHandler, Handler } from './handler.ts';

/** What a client may call itself, and its version (KIP-511). */
const NAMED_SINCE = 3;
const SOFTWARE_NAME = /^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$/;

/** Before v5, and from v5 on where the client only knows an address. */
const ANY_NODE = -1;

type Broker = Parts<'nodeId' | 'metadata'>;

export function apiVersions(others: readonly Pick<Handler, 'api' | 'advertised'>[]): DirectHandler<Broker> {
  const self = {
    api: ApiVersions,
    versions: ApiVersions.versions,
    advertised: ApiVersions.versions,
    kind: 'direct' as const,
    permissions: { open: 'everybody may know what there is to ask' },
  };
  const apiKeys = [...others, self]
    .flatMap(({ api, advertised }) =>
      advertised === null ? [] : [{ apiKey: api.key, minVersion: advertised.first, maxVersion: advertised.last }],
    )
    .sort((a, b) => a.apiKey - b.apiKey);

  return {
    ...self,
    serve(reader, { apiVersion }, output, broker) {
      if (!includes(ApiVersions.versions, apiVersion)) {
        // The client is newer than this broker: it reads a v0 body, and tries again with a version from it.
        const own = apiKeys.filter(({ apiKey }) => apiKey === ApiVersions.key);
        return responseCodec(ApiVersions, 0).encode(output, { errorCode: ErrorCode.UNSUPPORTED_VERSION, apiKeys: own });
      }
      const request = requestCodec(ApiVersions, apiVersion).decode(reader);
      const errorCode = faultOf(request, apiVersion, broker);
      const response = errorCode === ErrorCode.NONE ? answer(broker, apiVersion, apiKeys) : { errorCode, apiKeys: [] };
      responseCodec(ApiVersions, apiVersion).encode(output, response);
    },
    refuse: (_request, errorCode): ResponseDraft<typeof ApiVersions> => ({ errorCode, apiKeys: [] }),
  };
}

function faultOf(request: RequestOf<typeof ApiVersions>, apiVersion: number, broker: Broker): number {
  const { clusterId, nodeId, clientSoftwareName, clientSoftwareVersion } = request;
  if ((clusterId === null) !== (nodeId === ANY_NODE)) return ErrorCode.INVALID_REQUEST;
  const isNamed = [clientSoftwareName, clientSoftwareVersion].every((text) => SOFTWARE_NAME.test(text));
  if (apiVersion >= NAMED_SINCE && !isNamed) return ErrorCode.INVALID_REQUEST;
  // The address belongs to another broker by now: what the client knows of the cluster is out of date (KIP-1242).
  const isMeant = clusterId === null || (clusterId === broker.metadata.image.clusterId && nodeId === broker.nodeId);
  return isMeant ? ErrorCode.NONE : ErrorCode.REBOOTSTRAP_REQUIRED;
}

function answer(
  { metadata: { image } }: Broker,
  apiVersion: number,
  apiKeys: ResponseDraft<typeof ApiVersions>['apiKeys'],
): ResponseDraft<typeof ApiVersions> {
  return {
    errorCode: ErrorCode.NONE,
    apiKeys,
    // Clients of v3 refuse a feature whose minimum is 0 (KIP-1022).
    supportedFeatures: supportedFeatures.filter(({ minVersion }) => apiVersion >= 4 || minVersion > 0),
    finalizedFeaturesEpoch: image.revision,
    finalizedFeatures: [...image.features].map(([name, level]) => ({
      name,
      minVersionLevel: level,
      maxVersionLevel: level,
    })),
  };
}
