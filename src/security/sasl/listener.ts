/** Makes of a listener's settings what its exchanges need: the mechanisms on offer, and where their users are. */
import { ConfigError } from '../../config/definition.ts';
import type { ListenerSettings } from '../../config/listener-settings.ts';
import { isScram, SCRAM_MECHANISMS } from '../../../protocol/sasl/scram.ts';
import type { LoginModule } from '../../../protocol/sasl/jaas.ts';
import { scramKey, type ClusterImage } from '../../cluster/image.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Random } from '../../platform/random.ts';
import type { AuthenticationFailures } from '../authentication-failures.ts';
import type { SaslListener } from './exchange.ts';
import type { SaslMechanism } from './mechanism.ts';
import { oauthBearerMechanism, type TokenValidator } from './oauthbearer.ts';
import { plainMechanism } from './plain.ts';
import { signedTokens } from './signed-tokens.ts';
import { scramMechanism, type ScramSecret, type ScramSource } from './scram.ts';
import { enabledMechanisms, loginModule, plainUsers, refuseClasses, type JaasFile } from './settings.ts';
import { UnsecuredTokens, unsecuredOptions } from './unsecured-tokens.ts';

export interface SaslNeeds {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly failures: AuthenticationFailures;
  /** One for all listeners of the process. */
  readonly secret: ScramSecret;
  readonly image: () => ClusterImage;
  readonly jaasFile: JaasFile | null;
  readonly tokenCredential: ScramSource['tokenCredential'];
  readonly refusal: SaslListener['refusal'];
}

/** @throws {ConfigError} and rejects with it, for what cannot be served */
export async function saslListener(settings: ListenerSettings, needs: SaslNeeds): Promise<SaslListener> {
  const { clock, failures, logger, refusal } = needs;
  const mechanisms = new Map<string, SaslMechanism>();
  const warn = (message: string): void => logger.warn('configuration', { message });
  for (const name of enabledMechanisms(settings, warn)) {
    refuseClasses(settings, name);
    mechanisms.set(name, await mechanismOf(name, settings, needs));
  }
  if (settings.own('sasl.jaas.config') !== null) {
    warn(
      `${settings.nameOf('sasl.jaas.config')} is ignored: write the mechanism in front, as in ${settings.nameOf('sasl.jaas.config', 'PLAIN')}`,
    );
  }
  return {
    clock,
    failures,
    refusal,
    mechanisms: () => mechanisms,
    maxReauthMs: (mechanism) => settings.value('connections.max.reauth.ms', mechanism),
    maxReceiveBytes: settings.value('sasl.server.max.receive.size'),
    failureDelayMs: settings.value('connection.failed.authentication.delay.ms'),
  };
}

function mechanismOf(
  name: string,
  settings: ListenerSettings,
  needs: SaslNeeds,
): SaslMechanism | Promise<SaslMechanism> {
  const { random, secret } = needs;
  const module = loginModule(settings, name, needs.jaasFile);
  if (isScram(name)) return scramMechanism(name, scramSource(needs), secret, random);
  if (name === 'PLAIN') return plainMechanism(plainPasswords(settings, needs, module!), random);
  return tokenMechanism(settings, needs, module);
}

function scramSource({ image, tokenCredential }: SaslNeeds): ScramSource {
  return {
    credentialOf: (mechanism, user) => image().scramCredentials.get(scramKey(SCRAM_MECHANISMS[mechanism].code, user)),
    tokenCredential,
  };
}

/** The users may change while the broker runs, by a dynamic setting. One that cannot be read leaves them as they are. */
function plainPasswords(
  settings: ListenerSettings,
  { jaasFile, logger }: SaslNeeds,
  begun: LoginModule,
): (user: string) => string | undefined {
  let text = settings.own('sasl.jaas.config', 'PLAIN');
  let users = plainUsers(begun);
  return (user) => {
    const newest = settings.own('sasl.jaas.config', 'PLAIN');
    if (newest !== text) {
      text = newest;
      try {
        users = plainUsers(loginModule(settings, 'PLAIN', jaasFile)!);
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        logger.error('configuration', { message: `${error.message}; the users of PLAIN stay as they were` });
      }
    }
    return users.get(user);
  };
}

async function tokenMechanism(
  settings: ListenerSettings,
  needs: SaslNeeds,
  module: LoginModule | null,
): Promise<SaslMechanism> {
  return oauthBearerMechanism(await validatorOf(settings, needs, module));
}

async function validatorOf(
  settings: ListenerSettings,
  { clock, logger }: SaslNeeds,
  module: LoginModule | null,
): Promise<TokenValidator> {
  const url = settings.text('sasl.oauthbearer.jwks.endpoint.url', 'OAUTHBEARER');
  if (url !== null && url !== '') return signedTokens(settings, clock, logger);
  const key = settings.nameOf('sasl.oauthbearer.jwks.endpoint.url', 'OAUTHBEARER');
  logger.warn('configuration', {
    message:
      `listener ${settings.listener} takes tokens without a signature (OAUTHBEARER): anybody may be whom they like. ` +
      `For more than development set ${key}`,
  });
  try {
    return new UnsecuredTokens(unsecuredOptions(module?.options ?? new Map<string, string>()), () => clock.now());
  } catch (error) {
    throw new ConfigError(`${settings.nameOf('sasl.jaas.config', 'OAUTHBEARER')}: ${(error as Error).message}`);
  }
}
