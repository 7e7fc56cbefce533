/** Mailboxes at mail servers beyond the first call: the console's form, another password, and what the page says. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { consoleServerMailbox } from '../../functions/console-server-mailbox.js'
import { consoleVisitor } from '../support/console/console-visitor.js'
import {
  acme,
  at,
  connect,
  fresh,
  login,
  mailOut,
  reading,
  relay,
  secret,
  sending,
  stored,
  useOwnServers,
} from '../support/http/own-servers.js'
import { as, other, site } from '../support/http/two-workers.js'

useOwnServers('servers-later')

const fails = (field: string, code: string) => ({
  field,
  code,
  message: expect.any(String),
  remedy: expect.any(String),
})

test('M-145: the form of the console does the same, names each field at fault, and shows no password', async () => {
  const visit = await consoleVisitor(site.gateway, acme.key)
  const path = '/console/server-mailbox'
  expect((await visit(consoleServerMailbox, { path })).body).toContain('Connect a mailbox at a mail server')
  const address = fresh()
  const typed = {
    address,
    ...{ imapHost: 'localhost', imapPort: String(at.imap.port), imapTls: 'implicit', imapCa: at.ca, password: 'no' },
    ...{ smtpHost: 'localhost', smtpPort: String(at.relay.port), smtpTls: 'plain', smtpLogin: 'none' },
  }
  const before = await stored()
  const post = (more: object = {}) => visit(consoleServerMailbox, { path, form: { ...typed, ...more } })
  const wrong = await post()
  expect(wrong).toMatchObject({ status: 422 })
  expect(wrong.body).toMatch(/id="password-error"[\s\S]*id="password"[^>]*aria-invalid="true"/)
  expect(wrong.body).toContain(`value="${address}"`)
  const noHost = await post({ imapPort: '9', password: secret })
  expect(noHost.body).toContain('id="imapHost-error"')
  expect(noHost.body).not.toContain(secret)
  expect((await post({ address: 'nobody' })).body).toContain('id="address-error"')
  expect(await stored()).toBe(before)
  const saved = await post({ password: secret })
  expect(saved.status).toBe(303)
  const [, mailboxId = ''] = /mailboxes\/(\w+)\?done=server-mailbox/.exec(saved.location ?? '') ?? []
  expect((await as(acme.key)('mailboxShow', { params: { id: mailboxId } })).json.address).toBe(address)
  const { json: app } = await as(acme.key)('keyCreate', { body: { role: 'app', name: 'app' } })
  const asApp = await consoleVisitor(site.gateway, app.key)
  expect((await asApp(consoleServerMailbox, { path, form: typed })).status).toBe(403)
})

describe('another password', () => {
  test('M-069: by one call, under the same mailbox id; until the servers accept it the old one stays and works', async () => {
    const address = fresh('old')
    const { json: made } = await connect({
      address,
      receive: { imap: reading(), login: login('old') },
      send: { smtp: sending() },
    })
    const params = { id: made.receiveConnectionId }
    const poll = () => other.receive.pollBatch({ v: 1, mailboxes: [{ tenant: acme.id, mailboxId: made.mailboxId }] })
    const refused = await as(acme.key)('connectionPasswordSave', { params, body: { password: 'new' } })
    expect(refused).toMatchObject({
      status: 422,
      json: {
        problems: [
          fails('receive.login', 'imap_authenticationfailed'),
          expect.objectContaining({ field: 'send.login' }),
        ],
      },
    })
    at.imap.deliver(address, 'From: a@b.example\r\nSubject: Old\r\n\r\nx')
    expect(await poll()).toMatchObject([{ outcome: 'mail' }])

    at.passwords.set(address, 'new')
    const saved = await as(acme.key)('connectionPasswordSave', { params, body: { password: 'new' } })
    expect(saved).toMatchObject({
      status: 200,
      json: { connectionId: params.id, username: address, tested: [{ mailboxId: made.mailboxId }] },
    })
    at.imap.deliver(address, 'From: a@b.example\r\nSubject: New\r\n\r\nx')
    expect(await poll()).toMatchObject([{ outcome: 'mail', handedOver: 1 }])
    expect(await mailOut(made.mailboxId)).toBe('sent')
    const shown = await as(acme.key)('mailboxShow', { params: { id: made.mailboxId } })
    expect(shown.json).toMatchObject({ id: made.mailboxId, receive: { connectionId: params.id } })
  })

  test('M-069: a relay has no password to change, and a connection that nothing uses cannot test one', async () => {
    const { json: made } = await connect({ address: fresh(), send: relay() })
    const params = { id: made.sendConnectionId }
    expect(await as(acme.key)('connectionPasswordSave', { params, body: { password: 'new' } })).toMatchObject({
      status: 409,
      json: { code: 'password_not_used' },
    })
    const address = fresh()
    const { json: two } = await connect({ address, receive: { imap: reading(), login: login() } })
    await as(acme.key)('mailboxChange', { params: { id: two.mailboxId }, body: { receive: { transport: 'none' } } })
    expect(
      await as(acme.key)('connectionPasswordSave', {
        params: { id: two.receiveConnectionId },
        body: { password: 'x' },
      }),
    ).toMatchObject({ status: 409, json: { code: 'connection_unused' } })
  })
})

test('M-145: each call of docs/connect/mail-server.md does what the page says', async () => {
  const page = readFileSync(new URL('../../docs/connect/mail-server.md', import.meta.url), 'utf8')
  const calls = [...page.matchAll(/curl -s (?:-X PUT )?"\$GATEWAY\/api\/v1\/([^"]+)"[^\n]*-d '([^']+)'/g)]
  expect(calls).toHaveLength(4)
  // The servers of the page, as they are here.
  const here: Record<string, object> = {
    'imap.contoso.example': reading(),
    'smtp.contoso.example': sending(),
    'relay.contoso.example': { ...sending(), port: at.encryptedRelay.port },
  }
  const placed = (server: { host: string }) => ({ ...server, ...here[server.host] })
  const statuses: number[] = []
  let connection = ''
  for (const [, path = '', text = ''] of calls) {
    const body = JSON.parse(text)
    if (path.startsWith('connections/')) {
      at.passwords.set('orders@contoso.example', body.password)
      const { status } = await as(acme.key)('connectionPasswordSave', { params: { id: connection }, body })
      statuses.push(status)
      continue
    }
    at.passwords.set(body.address, body.receive?.login.password ?? 'none')
    if (body.receive) body.receive.imap = placed(body.receive.imap)
    if (body.send) body.send.smtp = placed(body.send.smtp)
    const { status, json } = await connect(body, path.endsWith('?dryRun=true'))
    statuses.push(status)
    connection ||= json.receiveConnectionId
  }
  expect(statuses).toEqual([201, 200, 201, 200])
})
