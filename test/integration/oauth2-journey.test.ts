/** A mailbox behind an OAuth 2.0 server, from the link to the first mail in each direction (M-051). */
import { describe, expect, test } from 'vitest'
import { parseMailSubmission } from '../../lib/model/mail-submission.js'
import { startOAuth } from '../../local/emulators/oauth/start-oauth.js'
import { origin } from '../support/connect/connect-site.js'
import {
  begin,
  comeBack,
  known,
  mail,
  oauthInput,
  person,
  site,
  start,
  tenant,
  useOAuthSite,
} from '../support/connect/oauth-site.js'
import { startOidcProvider } from '../support/contracts/oidc-provider.js'
import { everyConnection, everyMailbox } from '../support/general/every.js'
import { stopsAfterEach } from '../support/general/stops-after-each.js'

useOAuthSite()
const stops: (() => Promise<unknown>)[] = []
stopsAfterEach(stops)

const secret = 'the-client-secret-of-the-gateway'

interface Server {
  issuer: string
  allow(redirectUri: string): void
  signIn(url: string): Promise<Record<string, string>>
}

/** A server with one person, and a client for the gateway. */
type Start = (address: string) => Promise<Server>

const servers: Record<string, Start> = {
  'an OAuth 2.0 server': async (email) => {
    const redirectUris: string[] = []
    const clients = [{ id: 'gateway', secret, redirectUris }]
    const server = await startOAuth({ clients, users: [{ sub: 'p1', email }], manners: { rotation: 'strict' } })
    stops.push(server.stop)
    known.verifyToken = server.verifyToken
    return {
      issuer: server.issuer,
      allow: (uri) => void redirectUris.push(uri),
      signIn: (url) => server.control.signInAs(url, email),
    }
  },
  'oidc-provider': async (email) => {
    const clients = [{ id: 'gateway', secret, redirectUris: [] }]
    const server = await startOidcProvider({ clients, users: [{ sub: 'p1', email }] })
    stops.push(server.stop)
    known.verifyToken = server.verifyToken
    return { issuer: server.url, allow: server.allow, signIn: (url) => server.signInAs(url, email) }
  },
}

describe.each(Object.entries(servers))('%s', (_, startServer) => {
  test('M-051: connect page, sign-in, try-out, confirmation; then mail goes out by SMTP, comes in by IMAP, and the next token too', async () => {
    const address = person()
    const server = await startServer(address)
    const { id, redirectUri } = await site.gateway.admin.saveRegistration({ tenant }, oauthInput(server.issuer))
    expect(redirectUri).toBe(`${origin}/oauth/callback/${id}`)
    server.allow(redirectUri)

    const browser = site.browser()
    const { link, signInId } = await start(address)
    const page = await browser.visit({ method: 'GET', url: link })
    expect(page.body).toContain('Continue with Example mail')
    expect(page.headers['content-security-policy']).toContain("form-action 'self' https:")
    const answer = await server.signIn(await begin(browser, link, id))
    const result = await comeBack(browser, answer, id)
    expect(result.status).toBe(200)

    // Nobody but an administrator says that the address is theirs.
    expect(await site.gateway.connect.describeSignIn(tenant, signInId)).toMatchObject({
      status: 'signed-in',
      signedInAs: address,
      verdicts: {
        signIn: { verdict: 'fails', code: 'address_not_proven' },
        reading: { verdict: 'works' },
        sending: { verdict: 'works' },
      },
    })
    const { mailboxId, connectionId } = await site.gateway.connect.confirmByAdmin(tenant, signInId)
    expect((await everyConnection(site.gateway, tenant)).find((one) => one.id === connectionId)).toMatchObject({
      provider: 'oauth2',
      state: 'connected',
      identity: { issuer: server.issuer, subject: 'p1', username: address },
    })
    expect((await everyMailbox(site.gateway, tenant)).find((one) => one.id === mailboxId)).toMatchObject({
      receive: { transport: 'imap', imap: { host: 'localhost', port: mail.imap.port } },
      send: { transport: 'smtp', smtp: { host: 'localhost', port: mail.smtp.port } },
    })

    const submission = parseMailSubmission({
      mailboxId,
      to: [{ address: 'bo@example.org' }],
      subject: 'Hello',
      text: 'Hello',
    })
    const { mail: accepted } = await site.gateway.send.acceptMail(tenant, { submission })
    await site.gateway.send.drainLane({ v: 1, tenant, mailboxId })
    expect(await site.gateway.send.readMail(tenant, accepted.id)).toMatchObject({ state: 'sent' })
    expect(mail.smtp.mails.at(-1)).toMatchObject({ from: address, session: { method: 'XOAUTH2', secure: true } })

    const raw = 'From: bo@example.org\r\nSubject: Answer\r\nMessage-ID: <a@example.org>\r\n\r\nYes.\r\n'
    mail.imap.deliver(address, raw)
    const [polled] = await site.gateway.receive.pollBatch({ v: 1, mailboxes: [{ tenant, mailboxId }] })
    expect(polled).toMatchObject({ code: '' })
    const { mails } = await site.gateway.receive.listReceived({ tenant, mailboxId }, { limit: 10, after: '' })
    expect(mails).toMatchObject([{ messageId: '<a@example.org>', state: 'handed-over' }])

    // Each refresh token serves once: the newest one is what is kept.
    for (let round = 0; round < 3; round++)
      expect(await site.gateway.admin.retryConnection(tenant, connectionId)).toEqual({
        state: 'connected',
        problem: null,
      })
  })
})
