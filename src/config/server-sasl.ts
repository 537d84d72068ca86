/** Broker keys for SASL authentication. */
import { boolean, className, double, int, list, long, password, short, string } from './definition.ts';

export const saslKeys = {
  'sasl.client.callback.handler.class': className(
    null,
    {},
    'A Java class that supplies credentials to SASL clients. No effect in Ottla, which loads no classes.',
  ),
  'sasl.enabled.mechanisms': list(
    ['GSSAPI'],
    { update: 'per-broker' },
    'SASL mechanisms that listeners with SASL offer to clients: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER. GSSAPI is not served.',
  ),
  'sasl.jaas.config': password(
    { update: 'per-broker' },
    'Login module and users of one SASL mechanism in the syntax of JAAS; give it with the prefix of listener ' +
      'and mechanism. Without the prefix it is ignored, as in Kafka.',
  ),
  'sasl.kerberos.kinit.cmd': string(
    '/usr/bin/kinit',
    { update: 'per-broker' },
    'Path of the kinit program. No effect in Ottla, which does not speak Kerberos.',
  ),
  'sasl.kerberos.min.time.before.relogin': long(
    60_000,
    { update: 'per-broker' },
    'Milliseconds between attempts to renew a Kerberos ticket. No effect in Ottla, which does not speak Kerberos.',
  ),
  'sasl.kerberos.principal.to.local.rules': list(
    ['DEFAULT'],
    { update: 'per-broker' },
    'Rules that shorten Kerberos principals to user names. No effect in Ottla, which does not speak Kerberos.',
  ),
  'sasl.kerberos.service.name': string(
    null,
    { update: 'per-broker' },
    'The Kerberos principal Kafka runs as. No effect in Ottla, which does not speak Kerberos.',
  ),
  'sasl.kerberos.ticket.renew.jitter': double(
    0.05,
    { update: 'per-broker' },
    'Random share added to the time of ticket renewal. No effect in Ottla, which does not speak Kerberos.',
  ),
  'sasl.kerberos.ticket.renew.window.factor': double(
    0.8,
    { update: 'per-broker' },
    "Share of a ticket's life after which it is renewed. No effect in Ottla, which does not speak Kerberos.",
  ),
  'sasl.login.callback.handler.class': className(
    null,
    {},
    "A Java class that a login asks for credentials. Kafka's own are taken for what they do; another is refused on a listener with SASL.",
  ),
  'sasl.login.class': className(
    null,
    {},
    "A Java class that performs logins. Kafka's own are taken for what they do; another is refused on a listener with SASL.",
  ),
  'sasl.login.connect.timeout.ms': int(
    null,
    { importance: 'low' },
    'Milliseconds to reach an OAuth provider when the broker logs in as a client.',
  ),
  'sasl.login.read.timeout.ms': int(
    null,
    { importance: 'low' },
    "Milliseconds to wait for an OAuth provider's answer when the broker logs in as a client.",
  ),
  'sasl.login.refresh.buffer.seconds': short(
    300,
    { update: 'per-broker' },
    'Seconds for which a token is still valid when the broker renews its own login.',
  ),
  'sasl.login.refresh.min.period.seconds': short(
    60,
    { update: 'per-broker' },
    "Seconds that at least lie between two renewals of the broker's own login.",
  ),
  'sasl.login.refresh.window.factor': double(
    0.8,
    { update: 'per-broker' },
    "Share of a token's life after which the broker renews its own login.",
  ),
  'sasl.login.refresh.window.jitter': double(
    0.05,
    { update: 'per-broker' },
    "Random share of a token's life added to the time of renewal.",
  ),
  'sasl.login.retry.backoff.max.ms': long(
    10_000,
    { importance: 'low' },
    'Longest pause in milliseconds between attempts to log in at an OAuth provider.',
  ),
  'sasl.login.retry.backoff.ms': long(
    100,
    { importance: 'low' },
    'First pause in milliseconds between attempts to log in at an OAuth provider; it doubles each time.',
  ),
  'sasl.mechanism.controller.protocol': string(
    'GSSAPI',
    { importance: 'high' },
    'SASL mechanism by which brokers and controllers sign in at controllers: PLAIN, SCRAM or OAUTHBEARER. One of ' +
      'sasl.enabled.mechanisms.',
  ),
  'sasl.mechanism.inter.broker.protocol': string(
    'GSSAPI',
    { update: 'per-broker' },
    'SASL mechanism by which brokers sign in at one another: PLAIN, SCRAM or OAUTHBEARER. One of sasl.enabled.mechanisms.',
  ),
  'sasl.oauthbearer.allow.unverified.audience': boolean(
    false,
    {},
    'Takes tokens whatever audience they are made for. Without it, sasl.oauthbearer.expected.audience must be set where the ' +
      "provider's keys are fetched.",
  ),
  'sasl.oauthbearer.allow.unverified.issuer': boolean(
    false,
    {},
    "Takes tokens whoever issued them. Without it, sasl.oauthbearer.expected.issuer must be set where the provider's keys are " +
      'fetched.',
  ),
  'sasl.oauthbearer.assertion.algorithm': string(
    'RS256',
    { oneOf: ['ES256', 'RS256'], anyCase: true },
    "Algorithm with which the broker's own OAuth assertions are signed.",
  ),
  'sasl.oauthbearer.assertion.claim.aud': string(null, {}, "Audience written into the broker's own OAuth assertions."),
  'sasl.oauthbearer.assertion.claim.exp.seconds': int(
    300,
    { importance: 'low', min: 0, max: 86_400 },
    "Seconds for which the broker's own OAuth assertions are valid.",
  ),
  'sasl.oauthbearer.assertion.claim.iss': string(null, {}, "Issuer written into the broker's own OAuth assertions."),
  'sasl.oauthbearer.assertion.claim.jti.include': boolean(
    false,
    {},
    "Whether the broker's own OAuth assertions carry an id of their own.",
  ),
  'sasl.oauthbearer.assertion.claim.nbf.seconds': int(
    60,
    { importance: 'low', min: 0, max: 3600 },
    "Seconds by which the validity of the broker's own OAuth assertions begins in the past.",
  ),
  'sasl.oauthbearer.assertion.claim.sub': string(null, {}, "Subject written into the broker's own OAuth assertions."),
  'sasl.oauthbearer.assertion.file': string(
    null,
    {},
    "File with a ready-made OAuth assertion for the broker's own login.",
  ),
  'sasl.oauthbearer.assertion.private.key.file': string(
    null,
    {},
    "File with the PEM key that signs the broker's own OAuth assertions.",
  ),
  'sasl.oauthbearer.assertion.private.key.passphrase': password(
    {},
    "Passphrase of the key that signs the broker's own OAuth assertions.",
  ),
  'sasl.oauthbearer.assertion.template.file': string(
    null,
    {},
    "JSON file with claims to put into the broker's own OAuth assertions.",
  ),
  'sasl.oauthbearer.client.credentials.client.id': string(
    null,
    {},
    'Client id with which the broker itself logs in at an OAuth provider.',
  ),
  'sasl.oauthbearer.client.credentials.client.secret': password(
    {},
    "Secret that belongs to the broker's OAuth client id.",
  ),
  'sasl.oauthbearer.clock.skew.seconds': int(
    30,
    { importance: 'low' },
    'Seconds by which the clocks of broker and OAuth provider may differ.',
  ),
  'sasl.oauthbearer.expected.audience': list(
    [],
    { importance: 'high' },
    "Audiences a client's token may be made for; needed unless sasl.oauthbearer.allow.unverified.audience is true.",
  ),
  'sasl.oauthbearer.expected.issuer': string(
    null,
    { importance: 'high' },
    "Issuer a client's token must come from; needed unless sasl.oauthbearer.allow.unverified.issuer is true.",
  ),
  'sasl.oauthbearer.jwks.endpoint.refresh.ms': long(
    3_600_000,
    { importance: 'low' },
    "Milliseconds between fetches of the OAuth provider's keys.",
  ),
  'sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms': long(
    10_000,
    { importance: 'low' },
    "Longest pause in milliseconds between attempts to fetch the OAuth provider's keys.",
  ),
  'sasl.oauthbearer.jwks.endpoint.retry.backoff.ms': long(
    100,
    { importance: 'low' },
    "First pause in milliseconds between attempts to fetch the OAuth provider's keys.",
  ),
  'sasl.oauthbearer.jwks.endpoint.url': string(null, {}, "Where the OAuth provider's keys are: an http or file URL."),
  'sasl.oauthbearer.jwt.retriever.class': className(
    'org.apache.kafka.common.security.oauthbearer.DefaultJwtRetriever',
    {},
    'A Java class that obtains tokens. No effect in Ottla, which loads no classes.',
  ),
  'sasl.oauthbearer.jwt.validator.class': className(
    'org.apache.kafka.common.security.oauthbearer.DefaultJwtValidator',
    {},
    'A Java class that checks tokens. No effect in Ottla, which loads no classes.',
  ),
  'sasl.oauthbearer.scope': string(null, {}, 'Scope the broker asks for when it logs in at an OAuth provider.'),
  'sasl.oauthbearer.scope.claim.name': string(
    'scope',
    { importance: 'low' },
    "Name of the claim that holds a token's scope.",
  ),
  'sasl.oauthbearer.sub.claim.name': string(
    'sub',
    { importance: 'low' },
    "Name of the claim that holds a token's subject, which becomes the user's name.",
  ),
  'sasl.oauthbearer.token.endpoint.url': string(
    null,
    {},
    "Where the broker itself gets tokens to sign in at other brokers: the OAuth provider's URL, or a file's.",
  ),
  'sasl.server.callback.handler.class': className(
    null,
    {},
    "A Java class that checks credentials of SASL clients. Kafka's own are taken for what they do; another is refused on a listener with SASL.",
  ),
  'sasl.server.max.receive.size': int(
    524_288,
    {},
    'Largest message in bytes that a client may send before it is authenticated.',
  ),
} as const;
