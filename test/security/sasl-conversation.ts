/** One conversation before authentication, held with Apache Kafka and with Ottla: what each frame was answered, byte by byte. */
import { ApiVersions, Metadata, SaslAuthenticate, SaslHandshake, Heartbeat } from '../../protocol/apis/index.ts';
import { clientProof, readServerFirst, saltedPassword, type ScramMechanism } from '../../protocol/sasl/scram.ts';
import { RawTalk, requestOf, type Closed } from './raw-talk.ts';

const metadata = requestOf(Metadata, 9, { topics: [] });
const handshake = (mechanism: string, version = 1) => requestOf(SaslHandshake, version, { mechanism });
const token = (text: string | Buffer, version = 2) =>
  requestOf(SaslAuthenticate, version, { authBytes: Buffer.from(text as string) });
const versions = requestOf(ApiVersions, 3, { clientSoftwareName: 'test', clientSoftwareVersion: '1' });
const SIZE = (bytes: number) => {
  const size = Buffer.alloc(4);
  size.writeInt32BE(bytes);
  return size;
};

class Conversation {
  readonly #port: number;
  readonly #delayMs: number;
  readonly #talks: Promise<string[]>[] = [];

  constructor(port: number, delayMs: number) {
    this.#port = port;
    this.#delayMs = delayMs;
  }

