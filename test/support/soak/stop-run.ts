/**
 * Mails leave through both transports while an instance is taken away again and again: SIGTERM, death two seconds later,
 * another one in its place. A second instance lives on and accepts. Nothing is aged. Truth is what the recipient's mailbox
 * was given and when, never what the gateway says. The application reads its events all the while, as one does: a queue
 * that nobody reads makes each read of every queue slower in the storage emulator.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { QueueClient } from '@azure/storage-queue'
import { storageNames } from '../../../lib/model/names.js'
import { chunksOf } from '../../../lib/rows/delete-rows.js'
import { type ApiClient, ApiError, apiClient } from '../../../local/api-client.js'
import { Browser, textOf } from '../../../local/browser.js'
import { demoTenant } from '../../../local/demo-tenant.js'
import { type HostChild, startHostChild } from '../../../local/host-child.js'
import { postbox, type Stack } from '../../../local/stack.js'

export interface StopPlan {
  mails: number
  mailsPerSecond: number
  /** 0: nobody is taken away, for comparison. */
  stopEveryMs: number
  /** From SIGTERM to death. */
  graceMs: number
  settleMs: number
}

export interface StopRun {
  stops: number
  /** Of them, instances that had not ended by themselves. */
  killed: number
  /** State of a mail → how many. */
  states: Record<string, number>
  /** Arrived not at all, and more than once. */
  lost: string[]
  twice: string[]
  /** Accepted mails whose application was never told that they were sent. */
  untold: number
  /** Milliseconds from the acceptance to the recipient, of each mail. */
  waitsMs: number[]
}

const recipient = 'ben@contoso.example'
let runs = 0

/** One SMTP mailbox and so many of Microsoft 365, which takes 30 mails a minute from each. */
export async function connectForStops(root: string, stack: Stack, graphMailboxes: number) {
  const tenant = await demoTenant(stack)
  const admin = apiClient(stack.url, tenant.adminKey)
  const app = apiClient(stack.url, tenant.appKey)
  const link = async (address: string): Promise<string> =>
    (await admin.call<{ link: string }>('POST', 'v1/sign-ins', { address, confirmation: 'confirmed-by-link' })).link
  const addresses = Array.from({ length: graphMailboxes }, (_, n) => `sender${n}@contoso.example`)
  // Its people need no administrator: this is about stops, not about consent.
  stack.entra.control.setConsentPolicy({ tenant: 'contoso.example', policy: 'legacy' })
  for (const address of addresses) {
    stack.directory.addUser({ upn: address, password: 'x' })
    const browser = new Browser()
    const signIn = await browser.submit(await browser.open(await link(address)), 'Continue with Microsoft')
    assertOk(await browser.submit(signIn, address, { user: address }))
  }
  const browser = new Browser()
  const form = await browser.open(await link(postbox.address))
  assertOk(await browser.submit(form, 'type="password"', { password: postbox.password }))
  const mailboxes = await app.list<{ id: string; address: string }>('mailboxes')
  const idOf = (address: string): string => mailboxes.find((one) => one.address === address)?.id ?? ''
  return { root, stack, app, tenant: tenant.tenant, graph: addresses.map(idOf), smtp: idOf(postbox.address) }
}

function assertOk(page: { status: number; html: string }): void {
  if (page.status !== 200) throw new Error(`connecting ended with ${page.status}: ${textOf(page.html).slice(0, 300)}`)
}

