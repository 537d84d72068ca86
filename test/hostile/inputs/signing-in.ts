/** What clients send that have not signed in, by the thousand: each is refused, and who is in goes on. */
import { createServer } from 'node:http';
import { connect as openTls } from 'node:tls';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { SaslHandshake } from '../../../protocol/apis/17-sasl-handshake.ts';
import { ApiVersions } from '../../../protocol/apis/18-api-versions.ts';
import { Metadata } from '../../../protocol/apis/03-metadata.ts';
import { SaslAuthenticate } from '../../../protocol/apis/36-sasl-authenticate.ts';
import { writeClientInitial } from '../../../protocol/sasl/oauthbearer.ts';
import { CertificateAuthority } from '../../../src/credentials/certificate-authority.ts';
import { plainUsers, plainUsersKey } from '../../../src/credentials/plain-users.ts';
import type { Input, Secured, Target } from '../input.ts';
import { rawRequest, rawSocket } from '../raw-request.ts';

const FLOOD = 10_000;
const A_SECOND = 1000;
const TICK_MS = 10;
const HANDSHAKE_RECORD = 0x16;
const DAY_MS = 86_400_000;
const [USER, PASSWORD] = ['alice', 'secret'];

const passwords: Secured = {
  protocol: 'SASL_PLAINTEXT',
  user: USER,
  password: PASSWORD,
  settings: () =>
    Promise.resolve({
      'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,OAUTHBEARER',
      [plainUsersKey('secured')]: plainUsers(new Map([[USER, PASSWORD]])),
    }),
};

let made: Promise<CertificateAuthority> | null = null;
const authority = (): Promise<CertificateAuthority> => (made ??= CertificateAuthority.create(Date.now()));

const overTls: Secured = {
  ...passwords,
  protocol: 'SASL_SSL',
  ca: async () => (await authority()).certificate,
  async settings() {
    const now = Date.now();
    const lifetime = { notBeforeMs: now - DAY_MS, notAfterMs: now + DAY_MS };
    const { key, certificate } = await (await authority()).issue('broker', { hosts: ['127.0.0.1'], ...lifetime });
    return {
      ...(await passwords.settings()),
      'ssl.keystore.type': 'PEM',
      'ssl.keystore.key': key,
      'ssl.keystore.certificate.chain': certificate,
    };
  },
};

const handshake = (mechanism: string): Buffer => rawRequest(SaslHandshake, 1, { mechanism });
const token = (bytes: string | Buffer): Buffer =>
  rawRequest(SaslAuthenticate, 2, { authBytes: Buffer.from(bytes as string) });
const versions = rawRequest(ApiVersions, 3, { clientSoftwareName: 'hostile', clientSoftwareVersion: '1' });

/** What came back before the broker closed the connection. */
async function answersTo(target: Target, ...said: readonly Buffer[]): Promise<Buffer> {
  return untilClosed(await rawSocket(target.securedPort), said);
}

const closeOf = (socket: Socket): Promise<void> => new Promise((resolve) => socket.once('close', () => resolve()));

async function untilClosed(socket: Socket, said: readonly Uint8Array[]): Promise<Buffer> {
  const pieces: Buffer[] = [];
  const closed = closeOf(socket);
  socket.on('data', (bytes: Buffer) => pieces.push(bytes));
  for (const bytes of said) socket.write(bytes);
  socket.resume();
  await closed;
  return Buffer.concat(pieces);
}

/** Begins them in their rate, however long each takes; resolves when all are over. */
async function atRate(count: number, perSecond: number, one: (at: number) => Promise<void>): Promise<void> {
  const all: Promise<void>[] = [];
  const failures: unknown[] = [];
  const begun = performance.now();
  while (all.length < count && failures.length === 0) {
    const due = Math.min(count, Math.ceil(((performance.now() - begun) / 1000) * perSecond));
    while (all.length < due) all.push(one(all.length).catch((error: unknown) => void failures.push(error)));
    await wait(TICK_MS);
  }
  await Promise.all(all);
  if (failures.length > 0) throw failures[0];
}

function demand(isSo: boolean, what: string): void {
  if (!isSo) throw new Error(what);
}

