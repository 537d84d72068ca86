/** Creates ACLs, those that are in order all together. Without an authorizer each is refused. */
import { CreateAcls } from '../../protocol/apis/30-create-acls.ts';
import { errorMessage } from '../../protocol/errors.ts';
import { randomUuid } from '../platform/random.ts';
import { createAcls as decide } from '../security/acls/alteration.ts';
import { checkKnown, NO_AUTHORIZER } from './acl-request.ts';
import type { Parts } from './broker-parts.ts';
import { handler } from './handler.ts';
import { alter } from '../security/needs.ts';

export const createAcls = handler(CreateAcls, {
  needs: () => alter.cluster(),
  forwarded: true,
  handle: ({ creations }, { access }, { controller, random }: Parts<'controller' | 'random'>) => {
    for (const { resourceType, resourcePatternType, operation, permissionType } of creations) {
      checkKnown([resourceType, resourcePatternType, operation, permissionType]);
    }
    if (access === null) return { results: creations.map(() => NO_AUTHORIZER) };
    const acls = creations.map(({ resourcePatternType: patternType, ...rest }) => ({ ...rest, patternType }));
    const newId = () => randomUuid(random);
    return controller
      .alterAcls(({ accessControlEntries, features }) =>
        decide(acls, accessControlEntries, { metadataVersion: features.get('metadata.version') ?? 0, newId }),
      )
      .then((results) => ({ results }));
  },
  refuse: ({ creations }, errorCode) => ({
    results: creations.map(() => ({ errorCode, errorMessage: errorMessage(errorCode) })),
  }),
});
