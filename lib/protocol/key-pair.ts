/**
 * A private key and its certificate as PEM. What is kept is one text, the key before the certificate; what people give
 * may carry more around it (the bags of `openssl pkcs12`, a whole chain).
 */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { invalidInput } from '../errors.js'
import { Secret } from '../secret.js'

export interface KeyPair {
  /** PKCS #8 PEM. */
  privateKey: Secret
  certificate: X509Certificate
}

const least = 2048
/** Signing with a longer key takes a processor longer than anybody's sign-in is worth. */
const most = 4096
const keyBlock = /-----BEGIN ([A-Z ]*)PRIVATE KEY-----[\s\S]*?-----END \1PRIVATE KEY-----/
const certificateBlock = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/

/** Throws `invalid_input` that names the field, what is wrong and what to do; never a part of the key. */
export function readKeyPair(given: { privateKey: string; certificate: string }, now: number): KeyPair {
  const key = readKey(given.privateKey)
  const certificate = readCertificate(given.certificate)
  if (!certificate.checkPrivateKey(key))
    throw invalidInput(
      'certificate',
      'does not belong to privateKey; give the certificate that was made for this key, or its key.',
    )
  const from = Date.parse(certificate.validFrom)
  const until = Date.parse(certificate.validTo)
  if (!(until > now))
    throw invalidInput('certificate', `expired on ${day(until)}; create a new key with a new certificate.`)
  if (!(from <= now))
    throw invalidInput('certificate', `is valid only from ${day(from)}; wait until then, or give another one.`)
  return { privateKey: new Secret(key.export({ type: 'pkcs8', format: 'pem' }).toString()), certificate }
}

/** The text that is kept. */
export const keyPairText = ({ privateKey, certificate }: KeyPair): Secret =>
  new Secret(`${privateKey.reveal().trim()}\n${certificate.toString().trim()}\n`)

/** From the text that was kept; `undefined` when it is none. */
export function keyPairOf(kept: Secret): KeyPair | undefined {
  const text = kept.reveal()
  const [key, certificate] = [keyBlock.exec(text)?.[0], certificateBlock.exec(text)?.[0]]
  if (key === undefined || certificate === undefined) return undefined
  return { privateKey: new Secret(key), certificate: new X509Certificate(certificate) }
}

function readKey(pem: string): KeyObject {
  const found = keyBlock.exec(pem)
  if (found === null)
    throw invalidInput(
      'privateKey',
      'must be a private key in PEM form, with the line "-----BEGIN PRIVATE KEY-----"; convert it with openssl.',
    )
  if (found[1]?.startsWith('ENCRYPTED') || found[0].includes('Proc-Type: 4,ENCRYPTED'))
    throw invalidInput(
      'privateKey',
      'is protected by a passphrase; give it without one ("openssl pkey -in key.pem -out open.pem").',
    )
  let key: KeyObject
  try {
    key = createPrivateKey(found[0])
  } catch {
    throw invalidInput('privateKey', 'cannot be read as a private key; copy the whole PEM text, all lines of it.')
  }
  if (key.asymmetricKeyType !== 'rsa')
    throw invalidInput('privateKey', 'must be an RSA key; create one with "openssl genrsa 3072".')
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0
  if (bits < least || bits > most)
    throw invalidInput('privateKey', `must have ${least} to ${most} bits and has ${bits}; create another key.`)
  return key
}

/** The first one: chains begin with the certificate of the key. */
function readCertificate(pem: string): X509Certificate {
  const block = certificateBlock.exec(pem)?.[0]
  if (block === undefined)
    throw invalidInput(
      'certificate',
      'must be a certificate in PEM form, with the line "-----BEGIN CERTIFICATE-----"; convert it with openssl.',
    )
  try {
    return new X509Certificate(block)
  } catch {
    throw invalidInput('certificate', 'cannot be read as a certificate; copy the whole PEM text, all lines of it.')
  }
}

const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10)
