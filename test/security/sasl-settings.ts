/** The settings of a broker whose listener takes every mechanism; Kafka's and ours. */
export const SASL_SETTINGS: Readonly<Record<string, string>> = {
  'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER',
  'listener.name.sasl_plaintext.plain.sasl.jaas.config':
    'org.apache.kafka.common.security.plain.PlainLoginModule required username="admin" password="admin" ' +
    'user_admin="admin" user_alice="secret";',
  'listener.name.sasl_plaintext.scram-sha-256.sasl.jaas.config':
    'org.apache.kafka.common.security.scram.ScramLoginModule required;',
  'listener.name.sasl_plaintext.scram-sha-512.sasl.jaas.config':
    'org.apache.kafka.common.security.scram.ScramLoginModule required;',
  'listener.name.sasl_plaintext.oauthbearer.sasl.jaas.config':
    'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required ' +
    'unsecuredLoginStringClaim_sub="admin" unsecuredValidatorRequiredScope="kafka";',
};
