import {
  CreateAcls,
  CreateDelegationToken,
  DeleteAcls,
  DescribeAcls,
  DescribeDelegationToken,
  ExpireDelegationToken,
  RenewDelegationToken,
  SaslAuthenticate,
  SaslHandshake,
} from '../../protocol/apis/index.ts';
import { differential } from './differential.ts';

const [ANY, TOPIC, LITERAL, READ, ALLOW] = [1, 2, 3, 3, 3];

const all = {
  resourceTypeFilter: ANY,
  resourceNameFilter: null,
  patternTypeFilter: ANY,
  principalFilter: null,
  hostFilter: null,
  operation: ANY,
  permissionType: ANY,
};
const rule = {
  resourceType: TOPIC,
  resourceName: 'orders',
  resourcePatternType: LITERAL,
  principal: 'User:alice',
  host: '*',
  operation: READ,
  permissionType: ALLOW,
};

differential(DescribeAcls, {
  all: (side) => side.ask(all),
  'of a topic': (side) => side.ask({ ...all, resourceTypeFilter: TOPIC, resourceNameFilter: 'orders' }),
  'of a type that is none': (side) => side.ask({ ...all, resourceTypeFilter: 77 }),
  'of an unknown type': (side) => side.ask({ ...all, resourceTypeFilter: 0 }),
  'of an unknown pattern': (side) => side.ask({ ...all, patternTypeFilter: 0 }),
  'of an unknown operation': (side) => side.ask({ ...all, operation: 0 }),
  'of an unknown permission': (side) => side.ask({ ...all, permissionType: 0 }),
});

differential(CreateAcls, {
  one: (side) => side.ask({ creations: [rule] }),
  two: (side) => side.ask({ creations: [rule, { ...rule, resourceName: '' }] }),
  'of an unknown operation': (side) => side.ask({ creations: [rule, { ...rule, operation: 0 }] }),
  'of an operation that is none': (side) => side.ask({ creations: [{ ...rule, operation: 77 }] }),
  none: (side) => side.ask({ creations: [] }),
});

differential(DeleteAcls, {
  all: (side) => side.ask({ filters: [all] }),
  'of an unknown permission': (side) => side.ask({ filters: [{ ...all, permissionType: 0 }] }),
  none: (side) => side.ask({ filters: [] }),
});

const hmac = Buffer.from('hmac');

differential(CreateDelegationToken, {
  'for whoever asks': (side) => side.ask({ renewers: [], maxLifetimeMs: -1 }),
  'for another': (side) =>
    side.ask({
      ownerPrincipalType: 'User',
      ownerPrincipalName: 'bob',
      renewers: [{ principalType: 'User', principalName: 'carol' }],
      maxLifetimeMs: 5000,
    }),
});
differential(RenewDelegationToken, { one: (side) => side.ask({ hmac, renewPeriodMs: 5 }) });
differential(ExpireDelegationToken, { one: (side) => side.ask({ hmac, expiryTimePeriodMs: 5 }) });
differential(DescribeDelegationToken, {
  all: (side) => side.ask({ owners: null }),
  none: (side) => side.ask({ owners: [] }),
  'of a user': (side) => side.ask({ owners: [{ principalType: 'User', principalName: 'bob' }] }),
});

differential(SaslHandshake, {
  plain: (side) => side.ask({ mechanism: 'PLAIN' }),
  'a mechanism that is none': (side) => side.ask({ mechanism: 'NONE' }),
});
differential(SaslAuthenticate, { plain: (side) => side.ask({ authBytes: Buffer.from('\0alice\0secret') }) });
