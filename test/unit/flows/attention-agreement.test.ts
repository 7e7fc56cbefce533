/**
 * O1: several mailboxes on one connection, any of them in trouble. Whatever the combination, a card stands at the
 * mailboxes it is about and at no other: in the overview, on the mailbox's page, in the list and in the API.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { GatewayError } from '../../../lib/errors.js'
import { listMailboxFacts, type MailboxFacts, readMailboxFacts } from '../../../lib/flows/admin/mailboxes.js'
import type { Mailbox } from '../../../lib/model/mailbox.js'
import { mailboxesPage, mailboxPage } from '../../../lib/pages/console/mailbox-pages.js'
import { allTenantsPage, overviewPage } from '../../../lib/pages/console/overview-page.js'
import { raiseAttention, raiseMailboxAttention } from '../../../lib/rows/attention.js'
import { connectionToRow } from '../../../lib/rows/connections.js'
import { toRow } from '../../../lib/rows/mailboxes.js'
import { sampleView } from '../../support/console/console-samples.js'
import { everyAttention } from '../../support/general/every.js'
import { sampleConnection } from '../../support/general/sample-connection.js'
import { sampleMailbox } from '../../support/general/sample-mailbox.js'
import { faultOf, type Harness, sendHarness } from '../../support/send/send-harness.js'

const troubles = ['none', 'receive', 'receive-admin', 'send-admin', 'both'] as const
type Trouble = (typeof troubles)[number]
/** What is wrong with connection 0. */
const connectionTroubles = ['none', 'reconnect', 'admin', 'registration'] as const

const kindsOf: Record<Trouble, string[]> = {
  none: [],
  receive: ['mailbox-receive'],
  'receive-admin': ['mailbox-receive'],
  'send-admin': ['mailbox-send'],
  both: ['mailbox-receive', 'mailbox-send'],
}

interface Case {
  /** What is wrong with connection 0. */
  connection: (typeof connectionTroubles)[number]
  /** Up to four mailboxes: its own trouble, and which of two connections it uses. */
  mailboxes: readonly { trouble: Trouble; via: 0 | 1 }[]
}

const anyCase: fc.Arbitrary<Case> = fc.record({
  connection: fc.constantFrom(...connectionTroubles),
  mailboxes: fc.array(fc.record({ trouble: fc.constantFrom(...troubles), via: fc.constantFrom(0 as const, 0, 1) }), {
    minLength: 1,
    maxLength: 4,
  }),
})

async function build(h: Harness, { connection, mailboxes }: Case) {
  await h.deps.tables.remove(h.deps.names.table('mailboxes'), {
    partitionKey: `${h.tenant}~${h.mailbox.id}`,
    rowKey: 'mailbox',
  })
  const connections = [0, 1].map((n) =>
    sampleConnection({ mode: 'app-only', provider: 'microsoft', registrationId: `registration${n}` }),
  )
  for (const one of connections) await h.deps.tables.insert(h.deps.names.table('connections'), connectionToRow(one))
  const made: Mailbox[] = []
  for (const [n, { trouble, via }] of mailboxes.entries()) {
    const connectionId = connections[via]!.id
    const box = sampleMailbox({
      key: `box${n}`,
      address: `box${n}@acme.example`,
      receive: { transport: 'graph', connectionId, folder: 'Inbox' },
      send: { transport: 'graph', connectionId },
    })
    await h.deps.tables.insert(h.deps.names.table('mailboxes'), toRow(box))
    made.push(box)
    const about = { mailboxId: box.id, connectionId }
    const admin = faultOf('needs-admin', { description: `Only box${n} is closed.` })
    if (trouble === 'receive')
      await raiseMailboxAttention(h.deps, { tenant: h.tenant, kind: 'mailbox-receive', ...about }, faultOf('transient'))
    if (trouble === 'receive-admin' || trouble === 'both')
      await raiseMailboxAttention(h.deps, { tenant: h.tenant, kind: 'mailbox-receive', ...about }, admin)
    if (trouble === 'send-admin' || trouble === 'both')
      await raiseMailboxAttention(h.deps, { tenant: h.tenant, kind: 'mailbox-send', ...about }, admin)
  }
  const [shared] = connections
  const fault = (errorClass: 'needs-reconnect' | 'needs-admin') => new GatewayError('broken', errorClass, {})
  if (connection === 'reconnect' || connection === 'admin')
    await raiseAttention(
      h.deps,
      {
        tenant: h.tenant,
        kind: 'connection',
        id: shared!.id,
        connectionId: shared!.id,
        subject: 'administrator@acme.example',
      },
      fault(`needs-${connection}`),
    )
  if (connection === 'registration')
    await raiseAttention(
      h.deps,
      { tenant: h.tenant, kind: 'registration', id: 'registration0', subject: 'Our app' },
      fault('needs-admin'),
    )
  return made
}

const cardsOf = (page: string): string[] => page.match(/<article[\s\S]*?<\/article>/g) ?? []
const headingOf = (card: string): string => /<h3>([^<]*)<\/h3>/.exec(card)?.[1] ?? ''
const addressesIn = (text: string): string[] => [...new Set(text.match(/box\d@acme\.example/g) ?? [])].sort()

