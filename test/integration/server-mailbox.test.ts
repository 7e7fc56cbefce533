/** An administrator connects mailboxes at mail servers by one call each, without a browser. */
import { describe, expect, test } from 'vitest'
import { GatewayError } from '../../lib/errors.js'
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
import { as, connectionString, names, other, site } from '../support/http/two-workers.js'
import { environmentDump } from '../support/storage/stored.js'

useOwnServers('servers')

const works = { verdict: 'works' }
const fail = (error: Error) => (): Promise<never> => Promise.reject(error)
const fails = (field: string, code: string) => ({
  field,
  code,
  message: expect.any(String),
  remedy: expect.any(String),
})

describe('one call', () => {
  test('M-145, M-024: a server with a private authority connects from the start, receives and sends; the password never comes out', async () => {
    const address = fresh()
    const made = await connect({
      address,
      displayName: 'Own',
      receive: { imap: reading(), login: login() },
      send: { smtp: sending() },
    })
    expect(made).toMatchObject({
      status: 201,
      json: { address, verdicts: { signIn: works, reading: works, sending: works }, warnings: [] },
    })
    // One account for both directions is one connection, and one secret.
    expect(made.json.sendConnectionId).toBe(made.json.receiveConnectionId)
    const { mailboxId } = made.json
    at.imap.deliver(address, 'From: a@b.example\r\nSubject: In\r\n\r\nx')
    expect(await other.receive.pollBatch({ v: 1, mailboxes: [{ tenant: acme.id, mailboxId }] })).toMatchObject([
      { outcome: 'mail', handedOver: 1 },
    ])
    expect(await mailOut(mailboxId)).toBe('sent')
    const shown = await as(acme.key)('mailboxShow', { params: { id: mailboxId } })
    expect(shown.json).toMatchObject({ connectionState: 'connected', receive: { imap: { ca: at.ca } } })
    const everything = JSON.stringify([
      made.json,
      shown.json,
      await environmentDump(connectionString, names().environment),
    ])
    expect(everything).not.toContain(secret)
    expect(everything).toContain(address)
  })

  test('M-024: without the authority, and with a certificate for another host, the field is named and nothing is stored', async () => {
    const address = fresh()
    const before = await stored()
    const { ca: _, ...untrusted } = reading()
    const cases = [untrusted, reading({ port: at.misnamed.port })]
    for (const imap of cases) {
      const refused = await connect({ address, receive: { imap, login: login() } })
      expect(refused).toMatchObject({
        status: 422,
        json: { code: 'mail_server_test_failed', problems: [fails('receive.imap.ca', 'tls_untrusted')] },
      })
    }
    expect(at.misnamed.counts.logins).toBe(0)
    expect(await stored()).toBe(before)
    const broken = await connect({
      address,
      receive: { imap: reading({ ca: `${at.ca.slice(0, 60)}\n-----END CERTIFICATE-----` }), login: login() },
    })
    expect(broken).toMatchObject({ status: 400, json: { problems: [{ field: 'receive.imap.ca' }] } })
  })

  test('M-025: a relay that offers a login gets none, and takes the mail', async () => {
    const address = fresh()
    const before = at.relay.connections
    const made = await connect({ address, send: relay() })
    expect(made).toMatchObject({
      status: 201,
      json: {
        receiveConnectionId: null,
        verdicts: { signIn: { verdict: 'not-tested' }, reading: { verdict: 'not-tested' }, sending: works },
      },
    })
    expect(await mailOut(made.json.mailboxId)).toBe('sent')
    expect(at.relay.connections).toBeGreaterThan(before)
    expect(at.relay.logins).toBe(0)
    expect(at.relay.mails.at(-1)).toMatchObject({ from: address, session: { user: undefined } })
    const { json } = await as(acme.key)('connectionList', { query: { limit: '200' } })
    const connection = json.connections.find(({ id }: { id: string }) => id === made.json.sendConnectionId)
    expect(connection).toMatchObject({ mode: 'anonymous', username: null })
  })

  test('M-025: control: a server that wants a login after all is found out before anything is stored', async () => {
    const before = await stored()
    const refused = await connect({ address: fresh(), send: { smtp: sending(), login: 'none' } })
    expect(refused).toMatchObject({
      status: 422,
      json: { problems: [{ field: 'send.login', code: expect.stringMatching(/^smtp_|^exo_/) }] },
    })
    expect(await stored()).toBe(before)
  })

  test('M-090: reading and sending have accounts of their own, or share one', async () => {
    const [address, sender] = [fresh('one'), fresh('two')]
    const made = await connect({
      address,
      receive: { imap: reading(), login: login('one') },
      send: { smtp: sending(), login: { username: sender, password: 'two' } },
    })
    expect(made.status).toBe(201)
    expect(made.json.sendConnectionId).not.toBe(made.json.receiveConnectionId)
    at.imap.deliver(address, 'From: a@b.example\r\nSubject: In\r\n\r\nx')
    const { mailboxId } = made.json
    expect(await other.receive.pollBatch({ v: 1, mailboxes: [{ tenant: acme.id, mailboxId }] })).toMatchObject([
      { outcome: 'mail' },
    ])
    expect(await mailOut(mailboxId)).toBe('sent')
    expect(at.smtp.mails.at(-1)).toMatchObject({ from: address, session: { user: sender } })
    const shared = fresh()
    const same = await connect({
      address: shared,
      receive: { imap: reading(), login: login() },
      send: { smtp: sending(), login: { username: shared, password: secret } },
    })
    expect(same.json.sendConnectionId).toBe(same.json.receiveConnectionId)
  })

  test('M-145: a wrong password, an unreachable server and a wrong port are told apart by field, and nothing is half-created', async () => {
    const address = fresh()
    const before = await stored()
    const wrong = await connect({ address, receive: { imap: reading(), login: login('no') }, send: relay() })
    expect(wrong).toMatchObject({
      status: 422,
      json: {
        title: 'The test of the mail servers failed, so nothing was stored: reading fails, sending works.',
        problems: [fails('receive.login', 'imap_authenticationfailed')],
      },
    })
    const nobody = await connect({ address, receive: { imap: reading({ port: 9 }), login: login() }, send: relay() })
    expect(nobody.json.problems).toEqual([fails('receive.imap.host', 'server_unreachable')])
    const both = await connect({ address, receive: { imap: reading(), login: login('no') }, send: { smtp: sending() } })
    expect(both.json.problems.map(({ field }: { field: string }) => field)).toEqual(['receive.login', 'send.login'])
    expect(JSON.stringify([wrong, nobody, both])).not.toContain(secret)
    expect(await stored()).toBe(before)
    // Control: the same with the right password.
    expect((await connect({ address, receive: { imap: reading(), login: login() }, send: relay() })).status).toBe(201)
  })

  test('M-145: a mere test answers with the verdicts, whatever they are, and stores nothing', async () => {
    const address = fresh()
    const before = await stored()
    const good = await connect({ address, receive: { imap: reading(), login: login() } }, true)
    expect(good).toMatchObject({ status: 200, json: { mailboxId: null, verdicts: { reading: works } } })
    const bad = await connect({ address, receive: { imap: reading(), login: login('no') } }, true)
    expect(bad).toMatchObject({
      status: 200,
      json: { mailboxId: null, verdicts: { reading: { verdict: 'fails', code: 'imap_authenticationfailed' } } },
    })
    expect(await stored()).toBe(before)
  })

  test('M-103, M-145: what cannot work is refused before a server is asked, every field at once', async () => {
    const { connections } = at.imap
    const refused = await connect({
      address: fresh(),
      receive: { imap: reading({ tls: 'plain' }), login: login() },
      send: { smtp: sending({ tls: 'plain' }) },
    })
    expect(refused).toMatchObject({ status: 400, json: { code: 'invalid_input' } })
    expect(refused.json.problems.map(({ field }: { field: string }) => field)).toEqual([
      'receive.imap.tls',
      'send.smtp.tls',
    ])
    for (const [body, field] of [
      [{ address: fresh() }, 'receive'],
      [{ address: fresh(), send: { smtp: sending() } }, 'send.login'],
      [{ address: fresh(), receive: { imap: reading() } }, 'receive.login'],
    ] as const)
      expect((await connect(body)).json.problems[0]).toMatchObject({ field })
    expect(at.imap.connections).toBe(connections)
  })

  test('M-145: an app may not; the address is connected once, also by two calls at once', async () => {
    const { json } = await as(acme.key)('keyCreate', { body: { role: 'app', name: 'app' } })
    const body = { address: fresh(), receive: { imap: reading(), login: login() } }
    expect((await as(json.key)('serverMailboxCreate', { body })).status).toBe(403)
    const both = await Promise.all([connect(body), connect(body)])
    expect(both.map(({ status }) => status).sort()).toEqual([201, 409])
    expect(both.find(({ status }) => status === 409)?.json.code).toBe('mailbox_exists')
    const made = both.find(({ status }) => status === 201)!.json
    expect((await as(acme.key)('mailboxShow', { params: { id: made.mailboxId } })).json.receive.connectionId).toBe(
      made.receiveConnectionId,
    )
    // The other call left no connection behind.
    const list = (await as(acme.key)('connectionList', { query: { limit: '200' } })).json.connections
    expect(list.filter(({ username }: { username: string }) => username === body.address)).toHaveLength(1)
  })

  test('M-145: when the vault does not answer, nothing is half-created; the same call succeeds afterwards', async () => {
    const away = new GatewayError('vault_unavailable', 'transient', { description: 'away', remedy: 'wait' })
    const vault = { get: fail(away), set: fail(away), remove: async () => undefined, purge: async () => true }
    const worker = await site.worker(0, { vault })
    const address = fresh()
    const input = {
      address,
      displayName: '',
      receive: { imap: { ...reading(), tls: 'implicit' as const, folder: 'INBOX' }, login: login() },
    }
    const before = await stored()
    await expect(worker.connect.addServerMailbox(acme.id, { input })).rejects.toMatchObject({
      code: 'vault_unavailable',
    })
    expect(await stored()).toBe(before)
    expect((await site.gateway.connect.addServerMailbox(acme.id, { input })).mailboxId).not.toBe('')
  })
})

