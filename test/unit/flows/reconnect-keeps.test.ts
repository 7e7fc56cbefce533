/** What a reconnect keeps, and what only its link may change. */
import { describe, expect, test } from 'vitest'
import type { ReconnectChange } from '../../../lib/model/sign-in.js'
import { connectionToRow } from '../../../lib/rows/connections.js'
import { findMailbox, mailboxPartition } from '../../../lib/rows/mailboxes.js'
import { codeOf, connectHarness, type passwordForm } from '../../support/connect/connect-harness.js'
import { sampleConnection } from '../../support/general/sample-connection.js'

describe('A2: what a reconnect keeps', () => {
  test('of a password: user name and servers, unless the link allows another; siblings of the same owner are the same', async () => {
    const h = await connectHarness()
    const { mailboxId } = await h.connectBy('password')
    const again = async (more: Partial<typeof passwordForm>, allowChange: ReconnectChange[] = []) =>
      codeOf(
        h.byPassword(
          (await h.flows.startReconnect(h.deps, { tenant: h.tenant, mailboxId }, { allowChange })).link,
          more,
        ),
      )
    for (const foreign of ['imap.evil.example', 'contoso.example.evil.example', '203.0.113.9', 'localhost', 'example'])
      for (const field of ['imapHost', 'smtpHost'] as const) {
        h.peers.tries = []
        expect(await again({ [field]: foreign }), foreign).toBe('server_change_not_allowed')
        expect(await again({ [field]: foreign }, ['identity']), foreign).toBe('server_change_not_allowed')
        expect(await again({ [field]: foreign }, ['provider']), foreign).toBe('server_change_not_allowed')
        expect(h.peers.tries).toEqual([])
      }
    expect(await again({ username: 'mallory@contoso.example' })).toBe('mailbox_mismatch')
    expect(await again({ username: 'mallory@contoso.example' }, ['server', 'provider'])).toBe('mailbox_mismatch')
    expect(await again({ imapHost: 'mail2.contoso.example' })).toBe('fine')
    expect(await again({ imapHost: 'imap.elsewhere.example' }, ['server'])).toBe('fine')
    expect(await again({ imapHost: 'imap.elsewhere.example', username: 'new@contoso.example' }, ['identity'])).toBe(
      'fine',
    )
    expect(await findMailbox(h.deps, h.tenant, mailboxId)).toMatchObject({
      address: h.address,
      receive: { imap: { host: 'imap.elsewhere.example' } },
      send: { smtp: { host: 'smtp.contoso.example' } },
    })
  })

  test('a direction that another connection serves stays with it', async () => {
    const h = await connectHarness()
    const { mailboxId } = await h.connectBy('password')
    const other = sampleConnection({ mode: 'delegated', provider: 'microsoft' })
    await h.stores.tables.insert(h.names.table('connections'), connectionToRow(other))
    const send = { transport: 'graph' as const, connectionId: other.id }
    await h.stores.tables.upsert(h.names.table('mailboxes'), {
      partitionKey: mailboxPartition(h.tenant, mailboxId),
      rowKey: 'mailbox',
      send: JSON.stringify(send),
    })
    const { link } = await h.flows.startReconnect(h.deps, { tenant: h.tenant, mailboxId })
    expect((await h.open(link)).target).toMatchObject({ receive: true, send: false })
    await h.byPassword(link)
    expect(await findMailbox(h.deps, h.tenant, mailboxId)).toMatchObject({ receive: { transport: 'imap' }, send })
  })

  test('what a link allows is written down when it is made and when it is used', async () => {
    const h = await connectHarness()
    const { mailboxId } = await h.connectBy('password')
    const { link, signInId } = await h.flows.startReconnect(
      h.deps,
      { tenant: h.tenant, mailboxId },
      { allowChange: ['server'] },
    )
    await h.byPassword(link)
    const rows = []
    for await (const row of h.stores.tables.query(h.names.log('auditlog', '202611'), {
      partitionRange: [`${h.tenant}~`, `${h.tenant}~~`],
    }))
      rows.push(row)
    expect(rows).toContainEqual(
      expect.objectContaining({ action: 'reconnect-may-change', changes: 'server', signInId }),
    )
    expect(rows).toContainEqual(expect.objectContaining({ action: 'mailbox-reconnected', allowed: 'server' }))
  })

  test('another account is named only together with the permission for it', async () => {
    const h = await connectHarness()
    const { mailboxId } = await h.connectBy('microsoft')
    const expectedUser = 'boss@contoso.example'
    const ask = (allowChange: ReconnectChange[]) =>
      h.flows.startReconnect(h.deps, { tenant: h.tenant, mailboxId }, { allowChange, expectedUser })
    expect(await codeOf(ask([]))).toBe('invalid_input')
    const { link } = await ask(['identity'])
    h.peers.tokens = {
      ...h.peers.tokens,
      scopes: ['Mail.ReadWrite.Shared', 'Mail.Send.Shared'],
      identity: { ...h.peers.tokens.identity!, objectId: 'boss', username: expectedUser },
    }
    expect(await h.flows.completeSignIn(h.deps, await h.travel(link))).toMatchObject({ outcome: 'signed-in' })
  })
})
