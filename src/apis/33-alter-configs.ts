/** Replaces a resource's settings by those given; what is left out goes back to its default. */
import { AlterConfigs } from '../../protocol/apis/33-alter-configs.ts';
import { replaceAll } from '../config/alter.ts';
import { alterConfigs, BROKER_LOGGER, invalidRequest, type ConfigParts } from './config-resources.ts';
import { handler } from './handler.ts';

const NOT_OF_LOGGERS = invalidRequest('The levels of loggers are changed one by one: use IncrementalAlterConfigs');

export const alterWholeConfigs = handler(AlterConfigs, {
  handle: ({ resources, validateOnly }, _context, broker: ConfigParts) =>
    alterConfigs(
      resources,
      ({ configs, resourceType }) =>
        () =>
          resourceType === BROKER_LOGGER ? { refusal: NOT_OF_LOGGERS } : replaceAll(configs),
      validateOnly,
      broker,
    ),
  refuse: ({ resources }, errorCode) => ({
    responses: resources.map(({ resourceType, resourceName }) => ({
      errorCode,
      errorMessage: null,
      resourceType,
      resourceName,
    })),
  }),
});
