import { api, int16, int32, int53 } from '../schema.ts';

/** Gives a broker a block of producer ids to hand out (KIP-730). */
export const AllocateProducerIds = api(67, 'AllocateProducerIds', {
  versions: '0',
  flexible: '0+',
  request: { brokerId: int32, brokerEpoch: int53.default(-1) },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    producerIdStart: int53,
    producerIdLen: int32,
  },
});
