import { AlterClientQuotas, DescribeClientQuotas } from '../../protocol/apis/index.ts';
import type { Api } from '../../protocol/schema.ts';
import { differential } from './differential.ts';
import type { Side } from './side.ts';

type DescribeSide = typeof DescribeClientQuotas extends Api<infer Req, infer Res> ? Side<Req, Res> : never;
type AlterSide = typeof AlterClientQuotas extends Api<infer Req, infer Res> ? Side<Req, Res> : never;
type Entity = { entityType: string; entityName: string | null }[];

const [NAMED, DEFAULT, ANY] = [0, 1, 2];
const PRODUCE = 'producer_byte_rate';
const CONSUME = 'consumer_byte_rate';

const set = (key: string, value: number) => ({ key, value, remove: false });
const reset = (key: string) => ({ key, value: 0, remove: true });
const part = (entityType: string, entityName: string | null) => ({ entityType, entityName });
const filter = (entityType: string, matchType: number, match: string | null = null) => ({
  entityType,
  matchType,
  match,
});

/** Sets quotas of a user, and of it with one of its clients, and looks for them. */
const found =
  (strict: boolean, ...filters: ((user: string) => ReturnType<typeof filter>)[]) =>
  async (side: DescribeSide) => {
    const user = side.name('user');
    const ofUser = { entity: [part('user', user)], ops: [set(PRODUCE, 1000), set('request_percentage', 12.5)] };
    const ofBoth = { entity: [part('user', user), part('client-id', 'c')], ops: [set(CONSUME, 2000)] };
    await side.send(AlterClientQuotas, { entries: [ofUser, ofBoth], validateOnly: false });
    await side.settled();
    await side.ask({ components: filters.map((of) => of(user)), strict });
  };

const asked =
  (strict: boolean, ...components: ReturnType<typeof filter>[]) =>
  (side: DescribeSide) =>
    side.ask({ components, strict });

differential(DescribeClientQuotas, {
  'of a user': found(true, (user) => filter('user', NAMED, user)),
  'of a user, and of it with any client': found(false, (user) => filter('user', NAMED, user)),
  'of a user with one client': found(
    true,
    (user) => filter('user', NAMED, user),
    () => filter('client-id', NAMED, 'c'),
  ),
  'of a user with any client': found(
    true,
    (user) => filter('user', NAMED, user),
    () => filter('client-id', ANY),
  ),
  'of a user with clients by default': found(
    true,
    (user) => filter('user', NAMED, user),
    () => filter('client-id', DEFAULT),
  ),
  'nothing, strictly': asked(true),
  'of a user without a name': asked(false, filter('user', NAMED, '')),
  'of addresses and users': asked(false, filter('ip', ANY), filter('user', ANY)),
  'of a name that is null': asked(false, filter('user', NAMED, null)),
  'of the default, with a name': asked(false, filter('user', DEFAULT, 'x')),
  'of any, with a name': asked(false, filter('user', ANY, 'x')),
  'by a match that is none': asked(false, filter('user', 3)),
  'by a match below zero': asked(false, filter('user', -1)),
  'of a type that is none': asked(false, filter('group', ANY)),
  'of a type without a name': asked(false, filter('', ANY)),
  'of a type twice': asked(false, filter('user', ANY), filter('user', ANY)),
});

/** Alters the quotas of a user of this case, and shows them. */
const ofUser =
  (...ops: ReturnType<typeof set>[]) =>
  async (side: AlterSide) => {
    const user = side.name('user');
    await side.ask({ entries: [{ entity: [part('user', user)], ops }], validateOnly: false });
    await side.settled();
    await side.askOf(DescribeClientQuotas, 1, { components: [filter('user', NAMED, user)], strict: false });
  };

/** Entities that cannot be. */
const of =
  (entity: Entity, op = set(PRODUCE, 1)) =>
  (side: AlterSide) =>
    side.ask({ entries: [{ entity, ops: [op] }], validateOnly: false });

differential(AlterClientQuotas, {
  'bytes of a user': ofUser(set(PRODUCE, 1000), set(CONSUME, 2000)),
  'a percentage and mutations': ofUser(set('request_percentage', 0.25), set('controller_mutation_rate', 1.5)),
  'set and reset': async (side) => {
    const entity = [part('user', side.name('user'))];
    await side.ask({ entries: [{ entity, ops: [set(PRODUCE, 1), set(CONSUME, 2)] }], validateOnly: false });
    await side.settled();
    await side.ask({ entries: [{ entity, ops: [reset(PRODUCE)] }], validateOnly: false });
    await side.settled();
    await side.askOf(DescribeClientQuotas, 1, {
      components: [filter('user', NAMED, entity[0].entityName)],
      strict: true,
    });
  },
  'a fraction of bytes': ofUser(set(PRODUCE, 1.5)),
  'nearly a whole number': ofUser(set(PRODUCE, 5.0000001)),
  none: ofUser(set(PRODUCE, 0)),
  'less than none': ofUser(set(CONSUME, -1)),
  'no percentage': ofUser(set('request_percentage', 0)),
  'more than a long': ofUser(set(PRODUCE, 9.3e18)),
  'infinitely many': ofUser(set(PRODUCE, Infinity)),
  'a key that is none': ofUser(set('speed', 1)),
  'a key of addresses': ofUser(set('connection_creation_rate', 1)),
  'a key twice': ofUser(set(PRODUCE, 1), set(PRODUCE, 2)),
  'a reset of what is not set': ofUser(reset(PRODUCE)),
  'a reset of a key that is none': ofUser(reset('speed')),
  'no keys': ofUser(),
  'of nobody': of([]),
  'of a type that is none': of([part('group', 'g')]),
  'of a type without a name': of([part('', 'g')]),
  'of a user without a name': of([part('user', '')]),
  'of a client without a name': of([part('client-id', '')]),
  'of a user at an address': of([part('user', 'u'), part('ip', '1.1.1.1')]),
  'of an address, a key of users': of([part('ip', '1.1.1.1')]),
  'of a name that is no address': of([part('ip', 'no.such.name.invalid')], set('connection_creation_rate', 1)),
  'of an empty address': of([part('ip', '')], set('connection_creation_rate', 1)),
  'of an address, more than an int': of([part('ip', '1.1.1.1')], set('connection_creation_rate', 3e9)),
  'of an address, a fraction': of([part('ip', '1.1.1.1')], set('connection_creation_rate', 1.5)),
  'of one user twice': async (side) => {
    const entity = [part('user', side.name('user'))];
    const entries = [PRODUCE, CONSUME].map((key) => ({ entity, ops: [set(key, 5)] }));
    await side.ask({ entries, validateOnly: false });
    await side.settled();
    await side.askOf(DescribeClientQuotas, 1, {
      components: [filter('user', NAMED, entity[0].entityName)],
      strict: true,
    });
  },
  'only checked, one good, one bad': async (side) => {
    const entries = ['good', 'bad'].map((word) => ({
      entity: [part('user', side.name(word))],
      ops: [set(word === 'good' ? PRODUCE : 'speed', 1)],
    }));
    await side.ask({ entries, validateOnly: true });
    await side.settled();
    await side.askOf(DescribeClientQuotas, 1, {
      components: [filter('user', NAMED, side.name('good'))],
      strict: true,
    });
  },
  nothing: (side) => side.ask({ entries: [], validateOnly: false }),
});