export async function stopRun(world: Awaited<ReturnType<typeof connectForStops>>, plan: StopPlan): Promise<StopRun> {
  const { stack, app, graph, smtp } = world
  const name = `stop-${++runs}`
  const accepted = new Map<string, { id: string; at: number }>()
  const arrivals = new Map<string, number[]>()
  const { directory } = stack
  const deliver = directory.deliver
  directory.deliver = (...mail) => {
    const [to, raw] = mail
    const subject = /^Subject: (.*?)\r?$/im.exec(raw.toString('latin1'))?.[1] ?? ''
    if (to === recipient) arrivals.set(subject, [...(arrivals.get(subject) ?? []), performance.now()])
    return deliver.apply(directory, mail)
  }
  let stops = 0
  let killed = 0
  let isOver = false
  const sent = new Set<string>()
  const events = eventsOf(world)
  const reading = (async () => {
    while (!isOver) if ((await readEvents(events, sent)) === 0) await delay(200)
  })()
  const churn = async (): Promise<void> => {
    let worker = await anotherInstance(world)
    while (!isOver) {
      for (let waited = 0; waited < plan.stopEveryMs && !isOver; waited += 100) await delay(100)
      const next = await anotherInstance(world)
      stops += 1
      if (!(await worker.terminate(plan.graceMs))) killed += 1
      worker = next
    }
    await worker.stop()
  }
  const quiet = async (): Promise<void> => {
    const worker = await anotherInstance(world)
    while (!isOver) await delay(100)
    await worker.stop()
  }
  const working = plan.stopEveryMs > 0 ? churn() : quiet()
  try {
    const began = performance.now()
    for (let n = 0; n < plan.mails; n++) {
      const subject = `${name}-${n}`
      const mailboxId = n % 2 === 0 ? smtp : (graph[(n >> 1) % graph.length] ?? '')
      accepted.set(subject, { id: await submit(app, mailboxId, subject), at: performance.now() })
      await delay(Math.max(0, began + ((n + 1) * 1_000) / plan.mailsPerSecond - performance.now()))
    }
    const end = performance.now() + plan.settleMs
    while ([...accepted.keys()].some((subject) => !arrivals.has(subject)) && performance.now() < end) await delay(100)
  } finally {
    isOver = true
    await Promise.all([working, reading])
  }
  const states = await finalStates(app, [...accepted.values()], plan.settleMs)
  directory.deliver = deliver
  while ((await readEvents(events, sent)) > 0);
  return {
    stops,
    killed,
    states,
    lost: [...accepted.keys()].filter((subject) => !arrivals.has(subject)),
    twice: [...arrivals].filter(([subject, times]) => accepted.has(subject) && times.length > 1).map(([s]) => s),
    untold: [...accepted.values()].filter(({ id }) => !sent.has(id)).length,
    waitsMs: [...accepted].map(([subject, { at }]) =>
      Math.round((arrivals.get(subject)?.[0] ?? Number.POSITIVE_INFINITY) - at),
    ),
  }
}

function eventsOf({ stack, tenant }: { stack: Stack; tenant: string }): QueueClient {
  const name = storageNames(stack.settings['ENVIRONMENT_ID'] ?? '').eventsQueue(tenant)
  return new QueueClient(stack.settings['AzureWebJobsStorage'] ?? '', name)
}

/** Takes what there is; returns how many events were there. */
async function readEvents(events: QueueClient, sent: Set<string>): Promise<number> {
  const { receivedMessageItems } = await events.receiveMessages({ numberOfMessages: 32 })
  await Promise.all(
    receivedMessageItems.map(async ({ messageId, popReceipt, messageText }) => {
      const event = JSON.parse(Buffer.from(messageText, 'base64').toString()) as {
        type: string
        data: { mailId?: string }
      }
      if (event.type === 'mail.sent') sent.add(event.data.mailId ?? '')
      await events.deleteMessage(messageId, popReceipt)
    }),
  )
  return receivedMessageItems.length
}

function anotherInstance({ root, stack }: { root: string; stack: Stack }): Promise<HostChild> {
  const { TIMER_STATUS_FILE: _own, ...settings } = stack.settings
  return startHostChild({ root, settings: { ...settings, HOST_PORT: '0' } })
}

async function submit(app: ApiClient, mailboxId: string, subject: string): Promise<string> {
  const body = { mailboxId, to: [recipient], subject, text: 'Sent while an instance goes.', whenUnknown: 'stop' }
  for (;;) {
    try {
      return (await app.call<{ id: string }>('POST', 'v1/mails', body, { 'idempotency-key': subject })).id
    } catch (error) {
      if (error instanceof ApiError && error.status < 500 && error.status !== 409 && error.status !== 429) throw error
      await delay(100)
    }
  }
}

/** A mail that arrived is `sent` a moment later. */
async function finalStates(app: ApiClient, mails: { id: string }[], settleMs: number): Promise<Record<string, number>> {
  const states = new Map<string, string>()
  const end = performance.now() + settleMs
  for (;;) {
    const open = mails.filter(({ id }) => states.get(id) !== 'sent')
    for (const batch of chunksOf(open, 8))
      await Promise.all(
        batch.map(async ({ id }) => {
          states.set(id, (await app.call<{ state: string }>('GET', `v1/mails/${id}`)).state)
        }),
      )
    if ([...states.values()].every((state) => state === 'sent') || performance.now() > end) break
    await delay(500)
  }
  const counts: Record<string, number> = {}
  for (const state of states.values()) counts[state] = (counts[state] ?? 0) + 1
  return counts
}
