/** Keys and certificates that people paste: each wrong one names its field, what is wrong and what to do. */
import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import type { GatewayError } from '../../../lib/errors.js'
import { keyPairOf, keyPairText, readKeyPair } from '../../../lib/protocol/key-pair.js'
import { Secret } from '../../../lib/secret.js'
import { type ClientCertificate, clientCertificate } from '../../support/microsoft/client-certificate.js'

const now = Date.now()
const day = 86_400_000
let pair: ClientCertificate
beforeAll(async () => {
  pair = await clientCertificate()
})

function refusal(given: Partial<ClientCertificate>): GatewayError {
  try {
    readKeyPair({ ...pair, ...given }, now)
  } catch (error) {
    return error as GatewayError
  }
  throw new Error('It was accepted')
}

const rsa = (bits: number) =>
  generateKeyPairSync('rsa', { modulusLength: bits }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const encrypted = () =>
  createPrivateKey(pair.privateKey)
    .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })
    .toString()
const ellipticKey = () =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()

describe('M-075: key and certificate as people give them', () => {
  test.each<[string, string, RegExp, () => Partial<ClientCertificate> | Promise<Partial<ClientCertificate>>]>([
    ['no PEM as key', 'privateKey', /PEM form.*convert/, () => ({ privateKey: 'MIIE' })],
    ['a certificate as key', 'privateKey', /PEM form/, () => ({ privateKey: pair.certificate })],
    ['a key with a passphrase', 'privateKey', /passphrase.*openssl pkey/, () => ({ privateKey: encrypted() })],
    ['half a key', 'privateKey', /copy the whole/, () => ({ privateKey: pair.privateKey.replace(/\n.{64}/, '') })],
    ['an elliptic key', 'privateKey', /must be an RSA key/, () => ({ privateKey: ellipticKey() })],
    ['a short key', 'privateKey', /2048 to 4096 bits and has 1024/, () => ({ privateKey: rsa(1024) })],
    ['no PEM as certificate', 'certificate', /PEM form/, () => ({ certificate: 'x' })],
    [
      'half a certificate',
      'certificate',
      /copy the whole/,
      () => ({ certificate: pair.certificate.replace(/\n.{64}/, '') }),
    ],
    [
      'the certificate of another key',
      'certificate',
      /does not belong/,
      () => clientCertificate({ which: 'another' }).then(({ certificate }) => ({ certificate })),
    ],
    [
      'a certificate that ended',
      'certificate',
      /expired on \d{4}-\d\d-\d\d/,
      () => clientCertificate({ from: now - 9 * day, until: now - day }),
    ],
    [
      'a certificate of the future',
      'certificate',
      /valid only from \d{4}-\d\d-\d\d/,
      () => clientCertificate({ from: now + day, until: now + 9 * day }),
    ],
  ])('refused: %s', async (_, field, said, given) => {
    const wrong = await given()
    const error = refusal(wrong)
    expect(error).toMatchObject({ code: 'invalid_input', status: 400, field, remedy: expect.stringMatching(/\S/) })
    expect(error.description).toMatch(said)
    // No line of a key is repeated.
    const lines = (wrong.privateKey ?? pair.privateKey).split('\n').filter((line) => line.length === 64)
    for (const line of lines) expect(JSON.stringify([error, error.message, String(error.cause)])).not.toContain(line)
  })

  test('a bag of openssl, another form of the key, and a chain are read; one text is kept and read again', async () => {
    const other = await clientCertificate({ which: 'another' })
    const pkcs1 = createPrivateKey(pair.privateKey).export({ type: 'pkcs1', format: 'pem' }).toString()
    const bag = `Bag Attributes\r\n    localKeyID: 01\r\n${pkcs1.replaceAll('\n', '\r\n')}`
    const read = readKeyPair({ privateKey: bag, certificate: `${pair.certificate}\n${other.certificate}` }, now)
    const kept = keyPairText(read)
    expect(String(kept)).not.toContain('PRIVATE')
    const again = keyPairOf(kept)
    expect(again?.certificate.fingerprint256).toBe(read.certificate.fingerprint256)
    expect(again?.certificate.checkPrivateKey(createPrivateKey(again.privateKey.reveal()))).toBe(true)
    expect(keyPairOf(new Secret('a client secret'))).toBeUndefined()
  })
})