/** Contents of the frames that came whole. */
function frames(bytes: Buffer): Buffer[] {
  const all: Buffer[] = [];
  for (let at = 0; at + 4 <= bytes.length;) {
    const size = bytes.readInt32BE(at);
    all.push(bytes.subarray(at + 4, at + 4 + size));
    at += 4 + size;
  }
  return all;
}

const FAILED = 'Authentication failed';

/**
 * Each is refused, or closed without an answer where more than 1,000 are at it. So many are answered at least: a machine with other work
 * may take no more.
 */
const ANSWERED = 500;
const ALONE_MS = 10_000;

async function refusedLogins(
  target: Target,
  count: number,
  perSecond: number,
  said: (at: number) => readonly Buffer[],
) {
  let answered = 0;
  await atRate(count, perSecond, async (at) => {
    const messages = said(at);
    const answers = frames(await answersTo(target, ...messages));
    if (answers.length === 0) return;
    demand(answers.length <= messages.length, `a failed login was answered ${answers.length} times`);
    if (answers.length < messages.length) return;
    demand(answers.at(-1)!.includes(FAILED), 'wrong credentials were not refused');
    answered++;
  });
  demand(answered >= ANSWERED, `${answered} of ${count} failed logins were told so`);
  await isClosed(answersTo(target, ...said(count)), 'failed login');
}

/** Nobody else makes room for its connection to go when it is alone, and its time to sign in is three times as long. */
async function isClosed(closed: Promise<unknown>, what: string): Promise<void> {
  const late = wait(ALONE_MS, 'late', { ref: false });
  demand((await Promise.race([closed, late])) !== 'late', `the connection of a ${what} was left open`);
}

function failedLogins(target: Target): Promise<void> {
  return refusedLogins(target, FLOOD, A_SECOND, (at) => {
    const user = at % 2 === 0 ? USER : `user-${at}`;
    return [handshake('PLAIN'), token(`\0${user}\0guess ${at}`)];
  });
}

function failedProofs(target: Target): Promise<void> {
  return refusedLogins(target, FLOOD / 2, A_SECOND / 2, (at) => {
    const proof = Buffer.alloc(32, at).toString('base64'); // for a nonce that is not the server's
    return [handshake('SCRAM-SHA-256'), token(`n,,n=user-${at},r=nonce`), token(`c=biws,r=nonce,p=${proof}`)];
  });
}

/** 0: garbage; 1: plain text; 2: half a hello; 3: a hello that is cut off; 4: one that does not trust the broker. */
async function badHandshake(target: Target, at: number): Promise<void> {
  const kind = at % 5;
  if (kind === 4) {
    const socket = openTls({ host: '127.0.0.1', port: target.securedPort });
    socket.on('error', () => {});
    return closeOf(socket);
  }
  const hello = Buffer.alloc(200, 1);
  hello.set([HANDSHAKE_RECORD, 3, 1, 1, 0, 1, 0, 0, 0xfc, 3, 3]);
  const said = [Buffer.alloc(100, at), versions, hello.subarray(0, 60), hello][kind];
  const socket = await rawSocket(target.securedPort);
  const over = untilClosed(socket, [said]);
  if (kind >= 2) void wait(TICK_MS).then(() => socket.end());
  await over;
}

const CROWD = 10_000;
const MOST = 1000;
const AUTHENTICATION_MS = 3000;
const SLACK = 50;
/** Of a connection that the broker has closed its client learns a while later, on a machine that is busy. */
const SEEN_LATE = 3;

/** Connections that say nothing, half a hello, or a byte now and then; all are closed when their time is over. */
async function crowd(target: Target): Promise<void> {
  let open = 0;
  let most = 0;
  const all: Promise<unknown>[] = [];
  const talkers = new Set<Socket>();
  const talk = setInterval(() => {
    for (const socket of talkers) socket.write(Buffer.from([HANDSHAKE_RECORD]));
  }, 1000);
  try {
    for (let at = 0; at < CROWD; at++) {
      const socket = await rawSocket(target.securedPort);
      open++;
      socket.once('close', () => {
        open--;
        talkers.delete(socket);
      });
      all.push(closeOf(socket));
      socket.resume();
      if (at % 3 === 1) socket.write(Buffer.from([HANDSHAKE_RECORD, 3, 1, 0, 200, 1, 0]));
      if (at % 3 === 2) talkers.add(socket);
      if (at % SLACK === 0) {
        await wait(1);
        most = Math.max(most, open);
      }
    }
    demand(most <= SEEN_LATE * MOST, `${most} connections were open that had not signed in`);
    const late = wait(3 * AUTHENTICATION_MS, 'late', { ref: false });
    demand(
      (await Promise.race([Promise.all(all), late])) !== 'late',
      `${open} connections were not closed in their time`,
    );
  } finally {
    clearInterval(talk);
    for (const socket of talkers) socket.destroy();
  }
}

