/**
 * Certificates for the local mail servers: one certificate authority, and server certificates signed by it, so that a
 * client trusts them the way it trusts any server, by its list of authorities, with the name check switched on.
 */
import { X509Certificate } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { generate } from 'selfsigned'

/** All values are PEM. `ca` is what a client is given to trust; `caKey` signs further certificates. */
export interface Certificates {
  ca: string
  caKey: string
  key: string
  cert: string
}

/** What a TLS server is started with. */
export type ServerCertificate = Pick<Certificates, 'key' | 'cert'>

const serverNames = [
  'localhost',
  ...['mail', 'imap', 'smtp', 'pop', 'vault', 'autoconfig'].map((label) => `${label}.test`),
  '*.mail.test',
  '*.pop.example',
  '*.postbox.example',
]
const keepForMs = 30 * 86_400_000

/**
 * An authority and a certificate for localhost, 127.0.0.1, ::1, {mail,imap,smtp,pop,vault,autoconfig}.test,
 * *.mail.test, *.pop.example, *.postbox.example (clients refuse `*.test`) and `extraNames`.
 * With `folder` they are kept there and reused while they are valid for another 30 days.
 */
export async function makeCertificates(folder?: string, extraNames: string[] = []): Promise<Certificates> {
  const kept = folder === undefined ? undefined : await read(folder)
  if (kept) return kept
  const authority = await generate([{ name: 'commonName', value: 'Mailbox Gateway local authority' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  })
  const signer = { ca: authority.cert, caKey: authority.private }
  const made = { ...signer, ...(await serverCertificate(signer, [...serverNames, ...extraNames])) }
  if (folder !== undefined) await write(folder, made)
  return made
}

/** A server certificate for `names` by this authority; `expired`: its validity ended yesterday. */
async function serverCertificate(
  signer: Pick<Certificates, 'ca' | 'caKey'>,
  names: string[],
  options: { expired?: boolean } = {},
): Promise<ServerCertificate> {
  const day = 86_400_000
  const from = Date.now() - (options.expired ? 30 : 1) * day
  const until = options.expired ? Date.now() - day : from + 365 * day
  const made = await generate([{ name: 'commonName', value: names[0] ?? 'localhost' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    ca: { key: signer.caKey, cert: signer.ca },
    notBeforeDate: new Date(from),
    notAfterDate: new Date(until),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, keyEncipherment: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          ...names.map((value) => ({ type: 2 as const, value })),
          ...(names.includes('localhost')
            ? [
                { type: 7 as const, ip: '127.0.0.1' },
                { type: 7 as const, ip: '::1' },
              ]
            : []),
        ],
      },
    ],
  })
  return { key: made.private, cert: made.cert }
}

/** Certificates a client must refuse: another name, expired, and signed by nobody it knows (SEC-26). */
export async function badCertificates(
  signer: Pick<Certificates, 'ca' | 'caKey'>,
): Promise<Record<'wrongName' | 'expired' | 'selfSigned', ServerCertificate>> {
  const stranger = await makeCertificates()
  return {
    wrongName: await serverCertificate(signer, ['elsewhere.example']),
    expired: await serverCertificate(signer, ['localhost'], { expired: true }),
    selfSigned: { key: stranger.key, cert: stranger.cert },
  }
}

const files = { ca: 'ca.pem', caKey: 'ca-key.pem', key: 'key.pem', cert: 'cert.pem' } as const
const parts = Object.keys(files) as (keyof Certificates)[]

async function read(folder: string): Promise<Certificates | undefined> {
  try {
    const texts = await Promise.all(parts.map((part) => readFile(join(folder, files[part]), 'utf8')))
    const kept = Object.fromEntries(parts.map((part, i) => [part, texts[i]])) as unknown as Certificates
    return Date.parse(new X509Certificate(kept.cert).validTo) - Date.now() > keepForMs ? kept : undefined
  } catch {
    return undefined
  }
}

async function write(folder: string, made: Certificates): Promise<void> {
  await mkdir(folder, { recursive: true })
  await Promise.all(parts.map((part) => writeFile(join(folder, files[part]), made[part], { mode: 0o600 })))
}