test('M-025, SEC-24: an internal network is permitted by the deployment and for mail alone, never by or for what a tenant names else', async () => {
  const plain = { host: '10.20.9.4', tls: 'plain' as const }
  const input = {
    address: fresh(),
    displayName: '',
    // Refused for another reason, so that no server is asked.
    receive: { imap: { ...plain, port: 143, folder: 'INBOX' }, login: login() },
    send: { smtp: { ...plain, port: 25 }, login: 'none' as const },
  }
  const words = { PERMITTED_MAIL_NETWORKS: '10.20.9.0/28', PLAIN_TEXT_MAIL_NETWORKS: '10.20.9.0/28' }
  const permitting = await site.worker(0, {}, words)
  const refusedAt = (g: typeof permitting) =>
    g.connect.addServerMailbox(acme.id, { input, dryRun: true }).then(
      () => [],
      ({ problems }: { problems: { field: string }[] }) => problems.map(({ field }) => field),
    )
  expect(await refusedAt(other)).toEqual(['receive.imap.tls', 'send.smtp.tls'])
  expect(await refusedAt(permitting)).toEqual(['receive.imap.tls'])
  const hook = permitting.admin.addEndpoint(acme.id, 'https://10.20.9.4/events')
  await expect(hook).rejects.toMatchObject({ code: 'invalid_input', field: 'url' })
  const own = await as(acme.key)('settingsSave', { body: { permittedMailNetworks: '10.0.0.0/8' } })
  expect(own).toMatchObject({ status: 400, json: { code: 'settings_refused' } })
})
