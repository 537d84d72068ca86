/** Changes the settings of a resource that the request names, and keeps the others (KIP-339). */
import { IncrementalAlterConfigs } from '../../protocol/apis/44-incremental-alter-configs.ts';
import { applyOperations } from '../config/alter.ts';
import { alterConfigs, type ConfigParts } from './config-resources.ts';
import { handler } from './handler.ts';

export const incrementalAlterConfigs = handler(IncrementalAlterConfigs, {
  handle: ({ resources, validateOnly }, _context, broker: ConfigParts) =>
    alterConfigs(
      resources,
      ({ configs }) =>
        (current, rowOf, inForce) =>
          applyOperations(current, configs, rowOf, inForce),
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
