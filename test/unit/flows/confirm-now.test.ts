import { beforeEach, describe, expect, test } from 'vitest'
import { addReturnUrl } from '../../../lib/flows/admin/return-urls.js'
import { listConnections } from '../../../lib/rows/connections.js'
import { takeHold } from '../../../lib/rows/holders.js'
import { listMailboxes } from '../../../lib/rows/mailboxes.js'
import { type ConnectHarness, codeOf, connectHarness } from '../../support/connect/connect-harness.js'

let h: ConnectHarness
const returnUrl = 'https://app.example.com/done'
const binding = 'b'.repeat(20)
beforeEach(async () => {
  h = await connectHarness()
  await addReturnUrl(h.deps, h.tenant, returnUrl)
})

/** Signed in and waiting for the app, which holds the code. */
async function signedIn(more: object = {}) {
  const { link, signInId } = await h.start({ confirmation: 'result-code', returnUrl, binding, ...more })
  return { link, signInId, code: await signInAt(link) }
}

async function signInAt(link: string): Promise<string> {
  const back = await h.travel(link)
  await h.flows.completeSignIn(h.deps, back)
  const { returnTo = '' } = await h.flows.showResult(h.deps, back.link, back.browser)
  return new URL(returnTo).searchParams.get('result') ?? ''
}

const redeem = (signInId: string, code: string) =>
  h.flows.confirmSignIn(h.deps, h.tenant, { id: signInId, code, binding })

async function auditOf(action: string) {
  const rows = []
  const tenant = { partitionRange: [`${h.tenant}~`, `${h.tenant}~~`] as [string, string] }
  for await (const row of h.stores.tables.query(h.names.log('auditlog', '202611'), tenant))
    if (row['action'] === action && !row.partitionKey.includes('~e~')) rows.push(row)
  return rows
}

describe('A9: of twenty requests that confirm at once', () => {
  test.each([
    ['the application', (id: string, code: string) => redeem(id, code)],
    ['an administrator', (id: string) => h.flows.confirmByAdmin(h.deps, h.tenant, id)],
  ])('%s: one wins, the others are told 409; one of everything', async (who, confirm) => {
    let started: { signInId: string; code: string }
    if (who === 'the application') started = await signedIn()
    else {
      const { link, signInId } = await h.start({ confirmation: 'tenant-admin' })
      await h.flows.completeSignIn(h.deps, await h.travel(link))
      started = { signInId, code: '' }
    }
    const answers = await Promise.allSettled(Array.from({ length: 20 }, () => confirm(started.signInId, started.code)))
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const answer of answers)
      if (answer.status === 'rejected')
        expect(answer.reason).toMatchObject({
          status: 409,
          code: expect.stringMatching(/^(confirmation_running|sign_in_used)$/),
        })
    expect(h.peers.kept).toHaveLength(1)
    expect(await listConnections(h.deps, h.tenant)).toHaveLength(1)
    expect(await listMailboxes(h.deps, h.tenant)).toHaveLength(1)
    expect(await auditOf('mailbox-connected')).toHaveLength(1)
    // An administrator was told that it waits.
    const events = who === 'the application' ? 1 : 2
    expect(await h.stores.queues.depth(h.names.eventsQueue(h.tenant))).toBe(events)
  })

  test('with the sweep beside them too', async () => {
    const { signInId, code } = await signedIn()
    h.time.now += 9 * 60_000
    const all = [redeem(signInId, code), h.flows.expireSignIns(h.deps), redeem(signInId, code)]
    await Promise.allSettled(all)
    expect(h.peers.kept).toHaveLength(1)
    expect(await auditOf('mailbox-connected')).toHaveLength(1)
  })
})

