/** Replaces a resource's settings by those given; what is left out goes back to its default. */
import { AlterConfigs } from '../../protocol/apis/33-alter-configs.ts';
import { replaceAll } from '../config/alter.ts';
import { alterConfigs } from './config-resources.ts';
import { handler } from './handler.ts';

export const alterWholeConfigs = handler(AlterConfigs, {
  handle: ({ resources, validateOnly }, { broker }) =>
    alterConfigs(
      resources,
      ({ configs }) =>
        () =>
          replaceAll(configs),
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
