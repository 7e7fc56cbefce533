/** What somebody on call reads after "Check now", and what goes on because of it. */
import { describe, expect, test } from 'vitest'
import { translate } from '../../../lib/diagnosis/translate.js'
import { GatewayError } from '../../../lib/errors.js'
import { checkMailbox } from '../../../lib/flows/admin/check-mailbox.js'
import type { Fault } from '../../../lib/model/diagnosis.js'
import { newId } from '../../../lib/model/ids.js'
import type { ReceiveSettings, SendSettings } from '../../../lib/model/mailbox.js'
import type { Authority } from '../../../lib/ports/authority.js'
import type { Toolbox } from '../../../lib/ports/toolbox.js'
import { changeLane, readLane } from '../../../lib/rows/lane.js'
import { toRow } from '../../../lib/rows/mailboxes.js'
import { Secret } from '../../../lib/secret.js'
import { connectAs } from '../../support/connect/connect-as.js'
import { sampleMailbox } from '../../support/general/sample-mailbox.js'
import { everyReceiver, everySender } from '../../support/general/toolbox.js'
import { manualClock } from '../../support/send/send-harness.js'
import { memoryStores } from '../../support/storage/memory-stores.js'

const tenant = 'acme'
const server = { host: 'mail.contoso.example', port: 993, tls: 'implicit' } as const
const never = () => new Promise<never>(() => {})
type Open = () => Promise<unknown>

interface World {
  mode: 'delegated' | 'app-only' | 'password' | 'anonymous'
  state?: 'connected' | 'needs-admin'
  /** What the provider says; default: a token that lasts. */
  provider?: () => Promise<never>
  reading?: Open
  sending?: Open
  receives?: boolean
  active?: boolean
}

async function place({ mode, state = 'connected', provider, reading, sending, receives = true, active }: World) {
  const clock = manualClock()
  let fire = () => {}
  const stores = await memoryStores({
    ...clock,
    sleep: (_ms: number, signal?: AbortSignal) =>
      new Promise<void>((done, failed) => {
        fire = done
        signal?.addEventListener('abort', () => failed(new Error('over')), { once: true })
      }),
  })
  const isMicrosoft = mode === 'delegated' || mode === 'app-only'
  const connectionId = newId()
  const receive: ReceiveSettings = isMicrosoft
    ? { transport: 'graph', connectionId, folder: 'inbox' }
    : { transport: 'imap', connectionId, imap: { ...server, folder: 'INBOX' } }
  const send: SendSettings = isMicrosoft
    ? { transport: 'graph', connectionId }
    : { transport: 'smtp', connectionId, smtp: server }
  const mailbox = sampleMailbox({
    receive: receives ? receive : { transport: 'none' },
    send,
    ...(active === undefined ? {} : { active }),
  })
  await stores.tables.insert(stores.names.table('mailboxes'), toRow(mailbox))
  for (const queue of ['mailbox-poll', 'mail-send'] as const) await stores.queues.ensure(stores.names.queue(queue))
  const authority: Authority =
    mode === 'anonymous'
      ? { kind: 'anonymous' }
      : mode === 'password'
        ? { kind: 'password', user: 'info', password: new Secret('p') }
        : { kind: 'bearer', user: mailbox.address, token: async () => provider?.() ?? new Secret('opaque') }
  const calls: string[] = []
  const session = (what: string, check?: 'opened') => ({
    check: async () => check,
    close: async () => void calls.push(`${what} closed`),
    fetch: () => expect.unreachable('fetched'),
    after: () => expect.unreachable('changed'),
    send: () => expect.unreachable('sent'),
  })
  const opening = (what: string, given: Open | undefined, check?: 'opened') => ({
    open: async () => {
      calls.push(`${what} opened`)
      return (await given?.()) ?? session(what, check)
    },
  })
  const receiver = opening('reading', reading)
  const sender = opening('sending', sending, isMicrosoft ? 'opened' : undefined)
  const deps = {
    ...stores,
    receivers: everyReceiver(receiver),
    senders: everySender(sender),
  } as unknown as Toolbox
  await connectAs(deps, connectionId, authority, { mode, provider: isMicrosoft ? 'microsoft' : 'basic', state })
  const polls = () => stores.queues.take(stores.names.queue('mailbox-poll')).length
  const lane = () => readLane(stores, { tenant, mailboxId: mailbox.id })
  const closeGate = () =>
    changeLane(stores, { tenant, mailboxId: mailbox.id }, () => ({
      gate: 'closed',
      gateCode: 'smtp_535',
      gateUntil: 0,
    }))
  return {
    check: () => checkMailbox(deps, { tenant, mailboxId: mailbox.id }),
    ...{ calls, polls, lane, closeGate, deps, mailbox, stores },
    timeIsOver: () => fire(),
  }
}

const says = (fault: Fault) => async () => {
  throw translate(fault)
}
const works = { verdict: 'works', stage: null, code: null, whoActs: null, description: null, remedy: null }
const untested = { ...works, verdict: 'not-tested' }