/** Each on connections of its own: how many answers come before it is closed. */
async function outOfTurn(target: Target): Promise<void> {
  const TURNS = 200;
  const ASKED = 300;
  const metadata = rawRequest(Metadata, 12, { topics: null });
  const flood = Buffer.concat(Array.from({ length: ASKED }, () => versions));
  const during = Buffer.concat([handshake('PLAIN'), ...Array.from({ length: ASKED }, () => metadata)]);
  for (let turn = 0; turn < TURNS; turn++) {
    demand(frames(await answersTo(target, flood)).length === 1, 'ApiVersions was answered more than once');
    demand((await answersTo(target, metadata)).length === 0, 'a request was answered before its client signed in');
    demand((await answersTo(target, token('\0alice\0secret'))).length === 0, 'a token was taken before the handshake');
    demand(frames(await answersTo(target, during)).length === 2, 'a request was answered amid an exchange');
  }
}

const SIZES = [1 << 30, 0x7fffffff, -1, -0x80000000, 0, (1 << 19) + 1];
const PIECE = Buffer.alloc(1 << 16, 1);
const PIECES = 16;
const PROMPT_MS = 3000;

/** A size alone closes; what follows it is not kept. */
async function announced(target: Target): Promise<void> {
  const ROUNDS = 100;
  for (let round = 0; round < ROUNDS; round++) {
    await Promise.all(
      SIZES.map(async (size) => {
        const head = Buffer.alloc(4);
        head.writeInt32BE(size);
        const closed = answersTo(target, head, ...(size > 0 ? Array.from({ length: PIECES }, () => PIECE) : []));
        const late = wait(PROMPT_MS, null, { ref: false });
        demand((await Promise.race([closed, late])) !== null, `a frame of ${size} bytes was waited for`);
      }),
    );
  }
}

let fetches = 0;
let keyServer: Promise<number> | null = null;

/** Where keys are published: none of them. */
function keysPort(): Promise<number> {
  keyServer ??= new Promise((resolve) => {
    const server = createServer((_request, response) => {
      fetches++;
      response.setHeader('content-type', 'application/json').end('{"keys":[]}');
    });
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)).unref();
  });
  return keyServer;
}

const signedTokens: Secured = {
  ...passwords,
  async settings() {
    return {
      ...(await passwords.settings()),
      'sasl.oauthbearer.jwks.endpoint.url': `http://127.0.0.1:${await keysPort()}/keys`,
      'sasl.oauthbearer.expected.issuer': 'https://login.example.org',
      'sasl.oauthbearer.expected.audience': 'kafka',
    };
  },
};

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const claims = part({ sub: USER, iat: 1, exp: 4_000_000_000, iss: 'https://login.example.org', aud: 'kafka' });
const deep = Buffer.from('['.repeat(10_000) + ']'.repeat(10_000)).toString('base64url');
const TOKENS: readonly ((at: number) => string)[] = [
  (at) => `${part({ alg: 'RS256', kid: `key-${at}` })}.${claims}.AAAA`,
  () => `${part({ alg: 'RS256', kid: 'the same' })}.${claims}.AAAA`,
  () => `${part({ alg: 'none' })}.${claims}.`,
  () => `${part({ alg: 'HS256' })}.${claims}.AAAA`,
  () => `${deep}.${deep}.AAAA`,
  () => 'a.'.repeat(50_000),
];
/** One at the start, ten for keys that are not known, and as many again at a broker that is started a second time. */
const MOST_FETCHES = 24;

