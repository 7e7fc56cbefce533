/** The emulated Entra: who signs with a key instead of a secret, and every way in which that is refused. */
import { createHash, X509Certificate } from 'node:crypto'
import { importPKCS8, SignJWT } from 'jose'
import { beforeEach, expect, test } from 'vitest'
import { demo } from '../../local/emulators/demo-directory.js'
import { type ClientCertificate, clientCertificate } from '../support/microsoft/client-certificate.js'
import { clock, directory, microsoft, msal, post, useEntra } from '../support/microsoft/entra-client.js'

useEntra()
let own: ClientCertificate
beforeEach(async () => {
  own = await clientCertificate()
  clock.now = Date.now()
  const app = directory.app(demo.clientId)!
  app.secrets.length = 0
  app.certificates.push(own.certificate)
})

const scope = 'https://graph.microsoft.com/.default'
const path = `/${demo.tenantId}/oauth2/v2.0/token`
const seconds = () => Math.floor(clock.now / 1000)
const thumbprint = ({ certificate }: ClientCertificate, algorithm = 'sha256') =>
  createHash(algorithm).update(new X509Certificate(certificate).raw).digest('base64url')

interface Wish {
  claims?: Record<string, unknown>
  header?: Record<string, unknown>
  signedBy?: ClientCertificate
}
let count = 0

async function assertion({ claims = {}, header = {}, signedBy = own }: Wish = {}): Promise<string> {
  const all = {
    iss: demo.clientId,
    sub: demo.clientId,
    aud: `${microsoft}${path}`,
    jti: `assertion-${++count}`,
    nbf: seconds(),
    exp: seconds() + 600,
    ...claims,
  }
  const named = { alg: 'PS256', 'x5t#S256': thumbprint(own), ...header }
  return new SignJWT(all).setProtectedHeader(named).sign(await importPKCS8(signedBy.privateKey, named.alg))
}

const ask = async (client_assertion: string) =>
  post(path, {
    grant_type: 'client_credentials',
    client_id: demo.clientId,
    scope,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion,
  })

test('M-075: MSAL proves itself with key and certificate, and each call with an assertion of its own', async () => {
  const thumbprintSha256 = new X509Certificate(own.certificate).fingerprint256.replaceAll(':', '')
  const call = () =>
    msal(demo.tenantId, {
      clientCertificate: { thumbprintSha256, privateKey: own.privateKey },
    }).acquireTokenByClientCredential({ scopes: [scope], skipCache: true })
  expect((await call())!.accessToken).toBeTruthy()
  expect((await call())!.accessToken).toBeTruthy()
})

test('M-075: an assertion counts once, by either thumbprint', async () => {
  const one = await assertion()
  expect((await ask(one)).status).toBe(200)
  expect(await ask(one)).toMatchObject({ status: 401, body: { error: 'invalid_client', error_codes: [700027] } })
  const sha1 = { alg: 'RS256', 'x5t#S256': undefined, x5t: thumbprint(own, 'sha1') }
  expect((await ask(await assertion({ header: sha1 }))).status).toBe(200)
})

test.each<[string, number, () => Wish | Promise<Wish>]>([
  ['a key that is not registered', 700027, async () => ({ signedBy: await clientCertificate({ which: 'another' }) })],
  ['a certificate that is not registered', 700027, () => ({ header: { 'x5t#S256': 'AAAA' } })],
  ['no certificate named', 700027, () => ({ header: { 'x5t#S256': undefined } })],
  ['another token endpoint', 700027, () => ({ claims: { aud: `${microsoft}/common/oauth2/v2.0/token` } })],
  ['another service', 700027, () => ({ claims: { aud: 'https://login.evil.example/oauth2/v2.0/token' } })],
  ['another application', 70021, () => ({ claims: { sub: demo.publicClientId } })],
  ['no id', 700027, () => ({ claims: { jti: undefined } })],
  ['a time that is over', 700024, () => ({ claims: { nbf: seconds() - 1_200, exp: seconds() - 600 } })],
  ['a time to come', 700024, () => ({ claims: { nbf: seconds() + 600, exp: seconds() + 1_200 } })],
  ['no end', 700024, () => ({ claims: { exp: undefined } })],
])('M-075: refused: %s', async (_, code, wish) => {
  expect(await ask(await assertion(await wish()))).toMatchObject({ status: 401, body: { error_codes: [code] } })
  // Negative control: everything else about it was right.
  expect((await ask(await assertion())).status).toBe(200)
})

test('M-075: a certificate that ended signs nothing any more', async () => {
  clock.now = Date.parse(new X509Certificate(own.certificate).validTo) + 1_000
  const { body } = await ask(await assertion())
  expect(body).toMatchObject({ error_codes: [700027], error_description: expect.stringContaining('expired') })
})

test('M-075: what is no JWT at all is refused as such', async () => {
  expect(await ask('nothing')).toMatchObject({ status: 400, body: { error_codes: [50027] } })
})
