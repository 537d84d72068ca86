import { AlterUserScramCredentials, DescribeUserScramCredentials } from '../../protocol/apis/index.ts';
import type { Api } from '../../protocol/schema.ts';
import { differential } from './differential.ts';
import type { Side } from './side.ts';

type AlterSide = typeof AlterUserScramCredentials extends Api<infer Req, infer Res> ? Side<Req, Res> : never;

const [SHA_256, SHA_512] = [1, 2];
const salt = Buffer.from('salt');
const saltedPassword = Buffer.alloc(32, 7);

interface Change {
  readonly user?: string;
  readonly mechanism?: number;
  readonly iterations?: number;
}

const upsert = (side: AlterSide, { user = 'user', mechanism = SHA_256, iterations = 4096 }: Change) => ({
  name: user === '' ? '' : side.name(user),
  mechanism,
  iterations,
  salt,
  saltedPassword,
});
const remove = (side: AlterSide, { user = 'user', mechanism = SHA_256 }: Change) => ({
  name: user === '' ? '' : side.name(user),
  mechanism,
});

/** Of users of this case, who are shown afterwards. */
const alter =
  (deletions: readonly Change[], upsertions: readonly Change[], before: readonly Change[] = []) =>
  async (side: AlterSide) => {
    for (const each of before)
      await side.send(AlterUserScramCredentials, { deletions: [], upsertions: [upsert(side, each)] });
    if (before.length > 0) await side.settled();
    await side.ask({
      deletions: deletions.map((each) => remove(side, each)),
      upsertions: upsertions.map((each) => upsert(side, each)),
    });
    await side.settled();
    await side.askOf(DescribeUserScramCredentials, 0, {
      users: ['user', 'other'].map((word) => ({ name: side.name(word) })),
    });
  };

differential(AlterUserScramCredentials, {
  'a user': alter([], [{}]),
  'a user by the other mechanism': alter([], [{ mechanism: SHA_512, iterations: 8192 }]),
  'two mechanisms one after the other': alter([], [{ mechanism: SHA_512 }], [{}]),
  'two mechanisms at once': alter([], [{}, { mechanism: SHA_512 }]),
  'a user twice': alter([], [{}, {}]),
  'two users': alter([], [{}, { user: 'other' }]),
  'other iterations': alter([], [{ iterations: 16_384 }], [{}]),
  removed: alter([{}], [], [{}]),
  'one of two mechanisms removed': alter([{}], [], [{}, { mechanism: SHA_512 }]),
  'removed, though it is not there': alter([{}], []),
  'the other mechanism removed': alter([{ mechanism: SHA_512 }], [], [{}]),
  'removed twice': alter([{}, {}], [], [{}]),
  'removed and set': alter([{}], [{}], [{}]),
  'removed one, set another': alter([{}], [{ user: 'other' }], [{}]),
  'removed one that is not there, set another': alter([{}], [{ user: 'other' }]),
  'too few iterations': alter([], [{ iterations: 4095 }]),
  'too many iterations': alter([], [{ iterations: 16_385 }]),
  'iterations below zero': alter([], [{ iterations: -1 }]),
  'mechanism 0': alter([], [{ mechanism: 0 }]),
  'mechanism 3': alter([], [{ mechanism: 3 }]),
  'mechanism 0 removed': alter([{ mechanism: 0 }], []),
  'a user without a name': alter([], [{ user: '' }]),
  'a user without a name removed': alter([{ user: '' }], []),
  nothing: alter([], []),
});

differential(DescribeUserScramCredentials, {
  'a user that is not there': (side) => side.ask({ users: [{ name: side.name('none') }] }),
  'a user twice': (side) => side.ask({ users: [{ name: side.name('none') }, { name: side.name('none') }] }),
  'a user without a name': (side) => side.ask({ users: [{ name: '' }] }),
});