describe('M-160: what a check says', () => {
  test('M-160: all works, and every session is closed again', async () => {
    const { check, calls } = await place({ mode: 'password' })
    expect(await check()).toEqual({ signIn: works, reading: works, sending: works })
    expect(calls.sort()).toEqual(['reading closed', 'reading opened', 'sending closed', 'sending opened'])
  })

  test('M-160: of Graph only a mail shows whether it may be sent', async () => {
    const { check } = await place({ mode: 'app-only' })
    const { signIn, reading, sending } = await check()
    expect([signIn, reading]).toEqual([works, works])
    expect(sending).toMatchObject({ verdict: 'not-tested', stage: 'send-right', remedy: 'Send a test mail.' })
  })

  test.each<[string, Fault, string, string]>([
    ['dns', { context: 'net', net: 'ENOTFOUND' }, 'net_enotfound', "Customer's administrator"],
    [
      'connect',
      { context: 'net', net: 'ECONNREFUSED' },
      'net_econnrefused',
      'Nobody: the gateway retries automatically',
    ],
    ['tls', { context: 'net', net: 'CERT_HAS_EXPIRED' }, 'net_cert_has_expired', 'Gateway operator'],
    [
      'greeting',
      { context: 'imap', local: 'imap_greeting_refused' },
      'imap_greeting_refused',
      'Nobody: the gateway retries automatically',
    ],
    [
      'sign-in',
      { context: 'imap', text: 'A1 NO [AUTHENTICATIONFAILED] no' },
      'imap_authenticationfailed',
      'Mailbox owner',
    ],
    ['folder', { context: 'imap', text: 'A1 NO [NONEXISTENT] no' }, 'imap_nonexistent', 'Gateway operator'],
  ])(
    'M-160: reading that stops at %s says so, and sending has a verdict of its own',
    async (stage, fault, code, whoActs) => {
      const { check } = await place({ mode: 'password', reading: says(fault) })
      const { signIn, reading, sending } = await check()
      expect(reading).toMatchObject({ verdict: 'fails', stage, code, whoActs })
      expect(reading.description).toMatch(/\.$/)
      expect(reading.remedy).toMatch(/\.$/)
      expect(sending).toEqual(works)
      expect(signIn.verdict).toBe(stage === 'sign-in' ? 'fails' : 'works')
    },
  )

  test('M-160: a permission to send that is missing', async () => {
    const fault: Fault = { context: 'graph', http: 403, text: '{"error":{"code":"ErrorSendAsDenied"}}' }
    const { check } = await place({ mode: 'delegated', sending: says(fault) })
    expect((await check()).sending).toMatchObject({ verdict: 'fails', stage: 'send-right' })
  })

  test('M-160: a sign-in that the provider refuses: nothing is asked of the mail servers', async () => {
    const refusal = translate({ context: 'ms-token', text: 'AADSTS7000222: expired' })
    const { check, calls } = await place({ mode: 'delegated', provider: () => Promise.reject(refusal) })
    const { signIn, ...directions } = await check()
    expect(signIn).toMatchObject({
      verdict: 'fails',
      stage: 'sign-in',
      code: 'aadsts_7000222',
      whoActs: 'Gateway operator',
    })
    expect(directions).toEqual({ reading: untested, sending: untested })
    expect(calls).toEqual([])
  })

  test('M-160: a relay without a sign-in, and a direction that is not used', async () => {
    const { check } = await place({ mode: 'anonymous', receives: false })
    expect(await check()).toEqual({ signIn: untested, reading: untested, sending: works })
  })

  test('M-160: a server that hangs is told after ten seconds and takes nothing from the other direction', async () => {
    const { check, timeIsOver, calls } = await place({ mode: 'password', reading: never })
    const checked = check()
    await expect.poll(() => calls).toContain('sending closed')
    timeIsOver()
    expect(await checked).toMatchObject({
      signIn: works,
      reading: { verdict: 'fails', stage: 'connect', code: 'net_etimedout' },
      sending: works,
    })
  })

  test('M-160: a fault of our own is no verdict about the mailbox, and neither is an unknown one', async () => {
    const away = new GatewayError('storage_unavailable', 'transient')
    const { check } = await place({ mode: 'password', reading: () => Promise.reject(away) })
    await expect(check()).rejects.toBe(away)
    const odd = await place({ mode: 'password', reading: () => Promise.reject(new TypeError('bug')) })
    await expect(odd.check()).rejects.toMatchObject({ code: 'unexpected' })
    await expect(checkMailbox(odd.deps, { tenant, mailboxId: 'none' })).rejects.toMatchObject({ code: 'not_found' })
  })
})

describe('M-160: what waited continues', () => {
  test('M-160: both directions that work', async () => {
    const { check, polls, lane, closeGate } = await place({ mode: 'password' })
    await closeGate()
    await check()
    expect(polls()).toBe(1)
    expect(await lane()).toMatchObject({ gate: 'open' })
  })

  test('M-160: neither of two that fail', async () => {
    const fails = says({ context: 'net', net: 'ECONNREFUSED' })
    const { check, polls, lane, closeGate } = await place({ mode: 'password', reading: fails, sending: fails })
    await closeGate()
    await check()
    expect(polls()).toBe(0)
    expect(await lane()).toMatchObject({ gate: 'closed' })
  })

  test('M-160: a mailbox that is paused stays so', async () => {
    const { check, polls, lane, closeGate } = await place({ mode: 'password', active: false })
    await closeGate()
    expect((await check()).sending).toEqual(works)
    expect(polls()).toBe(0)
    expect(await lane()).toMatchObject({ gate: 'closed' })
  })

  test('M-160: a repaired connection wakes every mailbox on it; one that worked wakes nobody else', async () => {
    for (const [state, expected] of [
      ['needs-admin', true],
      ['connected', false],
    ] as const) {
      const { check, mailbox, stores } = await place({ mode: 'app-only', state })
      const other = sampleMailbox({ receive: mailbox.receive, send: mailbox.send, address: 'other@contoso.example' })
      const ref = { tenant, mailboxId: other.id }
      await stores.tables.insert(stores.names.table('mailboxes'), toRow(other))
      await changeLane(stores, ref, () => ({ gate: 'closed' }))
      await check()
      expect((await readLane(stores, ref)).gate === 'open').toBe(expected)
    }
  })
})
