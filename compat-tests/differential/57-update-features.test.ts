import { UpdateFeatures } from '../../protocol/apis/index.ts';
import type { Api } from '../../protocol/schema.ts';
import { differential } from './differential.ts';
import { Unsayable, type Side } from './side.ts';

type FeaturesSide = typeof UpdateFeatures extends Api<infer Req, infer Res> ? Side<Req, Res> : never;
type Update = [feature: string, maxVersionLevel: number, upgradeType?: number];

const [UPGRADE, SAFE, UNSAFE] = [1, 2, 3];

/** Only checked: other cases count on the features as they are. */
const check =
  (...updates: Update[]) =>
  async (side: FeaturesSide) => {
    if (side.version === 0) throw new Unsayable(); // it cannot only check
    await side.ask({
      featureUpdates: updates.map(([feature, maxVersionLevel, upgradeType = UPGRADE]) => ({
        feature,
        maxVersionLevel,
        upgradeType,
      })),
      validateOnly: true,
    });
  };

/** What changes nothing; said in v0 too. */
const update = (feature: string, maxVersionLevel: number) => (side: FeaturesSide) =>
  side.ask({ featureUpdates: [{ feature, maxVersionLevel }] });

differential(UpdateFeatures, {
  'as it is': update('group.version', 1),
  'lower, by an upgrade': update('group.version', 0),
  'higher than there is': update('group.version', 2),
  'below zero': update('group.version', -1),
  'a feature that is none': update('no.such.version', 1),
  'a feature that is none, to 0': update('no.such.version', 0),
  'a feature without a name': update('', 1),
  'metadata as it is': update('metadata.version', 30),
  'metadata higher than there is': update('metadata.version', 31),
  'kraft as it is': update('kraft.version', 1),
  nothing: (side) => side.ask({ featureUpdates: [] }),
  'lower, safely': check(['group.version', 0, SAFE]),
  'lower, unsafely': check(['group.version', 0, UNSAFE]),
  'as it is, by a downgrade': check(['group.version', 1, SAFE]),
  'transactions lower': check(['transaction.version', 1, SAFE]),
  'transactions to none': check(['transaction.version', 0, UNSAFE]),
  'transactions too high': check(['transaction.version', 3]),
  'metadata lower, safely': check(['metadata.version', 29, SAFE]),
  'metadata lower, unsafely': check(['metadata.version', 29, UNSAFE]),
  'metadata below all': check(['metadata.version', 6, UNSAFE]),
  'metadata out of force': check(['metadata.version', 0, SAFE]),
  'kraft lower': check(['kraft.version', 0, SAFE]),
  'type 0': check(['group.version', 1, 0]),
  'type 9': check(['group.version', 1, 9]),
  'two features': check(['group.version', 0, SAFE], ['transaction.version', 1, SAFE]),
  'one feature and one that is none': check(['group.version', 0, SAFE], ['no.such.version', 1]),
  'a feature twice': check(['group.version', 0, SAFE], ['group.version', 1]),
});
