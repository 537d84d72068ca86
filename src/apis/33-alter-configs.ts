/** Replaces the settings of a resource; settings that the request leaves out return to their defaults. */
import { AlterConfigs } from '../../protocol/apis/33-alter-configs.ts';
import { replaceAll } from '../config/alter.ts';
import {
  alterationParts,
  alterConfigs,
  BROKER_LOGGER,
  invalidRequest,
  refusedResource,
  type ConfigParts,
} from './config-resources.ts';
import { handler } from './handler.ts';

const NOT_OF_LOGGERS = invalidRequest('AlterConfigs cannot change log levels: use IncrementalAlterConfigs');

export const alterWholeConfigs = handler(AlterConfigs, {
  parts: alterationParts,
  forwarded: true,
  handle: ({ resources, validateOnly }, _context, broker: ConfigParts) =>
    alterConfigs(
      resources,
      ({ configs, resourceType }) =>
        () =>
          resourceType === BROKER_LOGGER ? { refusal: NOT_OF_LOGGERS } : replaceAll(configs),
      validateOnly,
      broker,
    ),
  refuse: ({ resources }, errorCode) => ({ responses: resources.map((one) => refusedResource(one, errorCode)) }),
});