async function badTokens(target: Target): Promise<void> {
  const before = fetches;
  await atRate(FLOOD / 2, A_SECOND / 2, async (at) => {
    const initial = writeClientInitial(TOKENS[at % TOKENS.length](at));
    const answers = frames(await answersTo(target, handshake('OAUTHBEARER'), token(initial), token(Buffer.from([1]))));
    if (answers.length < 2) return; // more than 1,000 are at it
    const [, challenge, last] = answers;
    demand(challenge.includes('invalid_token') || challenge.includes(FAILED), 'a bad token was taken');
    demand(challenge.includes(FAILED) || last?.includes('invalid_token'), 'a bad token was not refused at last');
  });
  demand(fetches - before <= MOST_FETCHES, `the keys were fetched ${fetches - before} times`);
}

/** As long as a frame may be: names, nonces, extensions, what is no text. And short ones that a careless grammar reads in many ways. */
async function longMessages(target: Target): Promise<void> {
  const LONG = 500_000;
  const name = 'a'.repeat(LONG);
  const commas = '=2C'.repeat(22);
  const ROUNDS = 50;
  const all: readonly (readonly [string, string | Buffer])[] = [
    ['SCRAM-SHA-256', `n,,n=${name},r=`],
    ['SCRAM-SHA-256', `n,,n=a,r=b${',x=y'.repeat(LONG / 4)},`],
    ['SCRAM-SHA-256', `p=tls-unique,,n=${name},r=b`],
    ['SCRAM-SHA-256', Buffer.alloc(LONG, 0xff)],
    ['SCRAM-SHA-256', `n,,n=${commas},r=`],
    ['PLAIN', `\0${name}\0${PASSWORD}`],
    ['PLAIN', '\0'.repeat(LONG)],
    ['PLAIN', Buffer.alloc(LONG, 0xff)],
    ['OAUTHBEARER', `n,a=${name},\x01auth=Bearer`],
    ['OAUTHBEARER', `n,a=${commas},\x01auth=Bearer`],
  ];
  for (let round = 0; round < ROUNDS; round++) {
    for (const [mechanism, message] of all) {
      const answers = frames(await answersTo(target, handshake(mechanism), token(message)));
      demand(answers.length === 2, `a long message of ${mechanism} was answered ${answers.length} times`);
    }
  }
}

/** A client that is in waits no more than three times as long. */
const limits = { neighbourTimes: 3, residentMb: 300 };

export const signingIn: readonly Input[] = [
  {
    name: 'failed-logins',
    what: `${FLOOD} logins by PLAIN with wrong passwords, ${A_SECOND} a second`,
    secured: passwords,
    limits,
    run: failedLogins,
  },
  {
    name: 'failed-proofs',
    what: `${FLOOD / 2} logins by SCRAM with wrong proofs, ${A_SECOND / 2} a second`,
    secured: passwords,
    limits,
    run: failedProofs,
  },
  {
    name: 'bad-handshakes',
    what: `${FLOOD} handshakes of TLS that come to nothing, ${A_SECOND} a second`,
    secured: overTls,
    limits,
    async run(target) {
      await atRate(FLOOD, A_SECOND, (at) => badHandshake(target, at));
      for (const kind of [0, 1, 4]) await isClosed(badHandshake(target, kind), 'handshake that failed');
    },
  },
  {
    name: 'silent-crowd',
    what: `${CROWD} connections over TLS that say nothing, half a hello, or a byte a second`,
    secured: overTls,
    settings: { 'ottla.authentication.timeout.ms': String(AUTHENTICATION_MS) },
    limits,
    run: crowd,
  },
  {
    name: 'out-of-turn',
    what: '300 ApiVersions, tokens before the handshake, and requests amid it, 200 times',
    secured: passwords,
    limits: { residentMb: 300 },
    run: outOfTurn,
  },
  {
    name: 'announced-frames',
    what: 'frames of 1 GB, 2 GB, no and negative bytes from clients that have not signed in, 600 of them',
    secured: passwords,
    limits: { residentMb: 300 },
    run: announced,
  },
  {
    name: 'bad-tokens',
    what: `${FLOOD / 2} tokens: of unknown keys, unsigned, signed by a secret, nested 10,000 deep`,
    secured: signedTokens,
    limits,
    run: badTokens,
  },
  {
    name: 'long-messages',
    what: '500 messages of SASL, most of 500 KB: names, extensions, zeros, what is no text',
    secured: passwords,
    limits: { residentMb: 300 },
    run: longMessages,
  },
];