describe('A5: a confirmation that is refused', () => {
  const leavesNothing = async (signInId: string, code: string, before: string) => {
    expect(await h.stored()).toBe(before)
    expect(await h.flows.describeSignIn(h.deps, h.tenant, signInId)).toMatchObject({
      status: 'refused',
      refusal: code,
      mailboxId: '',
      connectionId: '',
      signedInAs: '',
      verdicts: null,
    })
    const row = await h.signInRow(signInId)
    expect(row).toMatchObject({ sealedGrant: '', resultHash: '', resultSealed: '' })
    for (const later of [3, 60, 24 * 60]) {
      h.time.now += later * 60_000
      await h.flows.expireSignIns(h.deps)
      expect(await h.stored()).toBe(before)
    }
  }

  test('because the address was connected meanwhile leaves nothing, and no sweep connects it later', async () => {
    const { signInId, code } = await signedIn()
    await h.connectBy('microsoft')
    const before = await h.stored()
    expect(await codeOf(redeem(signInId, code))).toBe('mailbox_exists')
    expect(await codeOf(redeem(signInId, code))).toBe('sign_in_not_ready')
    await leavesNothing(signInId, 'mailbox_exists', before)
    expect(await auditOf('sign-in-refused')).toHaveLength(1)
  })

  test('because another tenant holds the address leaves nothing either', async () => {
    const { signInId, code } = await signedIn()
    await takeHold(h.deps, { tenant: 'rival', mailboxId: 'a'.repeat(26), address: h.address })
    const before = await h.stored()
    expect(await codeOf(redeem(signInId, code))).toBe('mailbox_held')
    await leavesNothing(signInId, 'mailbox_held', before)
  })

  test('can be asked again with the same link, once the reason is gone', async () => {
    const { link, signInId, code } = await signedIn()
    const { mailboxId } = await h.connectBy('microsoft')
    expect(await codeOf(redeem(signInId, code))).toBe('mailbox_exists')
    await h.stores.tables.remove(h.names.table('mailboxes'), {
      partitionKey: `${h.tenant}~${mailboxId}`,
      rowKey: 'mailbox',
    })
    for await (const { partitionKey, rowKey } of h.stores.tables.query(h.names.table('names'), { partition: h.tenant }))
      await h.stores.tables.remove(h.names.table('names'), { partitionKey, rowKey })
    for await (const { partitionKey, rowKey } of h.stores.tables.query(h.names.holders, { partitionRange: ['', '~'] }))
      await h.stores.tables.remove(h.names.holders, { partitionKey, rowKey })
    expect(await redeem(signInId, await signInAt(link))).toMatchObject({ status: 'confirmed' })
    expect(await h.flows.describeSignIn(h.deps, h.tenant, signInId)).toMatchObject({ status: 'confirmed' })
  })

  test('T4: of a link that needs no confirmation is told on the page, and never says connected', async () => {
    const { link, signInId } = await h.start()
    const back = await h.travel(link)
    await h.connectBy('microsoft')
    expect(await h.flows.completeSignIn(h.deps, back)).toMatchObject({
      outcome: 'refused',
      error: { code: 'mailbox_exists' },
      location: `https://mail.example.com/connect/${back.link}/result`,
    })
    expect(await codeOf(h.flows.showResult(h.deps, back.link, back.browser))).toBe('sign_in_open')
    // T4: the browser was sent to a page that can be loaded again.
    expect(await h.flows.showRefusal(h.deps, back.link, back.browser)).toMatchObject({
      refused: { code: 'mailbox_exists' },
    })
    expect(await h.flows.describeSignIn(h.deps, h.tenant, signInId)).toMatchObject({ status: 'refused', mailboxId: '' })
  })

  test('control: a fault of ours is no refusal: the same call, or the sweep, finishes it', async () => {
    for (const finish of ['call', 'sweep'] as const) {
      const address = `${finish}@contoso.example`
      h.peers.tokens = { ...h.peers.tokens, identity: { ...h.peers.tokens.identity!, username: address } }
      const { signInId, code } = await signedIn({ address })
      const { set } = h.deps.vault
      h.deps.vault.set = async () => {
        throw new Error('crash')
      }
      await expect(redeem(signInId, code)).rejects.toThrow('crash')
      expect(await h.flows.describeSignIn(h.deps, h.tenant, signInId)).toMatchObject({ status: 'signed-in' })
      h.deps.vault.set = set
      if (finish === 'call') await redeem(signInId, code)
      h.time.now += 3 * 60_000
      await h.flows.expireSignIns(h.deps)
      expect(await h.flows.describeSignIn(h.deps, h.tenant, signInId)).toMatchObject({ status: 'confirmed' })
    }
  })

  test('what could not be finished in an hour is undone whole', async () => {
    const { signInId, code } = await signedIn()
    const before = await h.stored()
    const { set } = h.deps.vault
    h.deps.vault.set = async () => {
      throw new Error('crash')
    }
    await expect(redeem(signInId, code)).rejects.toThrow('crash')
    expect(await h.stored()).not.toBe(before)
    h.time.now += 61 * 60_000
    expect(await h.flows.expireSignIns(h.deps)).toBe(1)
    expect(await h.stored()).toBe(before)
    h.deps.vault.set = set
  })
})
