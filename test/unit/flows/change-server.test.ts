import { expect, test } from 'vitest'
import { changeMailbox } from '../../../lib/flows/admin/change-mailbox.js'
import type { Connection } from '../../../lib/model/connection.js'
import { connectionToRow } from '../../../lib/rows/connections.js'
import { findMailbox, toRow } from '../../../lib/rows/mailboxes.js'
import { sampleConnection } from '../../support/general/sample-connection.js'
import { sendHarness } from '../../support/send/send-harness.js'

type Tls = 'implicit' | 'starttls' | 'plain'

async function place(
  mode: Connection['mode'],
  provider: Connection['provider'],
  known?: string,
  tls: Tls = 'implicit',
) {
  const h = await sendHarness()
  const { send } = h.mailbox
  if (send.transport !== 'smtp') throw new Error('the harness sends over SMTP')
  if (known !== undefined) {
    const moved = { ...h.mailbox, send: { ...send, smtp: { ...send.smtp, host: known } } }
    await h.stores.tables.upsert(h.deps.names.table('mailboxes'), toRow(moved))
  }
  const connection = sampleConnection({ id: send.connectionId, mode, provider, username: h.mailbox.address })
  await h.stores.tables.upsert(h.deps.names.table('connections'), connectionToRow(connection))
  const to = (host: string, direction: 'send' | 'receive' = 'send') => {
    const server = { host, port: direction === 'send' ? 465 : 993, tls }
    const change =
      direction === 'send'
        ? { send: { transport: 'smtp' as const, connectionId: connection.id, smtp: server } }
        : { receive: { transport: 'imap' as const, connectionId: connection.id, imap: { ...server, folder: 'INBOX' } } }
    return changeMailbox(h.deps, { tenant: h.tenant, mailboxId: h.mailbox.id }, change).then(
      () => 'changed',
      (error: { code: string }) => error.code,
    )
  }
  return { h, to }
}

test('SEC-35: whoever holds a key cannot have a mailbox owner’s password sent to a server of theirs', async () => {
  const { h, to } = await place('password', 'basic')
  const before = await findMailbox(h.deps, h.tenant, h.mailbox.id)
  const foreign = [
    'evil.example',
    'mail.evil.example',
    'mail.acme.example.evil.example',
    'example',
    'mail-acme.example',
    'xmail.xacme.example',
    '203.0.113.9',
    'localhost',
  ]
  for (const host of foreign) {
    expect(await to(host), host).toBe('server_needs_sign_in')
    expect(await to(host, 'receive'), host).toBe('server_needs_sign_in')
  }
  expect(await findMailbox(h.deps, h.tenant, h.mailbox.id)).toEqual(before)
})

test.each([
  ['acme.example', 'evil.example'],
  ['mail.co.uk', 'evil.co.uk'],
  ['mail.com', 'evil.com'],
  ['203.0.113.9', '198.0.113.9'],
  ['localhost', 'evilhost'],
  // Public suffixes of two labels, and private ones under which everybody gets a name.
  ['mail.info.pl', 'evil.info.pl'],
  ['mail.gouv.fr', 'evil.gouv.fr'],
  ['mail.com.de', 'evil.com.de'],
  ['acme.azurewebsites.net', 'evil.azurewebsites.net'],
  ['acme.cloudapp.net', 'evil.cloudapp.net'],
  ['acme.github.io', 'evil.github.io'],
  ['acme.s3.amazonaws.com', 'evil.s3.amazonaws.com'],
  ['acme.blob.core.windows.net', 'evil.blob.core.windows.net'],
  ['acme.k12.ca.us', 'evil.k12.ca.us'],
  ['[::1]', '[::2]'],
  // Machines of customers, named below the domain of the provider's own mail servers.
  ['ssl0.ovh.net', 'vps-1a2b.vps.ovh.net'],
  ['imap.comcast.net', 'c-73-1-2-3.hsd1.ca.comcast.net'],
  ['imap.mail.hoster.com', 'mail.customers.hoster.com'],
])('A7, SEC-35: where others get names too, %s and %s are strangers', async (known, foreign) => {
  const { to } = await place('password', 'basic', known)
  expect(await to(foreign)).toBe('server_needs_sign_in')
  expect(await to(known)).toBe('changed')
})

test('SEC-35: control: the server of the sign-in, in any case, and its siblings may be used; anonymous ones have no secret', async () => {
  const { to } = await place('password', 'basic')
  for (const host of ['mail.acme.example', 'MAIL.acme.example', 'smtp.acme.example'])
    expect(await to(host)).toBe('changed')
  expect(await to('imap.acme.example', 'receive')).toBe('changed')
  expect(await (await place('anonymous', 'basic')).to('relay.elsewhere.example')).toBe('changed')
})

test('SEC-35: a Microsoft token is shown to Microsoft only', async () => {
  const { to } = await place('delegated', 'microsoft')
  for (const host of ['mail.acme.example', 'smtp.office365.com', 'smtp-mail.outlook.com'])
    expect(await to(host), host).toBe('changed')
  for (const host of ['office365.com.evil.example', 'evil-office365.com', 'xoutlook.com', 'smtp.acme.example'])
    expect(await to(host), host).toBe('server_needs_sign_in')
})

test.each([
  ['password', 'basic'],
  ['delegated', 'microsoft'],
] as const)(
  'A7, SEC-26: no change makes the secret of a %s connection travel in clear text',
  async (mode, provider) => {
    const { h, to } = await place(mode, provider, undefined, 'plain')
    const before = await findMailbox(h.deps, h.tenant, h.mailbox.id)
    for (const direction of ['send', 'receive'] as const)
      for (const host of ['mail.acme.example', 'smtp.acme.example', 'smtp.office365.com'])
        expect(await to(host, direction), host).toBe('invalid_input')
    expect(await findMailbox(h.deps, h.tenant, h.mailbox.id)).toEqual(before)
    // Control: a relay that asks for no sign-in has no secret to lose.
    expect(await (await place('anonymous', 'basic', undefined, 'plain')).to('relay.acme.example')).toBe('changed')
  },
)

test('M-103, M-145: a relay without encryption is accepted only where the deployment permits that for its network', async () => {
  const { h, to } = await place('anonymous', 'basic', undefined, 'plain')
  const before = await findMailbox(h.deps, h.tenant, h.mailbox.id)
  h.deps.isPlainTextHost = async (host) => host === 'relay.permitted.example'
  expect(await to('relay.elsewhere.example')).toBe('invalid_input')
  expect(await findMailbox(h.deps, h.tenant, h.mailbox.id)).toEqual(before)
  expect(await to('relay.permitted.example')).toBe('changed')
})
