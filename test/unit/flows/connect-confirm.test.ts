/** Confirming a sign-in: crashes, expiry, and links that work once. */
import { describe, expect, test } from 'vitest'
import { addReturnUrl } from '../../../lib/flows/admin/return-urls.js'
import { connectFlows as flows } from '../../../lib/flows/connect/index.js'
import { connectionPartition } from '../../../lib/rows/connections.js'
import { listMailboxes } from '../../../lib/rows/mailboxes.js'
import {
  at,
  codeOf,
  linkOf,
  minute,
  names,
  secretsOf,
  start,
  tenant,
  travel,
  useToldPeers,
} from '../../support/connect/told-peers.js'

useToldPeers()

describe('confirming', () => {
  test('M-071: a crash after any write is repaired by the next try: one connection, one mailbox, one event id', async () => {
    for (const broken of ['vault', 'names', 'mailboxes', 'events'] as const) {
      const own = `${broken.toLowerCase()}@contoso.example`
      at.tokens = { ...at.tokens, identity: { ...at.tokens.identity!, username: own } }
      const { link, signInId } = await start({ address: own, confirmation: 'tenant-admin' })
      await flows.completeSignIn(at.deps, await travel(link))
      const healthy = at.deps
      const fail = (): never => {
        throw new Error('crash')
      }
      const insert = at.deps.tables.insert.bind(at.deps.tables)
      at.deps = {
        ...healthy,
        ...(broken === 'vault' ? { vault: { ...healthy.vault, set: fail } } : {}),
        ...(broken === 'events' ? { queues: { ...healthy.queues, send: fail } } : {}),
        tables: {
          ...healthy.tables,
          insert: (table, row) => (table === names.table(broken as 'names') ? fail() : insert(table, row)),
        },
      }
      await expect(flows.confirmByAdmin(at.deps, tenant, signInId)).rejects.toThrow('crash')
      at.deps = healthy
      const confirmed = await flows.confirmByAdmin(at.deps, tenant, signInId)
      const mine = (await listMailboxes(at.deps, tenant)).filter((mailbox) => mailbox.address === own)
      expect(mine.map((mailbox) => mailbox.id)).toEqual([confirmed.mailboxId])
      expect(
        await at.deps.tables.get(
          names.table('connections'),
          connectionPartition(tenant, confirmed.connectionId),
          'connection',
        ),
      ).toBeDefined()
    }
    expect(new Set((await listMailboxes(at.deps, tenant)).map((mailbox) => mailbox.key)).size).toBe(4)
    const first = await at.deps.tables.get(names.table('names'), tenant, 'default')
    expect(first?.['mailboxId']).toBe(
      (await listMailboxes(at.deps, tenant)).find((one) => one.address.startsWith('vault'))?.id,
    )
  })

  test('M-061, SEC-04: what nobody confirms in ten minutes is deleted, and the vault never knew of it', async () => {
    await addReturnUrl(at.deps, tenant, 'https://app.example.com/done')
    const { link, signInId } = await start({
      confirmation: 'result-code',
      returnUrl: 'https://app.example.com/done',
      binding: 'b'.repeat(20),
    })
    const back = await travel(link)
    await flows.completeSignIn(at.deps, back)
    const { returnTo = '' } = await flows.showResult(at.deps, back.link, back.browser)
    const code = new URL(returnTo).searchParams.get('result') ?? ''
    at.now += 10 * minute
    expect(await codeOf(flows.confirmSignIn(at.deps, tenant, { id: signInId, code, binding: 'b'.repeat(20) }))).toBe(
      'sign_in_not_ready',
    )
    expect(await flows.expireSignIns(at.deps)).toBe(1)
    expect(await codeOf(flows.describeSignIn(at.deps, tenant, signInId))).toBe('not_found')
    expect(await secretsOf()).toEqual([])
    expect(await listMailboxes(at.deps, tenant)).toEqual([])
  })

  test('M-070: a link works once and only until it expires', async () => {
    const { link } = await start()
    await flows.completeSignIn(at.deps, await travel(link))
    expect(await codeOf(flows.showLink(at.deps, linkOf(link), undefined))).toBe('sign_in_used')
    const { link: old } = await start({ address: 'two@contoso.example' })
    at.now += 24 * 60 * minute
    expect(await codeOf(flows.showLink(at.deps, linkOf(old), undefined))).toBe('link_expired')
    expect(await codeOf(flows.showLink(at.deps, `${linkOf(old).slice(0, -1)}0`, undefined))).toBe('link_unknown')
  })
})
