/** Replaces the settings of a resource; settings that the request leaves out return to their defaults. */
import { AlterConfigs } from '../../protocol/apis/33-alter-configs.ts';
import { replaceAll } from '../config/alter.ts';
import {
  alterationParts,
  alterConfigs,
  BROKER_LOGGER,
  divideConfigs,
  invalidRequest,
  joinConfigs,
  refusedResource,
  type Alteration,
  type ConfigParts,
} from './config-resources.ts';
import { handler } from './handler.ts';

const NOT_OF_LOGGERS = invalidRequest('AlterConfigs cannot change log levels: use IncrementalAlterConfigs');

interface Replaced {
  readonly resourceType: number;
  readonly configs: Parameters<typeof replaceAll>[0];
}

const alteration =
  ({ configs, resourceType }: Replaced): Alteration =>
  () =>
    resourceType === BROKER_LOGGER ? { refusal: NOT_OF_LOGGERS } : replaceAll(configs);

export const alterWholeConfigs = handler(AlterConfigs, {
  parts: alterationParts,
  forwarded: {
    async divide({ resources, validateOnly }, broker: ConfigParts) {
      const { here, there } = await divideConfigs(resources, alteration, validateOnly, broker);
      return {
        here: here.length === 0 ? null : { resources: here, validateOnly },
        there: here.length > 0 && there.length === 0 ? null : { resources: there, validateOnly },
      };
    },
    join: ({ resources }, here, there) => ({
      ...there,
      responses: joinConfigs(resources, here.responses, there.responses),
    }),
  },
  handle: ({ resources, validateOnly }, _context, broker: ConfigParts) =>
    alterConfigs(resources, alteration, validateOnly, broker),
  refuse: ({ resources }, errorCode) => ({ responses: resources.map((one) => refusedResource(one, errorCode)) }),
});
