/** The connect site with mail servers that take the tokens of an OAuth 2.0 server. */
import { afterAll, beforeAll, expect, inject } from 'vitest'
import { newId } from '../../../lib/model/ids.js'
import type { RegistrationInput } from '../../../lib/model/registration-schema.js'
import type { TokenMechanism } from '../../../local/emulators/accounts.js'
import { makeCertificates } from '../../../local/emulators/certificate.js'
import { type ImapEmulator, startImap } from '../../../local/emulators/imap/start-imap.js'
import { type SmtpEmulator, startSmtp } from '../../../local/emulators/smtp/start-smtp.js'
import type { Answer, Browser } from '../http/cookie-jar.js'
import { type ConnectSite, origin, startConnectSite, tokenOf } from './connect-site.js'

export const tenant = 'acme'
export let site: ConnectSite
export let mail: MailServers
const file = newId().slice(0, 6)
let counter = 0

export const person = (): string => `person-${file}-${++counter}@example.com`

export interface MailServers {
  imap: ImapEmulator
  smtp: SmtpEmulator
  servers: Required<Pick<RegistrationInput, 'imap' | 'smtp'>>
}

/** Asked whose token it is; a test names its own server. */
export const known: { verifyToken(token: string): Promise<{ upn: string } | undefined> | { upn: string } | undefined } =
  {
    verifyToken: () => undefined,
  }

async function startMailServers(tokenMechanisms: readonly TokenMechanism[] = ['XOAUTH2']): Promise<MailServers> {
  const certificates = await makeCertificates()
  const options = {
    accounts: () => ({}),
    verifyToken: (token: string) => known.verifyToken(token),
    mode: 'implicit' as const,
    tls: certificates,
    tokenMechanisms,
  }
  const [imap, smtp] = await Promise.all([startImap(options), startSmtp(options)])
  const at = (port: number) => ({ host: 'localhost', port, tls: 'implicit' as const, ca: certificates.ca })
  return { imap, smtp, servers: { imap: at(imap.port), smtp: at(smtp.port) } }
}

export const oauthInput = (issuer: string, more: Partial<RegistrationInput> = {}): RegistrationInput => ({
  name: 'Example mail',
  kind: 'oauth2',
  clientId: 'gateway',
  issuer,
  scopes: ['openid', 'email', 'offline_access', 'mail'],
  clientSecret: 'the-client-secret-of-the-gateway',
  ...mail.servers,
  ...more,
})

export const start = (address: string, more: object = {}) =>
  site.gateway.connect.startSignIn(
    { tenant, role: 'tenant-admin' },
    {
      address,
      displayName: '',
      receive: true,
      send: true,
      transport: 'auto',
      confirmation: 'confirmed-by-link',
      ...more,
    },
  )

/** Opens the page and presses the button of a registration; where the browser is sent. */
export async function begin(browser: Browser, link: string, registrationId: string): Promise<string> {
  const page = await browser.visit({ method: 'GET', url: link })
  expect(page.body).toContain(`name="registration" value="${registrationId}"`)
  const form = { token: tokenOf(page.body), provider: 'oauth2', registration: registrationId }
  const sent = await browser.visit({ method: 'POST', url: link, form, from: origin }, false)
  expect(sent.headers['location']).toBeDefined()
  return sent.headers['location'] ?? ''
}

/** The browser comes back with the answer of a server, at the callback of this registration. */
export const comeBack = (browser: Browser, answer: Record<string, string>, registrationId: string): Promise<Answer> =>
  browser.visit({
    method: 'GET',
    url: `${origin}/oauth/callback${registrationId && `/${registrationId}`}?${new URLSearchParams(answer)}`,
    from: 'https://login.example.com',
  })

export function useOAuthSite(): void {
  beforeAll(async () => {
    site = await startConnectSite(inject('azurite'))
    mail = await startMailServers()
    await site.gateway.admin.createTenant({ id: tenant, name: 'Acme Ltd' })
  })
  afterAll(async () => {
    await Promise.all([mail.imap.stop(), mail.smtp.stop(), site.stop()])
  })
}
