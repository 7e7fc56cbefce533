/** A mailbox that sends first and waits to be allowed to read: what is told, what is asked, and what a crash leaves. */
import { beforeEach, expect, test } from 'vitest'
import { receiveFlows } from '../../../lib/flows/receive/index.js'
import { findConnection } from '../../../lib/rows/connections.js'
import { findMailbox } from '../../../lib/rows/mailboxes.js'
import { type ConnectHarness, connectHarness } from '../../support/connect/connect-harness.js'

let at: ConnectHarness
const narrow = ['Mail.Send', 'User.Read']
const wide = [...narrow, 'Mail.ReadWrite']

beforeEach(async () => {
  at = await connectHarness()
  at.peers.tokens = { ...at.peers.tokens, scopes: narrow }
})

async function connectedForSending() {
  const { link: url, signInId } = await at.start()
  const { link, browser, formToken } = await at.open(url)
  const { location } = await at.flows.beginAuthorize(at.deps, { link, browser, formToken, isSendingFirst: true })
  const state = new URL(location).searchParams.get('state') ?? ''
  await at.flows.completeSignIn(at.deps, { browser, ...(await at.comeBack(link, state, { code: 'c' })) })
  const { mailboxId, connectionId, status } = await at.flows.describeSignIn(at.deps, at.tenant, signInId)
  expect(status).toBe('confirmed')
  return { mailboxId, connectionId }
}
const poll = (mailboxId: string) =>
  receiveFlows.pollBatch(at.deps, { v: 1, mailboxes: [{ tenant: at.tenant, mailboxId }] })
const told = () =>
  at
    .events()
    .filter(({ data }) => data['direction'] === 'receive')
    .map(({ id, data }) => ({ id, state: data['state'], code: data['code'], mailboxId: data['mailboxId'] }))

test('M-142: the application hears once that reading waits for an administrator, and once that it works', async () => {
  const { mailboxId } = await connectedForSending()
  expect(at.peers.asked[0]?.scopes.filter((scope) => scope.includes('/Mail.'))).toEqual([
    'https://graph.microsoft.com/Mail.Send',
  ])
  expect(told()).toMatchObject([{ state: 'needs-admin', code: 'reading_awaits_approval', mailboxId }])
  for (let times = 0; times < 3; times++) expect(await poll(mailboxId)).toMatchObject([{ outcome: 'off' }])
  expect(told()).toEqual([])
  at.peers.tokens = { ...at.peers.tokens, scopes: wide }
  await poll(mailboxId)
  expect(told()).toMatchObject([{ state: 'connected', code: null, mailboxId }])
})

test('M-142: a refusal of the wider scopes leaves connection, grant and due renewal as they were', async () => {
  const { mailboxId, connectionId } = await connectedForSending()
  const grant = () => at.stores.tables.get(at.names.table('connections'), `${at.tenant}~${connectionId}`, 'grant')
  const of = (row: Awaited<ReturnType<typeof grant>>) => [
    row?.['failures'],
    row?.['refusedAt'],
    row?.['notBefore'],
    row?.['access_graph'],
    row?.['leaseUntil'],
  ]
  const before = of(await grant())
  await poll(mailboxId)
  expect(of(await grant())).toEqual(before)
  expect(await findConnection(at.deps, at.tenant, connectionId)).toMatchObject({ state: 'connected', reason: '' })
})

test('M-142, REL-04: who dies between the wider token and the mailbox is made up for by the next try, told under one id', async () => {
  const { mailboxId, connectionId } = await connectedForSending()
  told()
  at.peers.tokens = { ...at.peers.tokens, scopes: wide }
  const { update } = at.deps.tables
  at.deps.tables.update = async (table, row, etag) => {
    if (row.rowKey === 'mailbox') throw new Error('the process died')
    return update(table, row, etag)
  }
  await poll(mailboxId)
  const scopes = (await findConnection(at.deps, at.tenant, connectionId))?.scopes ?? []
  expect(scopes.some((scope) => scope.endsWith('/Mail.ReadWrite'))).toBe(true)
  expect((await findMailbox(at.deps, at.tenant, mailboxId))?.receive.transport).toBe('none')
  at.deps.tables.update = update
  await poll(mailboxId)
  expect((await findMailbox(at.deps, at.tenant, mailboxId))?.receive.transport).toBe('graph')
  expect(new Set(told().map(({ id }) => id)).size).toBe(1)
})

test('M-142: a mailbox that was paused while it waited is not tried', async () => {
  const { mailboxId } = await connectedForSending()
  const known = await findMailbox(at.deps, at.tenant, mailboxId)
  const row = { partitionKey: `${at.tenant}~${mailboxId}`, rowKey: 'mailbox', active: false }
  await at.stores.tables.update(at.names.table('mailboxes'), row, known?.etag ?? '')
  at.peers.tokens = { ...at.peers.tokens, scopes: wide }
  expect(await poll(mailboxId)).toMatchObject([{ outcome: 'off' }])
  expect((await findMailbox(at.deps, at.tenant, mailboxId))?.receive.transport).toBe('none')
})
