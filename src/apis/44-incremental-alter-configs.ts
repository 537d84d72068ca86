/** Changes the settings of a resource that the request names, and keeps the others (KIP-339). */
import { IncrementalAlterConfigs } from '../../protocol/apis/44-incremental-alter-configs.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { applyOperations } from '../config/alter.ts';
import { alterationParts, alterConfigs, BROKER_LOGGER, refusedResource, type ConfigParts } from './config-resources.ts';
import { handler } from './handler.ts';

/** Levels of loggers are this process's own, and stay in it; all else is the cluster's. */
export const incrementalAlterConfigs = handler(IncrementalAlterConfigs, {
  parts: alterationParts,
  forwarded: {
    divide({ resources, validateOnly }) {
      const loggers = resources.filter(({ resourceType }) => resourceType === BROKER_LOGGER);
      const others = resources.filter(({ resourceType }) => resourceType !== BROKER_LOGGER);
      return {
        here: loggers.length === 0 ? null : { resources: loggers, validateOnly },
        there: loggers.length > 0 && others.length === 0 ? null : { resources: others, validateOnly },
      };
    },
    join({ resources }, here, there) {
      const [own, others] = [here.responses.values(), there.responses.values()];
      const responses = resources.map(({ resourceType, resourceName }) => {
        const next = (resourceType === BROKER_LOGGER ? own : others).next();
        if (next.done !== true) return next.value;
        return { errorCode: ErrorCode.UNKNOWN_SERVER_ERROR, errorMessage: null, resourceType, resourceName };
      });
      return { ...there, responses };
    },
  },
  handle: ({ resources, validateOnly }, _context, broker: ConfigParts) =>
    alterConfigs(
      resources,
      ({ configs }) =>
        (current, rowOf, inForce) =>
          applyOperations(current, configs, rowOf, inForce),
      validateOnly,
      broker,
    ),
  refuse: ({ resources }, errorCode) => ({ responses: resources.map((one) => refusedResource(one, errorCode)) }),
});
