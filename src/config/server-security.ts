/** Broker keys for TLS, authorization, principals and delegation tokens. */
import { boolean, className, list, long, password, string } from './definition.ts';

export const securityKeys = {
  'authorizer.class.name': string(
    '',
    { importance: 'low' },
    "Switches authorization on: Kafka's StandardAuthorizer by its class name; empty lets everybody do everything.",
  ),
  'allow.everyone.if.no.acl.found': boolean(
    false,
    { importance: 'low', internal: true },
    'Whether everybody may use a resource that no ACL is about. Only with authorizer.class.name.',
  ),
  'super.users': string(
    '',
    { importance: 'low', internal: true },
    'Principals that may do everything, separated by semicolons: User:admin;User:broker. Only with authorizer.class.name.',
  ),
  'config.providers': list(
    [],
    { importance: 'low', update: 'cluster-wide' },
    'Names of plugins that fill in references inside values. No effect in Ottla, which loads no classes.',
  ),
  'connections.max.reauth.ms': long(
    0,
    {},
    'Milliseconds after which a SASL client must authenticate again or lose its connection; 0 never asks.',
  ),
  'delegation.token.expiry.check.interval.ms': long(
    3_600_000,
    { importance: 'low', min: 1 },
    'Milliseconds between looks for delegation tokens that have expired.',
  ),
  'delegation.token.expiry.time.ms': long(
    86_400_000,
    { min: 1 },
    'Milliseconds for which a delegation token is valid unless it is renewed.',
  ),
  'delegation.token.max.lifetime.ms': long(
    604_800_000,
    { min: 1 },
    'Milliseconds after which a delegation token can no longer be renewed.',
  ),
  'delegation.token.secret.key': password(
    {},
    'Secret from which delegation tokens are made; without it they are switched off.',
  ),
  'principal.builder.class': className(
    'org.apache.kafka.common.security.authenticator.DefaultKafkaPrincipalBuilder',
    { update: 'per-broker' },
    "A Java class that makes a principal of a connection. Kafka's own is taken for what it does; another is refused.",
  ),
  'security.inter.broker.protocol': string(
    'PLAINTEXT',
    { oneOf: ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'] },
    'Security protocol between brokers, when inter.broker.listener.name is not given.',
  ),
  'security.providers': string(
    null,
    { importance: 'low' },
    'Java classes that add security algorithms. No effect in Ottla, which loads no classes.',
  ),
  'ssl.allow.dn.changes': boolean(
    false,
    { importance: 'low' },
    'Whether a certificate put in while running may have another distinguished name than the one before.',
  ),
  'ssl.allow.san.changes': boolean(
    false,
    { importance: 'low' },
    'Whether a certificate put in while running may lack alternative names that the one before had.',
  ),
  'ssl.cipher.suites': list(
    [],
    { update: 'per-broker' },
    'TLS cipher suites to allow, by the names of IANA or OpenSSL; an empty list allows the defaults. An unknown one is refused.',
  ),
  'ssl.client.auth': string(
    'none',
    { update: 'per-broker', oneOf: ['required', 'requested', 'none'] },
    'Whether TLS clients must show a certificate (required), may (requested) or are not asked (none).',
  ),
  'ssl.enabled.protocols': list(
    ['TLSv1.2', 'TLSv1.3'],
    { update: 'per-broker' },
    'TLS versions that are allowed: TLSv1.2, TLSv1.3 or both. Older ones are refused at start.',
  ),
  'ssl.endpoint.identification.algorithm': string(
    'https',
    { importance: 'low', update: 'per-broker' },
    "How a TLS client checks the server's name; empty switches it off. Concerns connections that the broker " +
      'itself opens.',
  ),
  'ssl.engine.factory.class': className(
    null,
    { importance: 'low', update: 'per-broker' },
    'A Java class that makes TLS engines. Ottla loads no classes: a listener with TLS is refused where it is set.',
  ),
  'ssl.key.password': password({ update: 'per-broker' }, 'Passphrase of the private key.'),
  'ssl.keymanager.algorithm': string(
    'SunX509',
    { update: 'per-broker' },
    "Java's algorithm for managing keys: SunX509, NewSunX509 or PKIX, which are one here. Another is refused on a listener with TLS.",
  ),
  'ssl.keystore.certificate.chain': password(
    { update: 'per-broker' },
    "The broker's certificate and those above it, as PEM text.",
  ),
  'ssl.keystore.key': password({ update: 'per-broker' }, "The broker's private key, as PEM text."),
  'ssl.keystore.location': string(null, { update: 'per-broker' }, "File with the broker's key and certificate."),
  'ssl.keystore.password': password({ update: 'per-broker' }, 'Password of the key store file.'),
  'ssl.keystore.type': string(
    'JKS',
    { update: 'per-broker' },
    'Format of the key store: PEM, PKCS12 or JKS. A PKCS12 file is read under JKS too, as in Java.',
  ),
  'ssl.principal.mapping.rules': string(
    'DEFAULT',
    { importance: 'low' },
    "Rules that make a user name of a client certificate's distinguished name; DEFAULT takes it whole.",
  ),
  'ssl.protocol': string(
    'TLSv1.3',
    { update: 'per-broker' },
    'TLS version that is preferred. The highest one that both sides have is spoken.',
  ),
  'ssl.provider': string(
    null,
    { update: 'per-broker' },
    "Java's security provider for TLS. Refused on a listener with TLS, where it would have no effect.",
  ),
  'ssl.secure.random.implementation': string(
    null,
    { importance: 'low', update: 'per-broker' },
    "Java's random generator for TLS. Refused on a listener with TLS, where it would have no effect.",
  ),
  'ssl.trustmanager.algorithm': string(
    'PKIX',
    { update: 'per-broker' },
    "Java's algorithm for checking trust. Its default is taken; another is refused on a listener with TLS.",
  ),
  'ssl.truststore.certificates': password({ update: 'per-broker' }, 'Certificates that are trusted, as PEM text.'),
  'ssl.truststore.location': string(null, { update: 'per-broker' }, 'File with certificates that are trusted.'),
  'ssl.truststore.password': password({ update: 'per-broker' }, 'Password of the trust store file.'),
  'ssl.truststore.type': string(
    'JKS',
    { update: 'per-broker' },
    'Format of the trust store: PEM, PKCS12 or JKS. A PKCS12 file is read under JKS too, as in Java.',
  ),
} as const;