test('O1: in any combination every card stands at the mailboxes it is about, and at no other', async () => {
  const check = async (one: Case): Promise<void> => {
    const name = JSON.stringify(one)
    const h = await sendHarness()
    const made = await build(h, one)
    const view = sampleView()
    const boxes = await listMailboxFacts(h.deps, h.tenant, { limit: 50 })
    const facts: MailboxFacts[] = made.map((box) => boxes.mailboxes.find(({ id }) => id === box.id)!)
    const attention = await everyAttention(h.deps, h.tenant)
    const overview = overviewPage(view, { broken: { attention, next: '' }, boxes, openMails: [] })
    const list =
      mailboxesPage(view, facts, { query: new URLSearchParams(), next: '' }).match(/<tr><td>[\s\S]*?<\/tr>/g) ?? []
    const shownCards = cardsOf(overview)
    expect(shownCards, name).toHaveLength(attention.length)
    let working = 0

    for (const [n, box] of made.entries()) {
      const { trouble, via } = one.mailboxes[n]!
      const viaConnection = one.connection !== 'none' && via === 0
      const kinds = [
        ...kindsOf[trouble],
        ...(viaConnection ? [one.connection === 'registration' ? 'registration' : 'connection'] : []),
      ].sort()
      const fact = facts.find(({ id }) => id === box.id)!
      expect(fact.attention.map(({ kind }) => kind).sort(), `API: ${name} box${n}`).toEqual(kinds)
      expect(await readMailboxFacts(h.deps, h.tenant, box.id), `API, one: ${name}`).toEqual(fact)

      const page = mailboxPage(view, { mailbox: fact, connection: undefined, settings: [], received: [] })
      expect(cardsOf(page), `page: ${name} box${n}`).toHaveLength(kinds.length)
      expect(addressesIn(cardsOf(page).map(headingOf).join()).filter((address) => address !== box.address)).toEqual([])

      const own = shownCards.filter((card) => headingOf(card).includes(box.address))
      expect(own, `overview: ${name} box${n}`).toHaveLength(kindsOf[trouble].length)
      for (const card of own) {
        expect(addressesIn(card), name).toEqual([box.address])
        expect(card).toContain(`/console/mailboxes/${box.id}"`)
        for (const other of made) if (other !== box) expect(card).not.toContain(other.id)
      }
      if (viaConnection) {
        const shared = shownCards.find((card) => /<h3>(Connection|App registration)/.test(card)) ?? ''
        expect(addressesIn(shared), name).toContain(box.address)
      }

      const health =
        viaConnection && one.connection === 'reconnect'
          ? 'owner must reconnect'
          : viaConnection || trouble === 'receive-admin' || trouble === 'send-admin' || trouble === 'both'
            ? 'administrator must act'
            : trouble === 'receive'
              ? 'failing'
              : 'working'
      if (health === 'working') working += 1
      const row = list.find((text) => text.includes(box.id)) ?? ''
      expect(row, `list: ${name} box${n}`).toContain(`>${health}<`)
      expect(page).toContain(`>${health}<`)
    }
    const shared = shownCards.find((card) => /<h3>(Connection|App registration)/.test(card))
    if (shared !== undefined)
      expect(addressesIn(shared), name).toEqual(
        made.filter((_, n) => one.mailboxes[n]!.via === 0).map(({ address }) => address),
      )
    expect(overview, name).toContain(`<b>${working}</b> of ${made.length} mailboxes work`)
  }
  await fc.assert(fc.asyncProperty(anyCase, check), { numRuns: 60 })
})

test('O7: who lists what is broken, of one tenant or of all, finds the reconnect link of a connection and its mailbox', async () => {
  const check = async (via: (0 | 1)[]): Promise<void> => {
    const h = await sendHarness()
    const made = await build(h, {
      connection: 'reconnect',
      mailboxes: via.map((one) => ({ trouble: 'none', via: one })),
    })
    const on = made.filter((_, n) => via[n] === 0).map(({ id }) => id)
    for (const tenant of [h.tenant, '~']) {
      const [item] = await everyAttention(h.deps, tenant)
      expect(item?.actions.map(({ operation }) => operation)).toEqual(on.length > 0 ? ['mailboxReconnect'] : [])
      for (const { path } of item?.actions ?? []) expect(on).toContain(path.split('/')[4])
      // With several of them it is about none alone.
      expect(item?.mailboxId).toBe(on.length === 1 ? on[0] : '')
      const view = sampleView({ role: 'operator' }, { tenant })
      const [card = ''] = cardsOf(
        allTenantsPage(view, {
          broken: { attention: item === undefined ? [] : [item], next: '' },
          tenants: [],
          health: { ok: true, checks: [] },
          pages: { query: new URLSearchParams(), next: '' },
        }),
      )
      expect(card.includes('Create a reconnect link')).toBe(on.length > 0)
      expect(card.includes('Open the mailbox')).toBe(on.length === 1)
    }
  }
  for (const via of [[0], [1, 0], [0, 0, 1], [1]] as const) await check([...via])
})
