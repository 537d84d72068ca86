/** `kafka-delegation-tokens`, with the words of Kafka's own tool. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SecuredBroker } from '../../security/secured-broker.ts';
import type { Ran } from '../session.ts';
import { fileWith, tool } from './tool.ts';

let broker: SecuredBroker;

beforeAll(async () => {
  broker = await SecuredBroker.start({ 'delegation.token.secret.key': 'secret' });
});
afterAll(() => broker.stop());

function tokens(line: string, user = 'alice'): Promise<Ran> {
  const login = `org.apache.kafka.common.security.plain.PlainLoginModule required username="${user}" password="secret";`;
  const config = fileWith(`security.protocol=SASL_PLAINTEXT\nsasl.mechanism=PLAIN\nsasl.jaas.config=${login}\n`);
  return tool(broker.bootstrap, `kafka-delegation-tokens --command-config ${config} ${line}`);
}

const DATE = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d`;
const HEADING = String.raw`\nTOKENID +HMAC +OWNER +REQUESTER +RENEWERS +ISSUEDATE +EXPIRYDATE +MAXDATE +\n`;

test('a token is created, described, renewed and expired', async () => {
  const created = await tokens('--create --max-life-time-period -1 --renewer-principal User:bob');
  expect(created).toMatchObject({ code: 0, err: '' });
  const said = new RegExp(
    String.raw`^Calling create token operation with renewers :\[User:bob\] , max-life-time-period :-1\n` +
      String.raw`Created delegation token with tokenId : (\S{22})\n${HEADING}` +
      String.raw`\n\1 +(\S{88}) User:alice +User:alice +\[User:bob\] +${DATE} ${DATE} ${DATE}\n$`,
  );
  expect(created.out).toMatch(said);
  const [, id, hmac] = said.exec(created.out)!;

  const described = await tokens('--describe --owner-principal User:alice', 'bob');
  expect(described.out).toMatch(
    new RegExp(
      String.raw`^Calling describe token operation for owners: \[User:alice\]\nTotal number of tokens : 1\n${HEADING}\n${id} `,
    ),
  );
  const renewed = await tokens(`--renew --renew-time-period 60000 --hmac ${hmac}`, 'bob');
  expect(renewed.out).toMatch(
    new RegExp(
      String.raw`^Calling renew token operation with hmac :\S+ , renew-time-period :60000\nCompleted renew operation. New expiry date : ${DATE}\n$`,
    ),
  );
  const expired = await tokens(`--expire --expiry-time-period -1 --hmac ${hmac}`);
  expect(expired.out).toMatch(
    /^Calling expire token operation with hmac :\S+ , expire-time-period :-1\nCompleted expire/,
  );
  expect((await tokens('--describe')).out).toMatch(
    /^Calling describe token operation for current user\.\nTotal number of tokens : 0\n/,
  );
  const again = await tokens(`--renew --renew-time-period -1 --hmac ${hmac}`);
  expect(again).toMatchObject({ code: 1, err: expect.stringContaining('DELEGATION_TOKEN_NOT_FOUND') });
});

test('a token for another owner takes a permission', async () => {
  const line = '--create --max-life-time-period 60000 --owner-principal User:bob';
  const refused = await tokens(line);
  expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('DELEGATION_TOKEN_AUTHORIZATION_FAILED') });
  const { code, out } = await tokens(line, 'admin');
  expect([code, out]).toEqual([0, expect.stringMatching(/User:bob +User:admin +\[\] /)]);
});

test.each([
  ['--create', 'write --max-life-time-period and its value'],
  ['--create --max-life-time-period soon', '--max-life-time-period soon: write a whole number'],
  ['--renew --renew-time-period -1', 'write --hmac and its value'],
  ['--renew --renew-time-period -1 --hmac x', '--hmac x: write it in base64'],
  ['--describe --hmac x', '--hmac cannot be used with --describe'],
  ['--describe --owner-principal bob', 'write it with its type, as User:bob'],
  ['--create --describe', 'write one of --create, --renew, --expire, --describe'],
])('%s is refused', async (line, sentence) => {
  expect(await tokens(line)).toMatchObject({ code: 1, err: expect.stringContaining(sentence) });
});

test('without --command-config nothing proves who asks', async () => {
  const { code, err } = await tool(broker.bootstrap, 'kafka-delegation-tokens --describe');
  expect([code, err]).toEqual([1, expect.stringContaining('write --command-config and its value')]);
});
