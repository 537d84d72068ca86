import { describe, expect, test } from 'vitest';
import { parseJaasFile, parseLoginModule } from '../../protocol/sasl/jaas.ts';
import { jaasPathIn } from '../../src/security/sasl/settings.ts';

const options = (text: string) => Object.fromEntries(parseLoginModule(text).options);

describe('a login module', () => {
  test.each([
    ['org.x.Module required;', {}],
    ['Module REQUIRED a="b" c = \'d\' e=f;', { a: 'b', c: 'd', e: 'f' }],
    ['Module required\n  a="b"\n// comment\n/* another; */ c="d";', { a: 'b', c: 'd' }],
    ['Module required password="se\\"cret=;,\\\\";', { password: 'se"cret=;,\\' }],
    ['Module required a="// no comment";', { a: '// no comment' }],
    ['Module required number="3" dollar=$x_y-z;', { number: '3', dollar: '$x_y-z' }],
    ['Module required empty="";', { empty: '' }],
    ['Module required user_käthe="süß";', { user_käthe: 'süß' }],
  ])('%s', (text, expected) => {
    expect(options(text)).toEqual(expected);
  });

  test.each([
    ['', 'Login module not specified in JAAS config'],
    ['   ', 'Login module not specified'],
    ['Module', 'Login module control flag not specified'],
    ['Module needed;', "Invalid login module control flag 'needed'"],
    ['Module required', 'not terminated by semi-colon'],
    ['Module required a="b"', 'not terminated by semi-colon'],
    ['Module required a;', "Value not specified for key 'a'"],
    ['Module required a=;', "Value not specified for key 'a'"],
    ['Module required a=3;', "Value not specified for key 'a'"],
    ['Module required a="b;', "Value not specified for key 'a'"],
    ['Module required; Other required;', 'contains 2 login modules, should be 1'],
    ['{', 'a login module is expected'],
  ])('%j is none', (text, complaint) => {
    expect(() => parseLoginModule(text)).toThrow(complaint);
  });
});

test('a file has sections, each with its login modules', () => {
  const sections = parseJaasFile(`
    // the broker
    KafkaServer {
      org.apache.kafka.common.security.plain.PlainLoginModule required
        username="admin" password="admin-secret" user_admin="admin-secret";
      org.apache.kafka.common.security.scram.ScramLoginModule required;
    };
    secure.KafkaServer { Other required; };
    Client {};
  `);
  expect([...sections.keys()]).toEqual(['KafkaServer', 'secure.KafkaServer', 'Client']);
  expect(sections.get('KafkaServer')!.map(({ name }) => name.split('.').at(-1))).toEqual([
    'PlainLoginModule',
    'ScramLoginModule',
  ]);
  expect(() => parseJaasFile('KafkaServer { Module required; }')).toThrow("';' is missing at the end of KafkaServer");
  expect(() => parseJaasFile('KafkaServer ;')).toThrow("'{' is missing behind KafkaServer");
});

test('KAFKA_OPTS names the file', () => {
  expect(jaasPathIn('-Xmx1g -Djava.security.auth.login.config=/etc/jaas.conf -Dx=y')).toBe('/etc/jaas.conf');
  expect(jaasPathIn('-Djava.security.auth.login.config="/a b/jaas.conf"')).toBe('/a b/jaas.conf');
  expect(jaasPathIn('-Dother=1')).toBeNull();
  expect(jaasPathIn(undefined)).toBeNull();
});