  /** Of all talks, in their order; they are held at the same time. */
  async lines(): Promise<string[]> {
    return (await Promise.all(this.#talks)).flat();
  }

  /** Each thing said, and what came of it; behind the last one the end is waited for. */
  about(title: string, talk: (say: Say) => Promise<void>): void {
    this.#talks.push(this.#hold(title, talk));
  }

  async #hold(title: string, talk: (say: Say) => Promise<void>): Promise<string[]> {
    const lines = [`# ${title}`];
    const raw = await RawTalk.open(this.#port);
    const textOf = (answer: Buffer | Closed): string => (Buffer.isBuffer(answer) ? shown(answer) : this.#end(answer));
    try {
      await talk(async (what, bytes, isRaw = false) => {
        if (isRaw) raw.write(bytes);
        else raw.send(bytes);
        const answer = await raw.next();
        lines.push(`${what}: ${textOf(answer)}`);
        if (Buffer.isBuffer(answer) && isLast(what)) lines.push(`then: ${textOf(await raw.next())}`);
        return Buffer.isBuffer(answer) ? answer : null;
      });
    } finally {
      raw.end();
    }
    return lines;
  }

  #end({ afterMs }: Closed): string {
    return afterMs >= this.#delayMs * 0.9 ? 'closed after the delay' : 'closed at once';
  }
}

type Say = (what: string, bytes: Uint8Array, isRaw?: boolean) => Promise<Buffer | null>;

const isLast = (what: string): boolean => what.startsWith('last: ');

function shown(answer: Buffer): string {
  const text = answer.toString('latin1');
  if (answer.length > 300) return answer.readInt16BE(4) === 0 ? 'a long answer' : 'an error';
  if (text.includes('127.0.0.1')) return 'the brokers';
  // What the server makes up stands in no two runs, nor is it as long.
  const masked = text
    .replace(/.r=rOprNGfwEbeRWgbNEkqO[!-+\--~]{10,},s=[A-Za-z0-9+/=]{4,}/s, '…r=…,s=…')
    .replace(/v=[A-Za-z0-9+/=]{40,}/, 'v=…')
    .replace('SCRAM-SHA-512\x00\rSCRAM-SHA-256', 'SCRAM-SHA-256\x00\rSCRAM-SHA-512'); // Kafka's order is that of a hash table
  return masked.replace(/[^\x20-\x7E…]/g, (one) => `\\x${one.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

const NONCE = 'rOprNGfwEbeRWgbNEkqO';

/** The client's last message, for a password. */
function proof(mechanism: ScramMechanism, bare: string, challenge: Buffer, password: string, extra = ''): string {
  const said = challenge.toString().slice(challenge.toString().indexOf('r='));
  const first = readServerFirst(said);
  if (first === null) throw new Error(`no first message of a server: ${said}`);
  const salted = saltedPassword(mechanism, password, first.salt, first.iterations);
  const withoutProof = `c=biws,r=${first.nonce}${extra}`;
  return `${withoutProof},p=${clientProof(mechanism, salted, `${bare},${said},${withoutProof}`).toString('base64')}`;
}

/**
 * The broker has PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 and OAUTHBEARER; alice's password is secret by each. It closes `delayMs` after a
 * failure.
 */
export async function converse(port: number, delayMs: number): Promise<string[]> {
  const talk = new Conversation(port, delayMs);
  aboutOrder(talk);
  aboutPlain(talk);
  aboutScram(talk);
  aboutTokens(talk);
  return talk.lines();
}

function aboutOrder(talk: Conversation): void {
  talk.about('versions, handshake, token', async (say) => {
    await say('ApiVersions', versions);
    await say('SaslHandshake PLAIN', handshake('PLAIN'));
    await say('SaslAuthenticate', token('\0alice\0secret'));
    await say('SaslHandshake again', handshake('PLAIN'));
    await say('SaslAuthenticate again', token('\0alice\0secret'));
    await say('Metadata', metadata);
  });
  talk.about('a second ApiVersions', async (say) => {
    await say('ApiVersions', versions);
    await say('ApiVersions', versions);
  });
  talk.about('ApiVersions too new, then again', async (say) => {
    const tooNew = Buffer.from(versions);
    tooNew.writeInt16BE(99, 2);
    await say('ApiVersions v99', tooNew);
    await say('ApiVersions', versions);
    await say('SaslHandshake PLAIN', handshake('PLAIN'));
  });
  talk.about('ApiVersions of a client with an impossible name', async (say) => {
    const named = requestOf(ApiVersions, 3, { clientSoftwareName: '-', clientSoftwareVersion: '1' });
    await say('ApiVersions', named);
    await say('ApiVersions', versions);
    await say('SaslHandshake PLAIN', handshake('PLAIN'));
  });
  talk.about('another request first', async (say) => void (await say('Metadata', metadata)));
  talk.about('another request after ApiVersions', async (say) => {
    await say('ApiVersions', versions);
    await say('Metadata', metadata);
  });
  talk.about('a token first', async (say) => void (await say('SaslAuthenticate', token('\0alice\0secret'))));
  talk.about('bytes first', async (say) => void (await say('GSSAPI', Buffer.from('6082026e', 'hex'))));
  talk.about('an empty frame', async (say) => void (await say('nothing', Buffer.alloc(0))));
  talk.about('ApiVersions after the handshake', async (say) => {
    await say('SaslHandshake PLAIN', handshake('PLAIN'));
    await say('last: ApiVersions', versions);
  });
  talk.about('Heartbeat after the handshake', async (say) => {
    await say('SaslHandshake PLAIN', handshake('PLAIN'));
    await say(
      'last: Heartbeat',
      requestOf(Heartbeat, 4, { groupId: 'g', generationId: 1, memberId: 'm', groupInstanceId: null }),
    );
  });
  talk.about('two handshakes', async (say) => {
    await say('SaslHandshake PLAIN', handshake('PLAIN'));
    await say('last: SaslHandshake PLAIN', handshake('PLAIN'));
  });
  talk.about('an unknown mechanism', async (say) => void (await say('last: FOO', handshake('FOO'))));
  talk.about('an unknown mechanism, v0', async (say) => void (await say('last: FOO', handshake('FOO', 0))));
  for (const bytes of [524_289, 1 << 30, -1]) {
    talk.about(`a frame of ${bytes} bytes`, async (say) => void (await say('its size', SIZE(bytes), true)));
  }
  talk.about('a large frame after the handshake', async (say) => {
    await say('SaslHandshake PLAIN', handshake('PLAIN'));
    await say('its size', SIZE(600_000), true);
  });
}

function aboutPlain(talk: Conversation): void {
  const tokens: readonly (readonly [string, string])[] = [
    ['a wrong password', '\0alice\0wrong'],
    ['nobody', '\0bob\0secret'],
    ['no user', '\0\0secret'],
    ['no password', '\0alice\0'],
    ['two tokens', 'alice\0secret'],
    ['four tokens', '\0alice\0secret\0'],
    ['six tokens', '\0\0\0\0\0'],
    ['nothing', ''],
    ['another authorization id', 'bob\0alice\0secret'],
    ['the same authorization id', 'alice\0alice\0secret'],
  ];
  for (const [title, text] of tokens) {
    talk.about(`PLAIN: ${title}`, async (say) => {
      await say('SaslHandshake PLAIN', handshake('PLAIN'));
      const isGood = title.startsWith('the same');
      await say(isGood ? 'SaslAuthenticate' : 'last: SaslAuthenticate', token(text));
    });
  }
  talk.about('PLAIN in SaslAuthenticate v0', async (say) => {
    await say('SaslHandshake PLAIN', handshake('PLAIN'));
    await say('SaslAuthenticate', token('\0alice\0secret', 0));
    await say('Metadata', metadata);
  });
  talk.about('PLAIN in bare tokens', async (say) => {
    await say('SaslHandshake PLAIN v0', handshake('PLAIN', 0));
    await say('token', Buffer.from('\0alice\0secret'));
    await say('Metadata', metadata);
  });
  talk.about('PLAIN in bare tokens, wrong', async (say) => {
    await say('SaslHandshake PLAIN v0', handshake('PLAIN', 0));
    await say('token', Buffer.from('\0alice\0wrong'));
  });
}

function aboutScram(talk: Conversation): void {
  for (const mechanism of ['SCRAM-SHA-256', 'SCRAM-SHA-512'] as const) {
    talk.about(mechanism, async (say) => {
      await say(`SaslHandshake ${mechanism}`, handshake(mechanism));
      const bare = `n=alice,r=${NONCE}`;
      const challenge = (await say('first', token(`n,,${bare}`)))!;
      await say('final', token(proof(mechanism, bare, trimmed(challenge), 'secret')));
      await say('Metadata', metadata);
    });
    talk.about(`${mechanism}, a wrong password`, async (say) => {
      await say(`SaslHandshake ${mechanism}`, handshake(mechanism));
      const bare = `n=alice,r=${NONCE}`;
      const challenge = (await say('first', token(`n,,${bare}`)))!;
      await say('last: final', token(proof(mechanism, bare, trimmed(challenge), 'wrong')));
    });
  }
  const firsts: readonly (readonly [string, string])[] = [
    ['channel binding', `p=tls-unique,,n=alice,r=${NONCE}`],
    ['y, which is not taken', `y,,n=alice,r=${NONCE}`],
    ['no nonce', 'n,,n=alice'],
    ['no user', `n,,r=${NONCE}`],
    ['a name with =', `n,,n=al=ice,r=${NONCE}`],
    ['nothing', ''],
    ['another authorization id', `n,a=bob,n=alice,r=${NONCE}`],
  ];
  for (const [title, text] of firsts) {
    talk.about(`SCRAM, first: ${title}`, async (say) => {
      await say('SaslHandshake SCRAM-SHA-256', handshake('SCRAM-SHA-256'));
      await say('last: first', token(text));
    });
  }
  talk.about('SCRAM, an unknown extension, and a name to unescape', async (say) => {
    await say('SaslHandshake SCRAM-SHA-256', handshake('SCRAM-SHA-256'));
    await say('first', token(`n,,n=alice,r=${NONCE},foo=bar`));
  });
  const finals: readonly (readonly [string, (final: string) => string])[] = [
    ['another nonce', (final) => final.replace(/r=[^,]*/, `r=${NONCE}x`)],
    ['no base64', (final) => final.replace(/p=.*/, 'p=!!!')],
    ['no proof', (final) => final.replace(/,p=.*/, '')],
  ];
  for (const [title, change] of finals) {
    talk.about(`SCRAM, final: ${title}`, async (say) => {
      await say('SaslHandshake SCRAM-SHA-256', handshake('SCRAM-SHA-256'));
      const bare = `n=alice,r=${NONCE}`;
      const challenge = (await say('first', token(`n,,${bare}`)))!;
      await say('last: final', token(change(proof('SCRAM-SHA-256', bare, trimmed(challenge), 'secret'))));
    });
  }
}

/** What is in SaslAuthenticate v2 around the token: enough of it cut off at the end that the message stands alone. */
function trimmed(answer: Buffer): Buffer {
  const text = answer.toString('latin1');
  return Buffer.from(/r=[\x21-\x7E]*,s=[A-Za-z0-9+/=]*,i=\d+/.exec(text)![0], 'latin1');
}

function unsigned(claims: Record<string, unknown>, alg = 'none'): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg })}.${part(claims)}.`;
}

function aboutTokens(talk: Conversation): void {
  const [soon, past] = [4_000_000_000, 1_000_000_000];
  const bearers: readonly (readonly [string, string])[] = [
    ['expired', `n,,\x01auth=Bearer ${unsigned({ sub: 'alice', iat: 1, exp: past })}\x01\x01`],
    ['no subject', `n,,\x01auth=Bearer ${unsigned({ iat: 1, exp: soon })}\x01\x01`],
    ['no end', `n,,\x01auth=Bearer ${unsigned({ sub: 'alice', iat: 1 })}\x01\x01`],
    ['signed by somebody', `n,,\x01auth=Bearer ${unsigned({ sub: 'alice', iat: 1, exp: soon }, 'RS256')}\x01\x01`],
    ['no JSON', `n,,\x01auth=Bearer abc.def.\x01\x01`],
    ['without the scope', `n,,\x01auth=Bearer ${unsigned({ sub: 'alice', iat: 1, exp: soon })}\x01\x01`],
  ];
  for (const [title, text] of bearers) {
    talk.about(`OAUTHBEARER: ${title}`, async (say) => {
      await say('SaslHandshake OAUTHBEARER', handshake('OAUTHBEARER'));
      await say('first', token(text));
      await say('last: \\x01', token('\x01'));
    });
  }
  const scoped = unsigned({ sub: 'alice', iat: 1, exp: soon, scope: ['kafka', 'more'] });
  const malformed: readonly (readonly [string, string])[] = [
    ['no auth', 'n,,\x01foo=bar\x01\x01'],
    ['no end', `n,,\x01auth=Bearer ${scoped}`],
    ['another authorization id', `n,a=bob,\x01auth=Bearer ${scoped}\x01\x01`],
    ['\\x01 first', '\x01'],
  ];
  for (const [title, text] of malformed) {
    talk.about(`OAUTHBEARER: ${title}`, async (say) => {
      await say('SaslHandshake OAUTHBEARER', handshake('OAUTHBEARER'));
      await say('last: first', token(text));
    });
  }
}
