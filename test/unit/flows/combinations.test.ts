/** Every combination of authority and transport that an administrator may ask for, through the call that stores it. */
import { expect, test } from 'vitest'
import { changeMailbox } from '../../../lib/flows/admin/change-mailbox.js'
import type { MailboxChange } from '../../../lib/model/admin-schemas.js'
import type { ConnectionMode } from '../../../lib/model/connection.js'
import { tableNames } from '../../../lib/model/names.js'
import { type ProviderName, providerFacts, signInProviders } from '../../../lib/model/providers.js'
import { connectionToRow } from '../../../lib/rows/connections.js'
import { findMailbox, toRow } from '../../../lib/rows/mailboxes.js'
import { sampleConnection } from '../../support/general/sample-connection.js'
import { sampleMailbox } from '../../support/general/sample-mailbox.js'
import { toolbox } from '../../support/general/toolbox.js'

type Tls = 'implicit' | 'starttls' | 'plain'
interface Cell {
  direction: 'receive' | 'send'
  mode: ConnectionMode
  provider: ProviderName
  way: 'graph' | `${'imap' | 'smtp'} ${Tls}`
}

const authorities: Pick<Cell, 'mode' | 'provider'>[] = [
  ...signInProviders.flatMap((provider) => [
    { mode: 'delegated' as const, provider },
    { mode: 'app-only' as const, provider },
  ]),
  { mode: 'password', provider: 'basic' },
  { mode: 'anonymous', provider: 'basic' },
]
const forms = ['implicit', 'starttls', 'plain'] as const
const ways = {
  receive: ['graph', ...forms.map((tls) => `imap ${tls}` as const)],
  send: ['graph', ...forms.map((tls) => `smtp ${tls}` as const)],
} as const

const cells: Cell[] = authorities.flatMap((authority) =>
  (['receive', 'send'] as const).flatMap((direction) =>
    ways[direction].map((way) => ({ ...authority, direction, way })),
  ),
)

/** What can work, said once more and without the code that decides it. */
const allowed = ({ direction, mode, provider, way }: Cell): boolean => {
  const isEncrypted = way.endsWith('implicit') || way.endsWith('starttls')
  if (way === 'graph') return provider === 'microsoft'
  if (mode === 'anonymous') return direction === 'send'
  return isEncrypted
}

/** A mailbox at servers of the connection's owner, so that nothing but the combination can be at fault. */
async function changed({ direction, mode, provider, way }: Cell) {
  const deps = toolbox({})
  for (const name of tableNames) await deps.tables.ensure(deps.names.table(name))
  await deps.tables.ensure(deps.names.holders)
  const connection = sampleConnection({ mode, provider })
  const host = provider === 'microsoft' ? 'outlook.office365.com' : 'mail.acme.example'
  const known = { host, port: 993, tls: 'implicit' as const }
  const mailbox = sampleMailbox({
    receive: { transport: 'imap', connectionId: connection.id, imap: { ...known, folder: 'INBOX' } },
    send: { transport: 'smtp', connectionId: connection.id, smtp: { ...known, port: 465 } },
  })
  await deps.tables.upsert(deps.names.table('connections'), connectionToRow(connection))
  await deps.tables.upsert(deps.names.table('mailboxes'), toRow(mailbox))
  const [transport = '', tls = ''] = way.split(' ')
  const server = { host, port: transport === 'imap' ? 143 : 25, tls: tls as Tls }
  const side = {
    graph: { transport, connectionId: connection.id, ...(direction === 'receive' ? { folder: 'inbox' } : {}) },
    imap: { transport, connectionId: connection.id, imap: { ...server, folder: 'INBOX' } },
    smtp: { transport, connectionId: connection.id, smtp: server },
  }[transport as 'graph' | 'imap' | 'smtp']
  const change = { [direction]: side } as MailboxChange
  const refusal = await changeMailbox(deps, { tenant: mailbox.tenant, mailboxId: mailbox.id }, change).then(
    () => undefined,
    (error: { code: string; field: string; description: string }) => error,
  )
  const { etag: _, ...after } = (await findMailbox(deps, mailbox.tenant, mailbox.id))!
  return {
    refusal,
    isAsBefore:
      JSON.stringify(after.receive) + JSON.stringify(after.send) ===
      JSON.stringify(mailbox.receive) + JSON.stringify(mailbox.send),
  }
}

test('M-103: the matrix names every provider, mode, transport and encryption', () => {
  expect(cells).toHaveLength((signInProviders.length * 2 + 2) * 8)
  expect(cells.filter(allowed).length).toBeGreaterThan(20)
  expect(Object.keys(providerFacts)).toEqual([...signInProviders, 'basic'])
})

test.each(cells.map((cell) => [`${cell.provider} ${cell.mode} ${cell.direction} ${cell.way}`, cell] as const))(
  'M-103: %s is accepted exactly when it can work',
  async (_, cell) => {
    const { refusal, isAsBefore } = await changed(cell)
    if (allowed(cell)) return expect([refusal, isAsBefore]).toEqual([undefined, false])
    expect(refusal).toMatchObject({ code: 'invalid_input' })
    // Field, reason and cure in one answer, and nothing is stored.
    expect(refusal?.field).toMatch(new RegExp(`^${cell.direction}\\.(transport|connectionId|(imap|smtp)\\.tls)$`))
    expect(refusal?.description).toMatch(/ (needs|does not work|is a relay|must be) .*(; use |: the gateway never)/)
    expect(isAsBefore).toBe(true)
  },
)
