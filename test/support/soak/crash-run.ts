/**
 * Mails leave through both transports while the Functions host is killed again and again, at random moments and at the
 * moments that hurt most: a draft was just created, a mail was just delivered and its answer is not yet out. Between a
 * kill and the next start nobody runs, so the minutes a dead worker's lease still has are made to pass by ageing the
 * stored times; the product itself is unchanged. Truth is the inbox of the recipient, never what the gateway says.
 */

import { setTimeout as delay } from 'node:timers/promises'
import { checkBalance } from '../../../lib/flows/ops/check-balance.js'
import { storageNames } from '../../../lib/model/names.js'
import type { Toolbox } from '../../../lib/ports/toolbox.js'
import { azureTables } from '../../../lib/stores/azure-tables.js'
import { type ApiClient, ApiError, apiClient } from '../../../local/api-client.js'
import { Browser, textOf } from '../../../local/browser.js'
import { demoTenant, demoTenantId } from '../../../local/demo-tenant.js'
import { postbox, type Stack } from '../../../local/stack.js'
import { toolbox } from '../general/toolbox.js'
import { azuriteStores } from '../storage/azurite-stores.js'

export interface CrashMail {
  id: string
  state: string
  whenUnknown: string
  lastError: { code: string; text: string; remedy: string } | null
  history: { code: string; text: string }[]
}

/** Where the host dies. */
export type KillPoint = 'any-moment' | 'draft-created' | 'delivered-unanswered'
const killPoints: KillPoint[] = ['any-moment', 'delivered-unanswered', 'any-moment', 'draft-created']

export interface CrashRun {
  seed: number
  kills: Record<KillPoint, number>
  /** Kills while mails were accepted but not yet at the recipient. */
  killsAtWork: number
  /** Subject → the mail as the API shows it at the end. */
  mails: Map<string, CrashMail>
  /** Subject → copies in the recipient's inbox. */
  copies: Map<string, number>
  /** Unsent drafts in the mailbox of Microsoft 365 at the end. */
  drafts: number
  /** Number of acceptances whose repetition gave another id. */
  secondIds: number
  /** Mails that did not add up, summed over a check after each kill and one at the end (REL-32). */
  difference: number
  /** Attention items about mails nobody can decide on. */
  attention: { id: string; class: string; description: string; remedy: string }[]
}

export interface CrashPlan {
  mails: number
  kills: number
  seed: number
  /** Milliseconds for everything after the last kill. */
  settleMs: number
  /** Stored times are aged after each kill, so that nobody waits for leases; false: all waits are real. */
  ages: boolean
}

/** Another one in each run unless it is set; a test names it in its title. */
export const crashSeed = Number(process.env['CRASH_SEED'] ?? Date.now() % 1_000_000)

/** Repeatable random numbers in [0, 1). */
export function mulberry32(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

const recipient = 'ben@contoso.example'
/** Longer than the lease of a lane (4 min), shorter than every deadline. */
const passedMs = 6 * 60_000

export async function crashRun(stack: Stack, plan: CrashPlan): Promise<CrashRun> {
  const random = mulberry32(plan.seed)
  const tenant = await demoTenant(stack)
  const admin = apiClient(stack.url, tenant.adminKey)
  const app = apiClient(stack.url, tenant.appKey)
  const boxes = await connectBoth(admin, app)
  const subjects = Array.from({ length: plan.mails }, (_, index) => `crash-${plan.seed}-${index}`)
  const ids = new Map<string, string>()
  let secondIds = 0
  const submitting = (async () => {
    for (const [index, subject] of subjects.entries()) {
      const id = await submit(app, boxes[index % 2] ?? '', subject)
      // The caller that never saw its answer asks again, here every fifth time.
      if (index % 5 === 0 && (await submit(app, boxes[index % 2] ?? '', subject)) !== id) secondIds += 1
      ids.set(subject, id)
    }
  })()
  let refused: unknown
  submitting.catch((error: unknown) => {
    refused = error
  })
  let killsAtWork = 0
  let difference = 0
  const kills = { 'any-moment': 0, 'draft-created': 0, 'delivered-unanswered': 0 }
  for (let kill = 1; kill <= plan.kills; kill++) {
    const target = Math.floor(((kill - random()) / (plan.kills + 1)) * plan.mails)
    await until(`${target} mails arrived before kill ${kill}`, plan.settleMs, () => {
      if (refused !== undefined) throw refused
      return arrived(stack, subjects) >= target
    })
    const point = killPoints[kill % killPoints.length] ?? 'any-moment'
    if (await killAt(stack, point, random, plan.settleMs)) kills[point] += 1
    if (arrived(stack, subjects) < plan.mails) killsAtWork += 1
    difference += await checkBalance(balanceToolbox(stack))
    if (plan.ages) await letTimePass(stack)
    await stack.restartHost()
    await stack.host().runTimer('sweep')
  }
  await submitting
  const mails = await settle(stack, app, ids, plan.settleMs)
  return {
    seed: plan.seed,
    kills,
    killsAtWork,
    mails,
    copies: countCopies(stack, subjects),
    drafts: draftsIn(stack),
    secondIds,
    difference: difference + (await checkBalance(balanceToolbox(stack))),
    attention: await app.list('attention'),
  }
}

/** False when the point was not met because no mail was left, and the host died somewhere else. */
async function killAt(stack: Stack, point: KillPoint, random: () => number, withinMs: number): Promise<boolean> {
  if (point === 'any-moment') {
    // The moment itself is random, so that it falls into every step of a hand-over.
    await delay(random() * 250)
    await stack.host().kill()
    return true
  }
  let death: Promise<void> | undefined
  const die = (): void => {
    death ??= stack.host().kill()
  }
  const { directory } = stack
  const deliver = directory.deliver
  if (point === 'delivered-unanswered')
    directory.deliver = (...mail) => {
      const message = deliver.apply(directory, mail)
      die()
      return message
    }
  const drafts = (): number => stack.graph.control.counters.requests['draft'] ?? 0
  const before = drafts()
  const end = performance.now() + Math.min(10_000, withinMs)
  while (death === undefined && performance.now() < end) {
    if (point === 'draft-created' && drafts() > before) die()
    await delay(1)
  }
  directory.deliver = deliver
  const met = death !== undefined
  die()
  await death
  return met
}

export async function connectBoth(admin: ApiClient, app: ApiClient): Promise<string[]> {
  const invite = async (address: string): Promise<string> =>
    (await admin.call<{ link: string }>('POST', 'v1/sign-ins', { address, confirmation: 'confirmed-by-link' })).link
  const ana = new Browser()
  const signIn = await ana.submit(await ana.open(await invite('ana@contoso.example')), 'Continue with Microsoft')
  const first = await ana.submit(signIn, 'ana@contoso.example', { user: 'ana@contoso.example' })
  const paula = new Browser()
  const form = await paula.open(await invite(postbox.address))
  const second = await paula.submit(form, 'type="password"', { password: postbox.password })
  for (const page of [first, second])
    if (page.status !== 200) throw new Error(`connecting ended with ${page.status}: ${textOf(page.html).slice(0, 300)}`)
  const mailboxes = await app.list<{ id: string; address: string }>('mailboxes')
  return ['ana@contoso.example', postbox.address].map((address) => {
    const found = mailboxes.find((one) => one.address === address)
    if (found === undefined) throw new Error(`${address} is not connected`)
    return found.id
  })
}

/** Asks with the same Idempotency-Key until there is an answer, as a careful caller does. */
async function submit(app: ApiClient, mailboxId: string, subject: string): Promise<string> {
  const body = { mailboxId, to: [recipient], subject, text: 'Sent while workers die.', whenUnknown: 'stop' }
  for (;;) {
    try {
      return (await app.call<{ id: string }>('POST', 'v1/mails', body, { 'idempotency-key': subject })).id
    } catch (error) {
      if (error instanceof ApiError && error.status < 500 && error.status !== 409 && error.status !== 429) throw error
      await delay(100)
    }
  }
}

function countCopies(stack: Stack, subjects: string[]): Map<string, number> {
  const copies = new Map(subjects.map((subject) => [subject, 0]))
  const ben = stack.directory.user(recipient)
  if (ben === undefined) throw new Error('the recipient is missing')
  const mailbox = stack.directory.mailbox(ben)
  const inbox = mailbox.folder('inbox')
  for (const message of inbox === undefined ? [] : mailbox.in(inbox)) {
    const subject = /^Subject: (.*?)\r?$/im.exec(message.raw.toString('latin1'))?.[1] ?? ''
    copies.set(subject, (copies.get(subject) ?? 0) + 1)
  }
  return copies
}

function draftsIn({ directory }: Stack): number {
  const box = directory.mailbox(directory.user('ana@contoso.example')!)
  return box.in(box.folder('drafts')!).length
}

const arrived = (stack: Stack, subjects: string[]): number =>
  [...countCopies(stack, subjects).values()].filter((count) => count > 0).length

function balanceToolbox({ connectionString, settings }: Stack): Toolbox {
  const names = storageNames(settings['ENVIRONMENT_ID'] ?? '')
  const clock = { now: Date.now, sleep: (ms: number) => delay(ms) }
  return toolbox({ names, ...azuriteStores({ connectionString }), clock })
}

/** What the minutes after a crash do to stored times; only while no host runs. */
async function letTimePass(stack: Stack): Promise<void> {
  const columns = ['leaseUntil', 'pausedUntil', 'minuteStart', 'dueAt', 'claimedUntil', 'handedAt']
  const tables = azureTables({ connectionString: stack.connectionString })
  const partitions: [string, string][] = [
    ['mailboxes', `${demoTenantId}~`],
    ['mails', `${demoTenantId}~`],
    ['due', 'lane~'],
  ]
  for (const [name, prefix] of partitions) {
    const table = `${stack.settings['ENVIRONMENT_ID']}${name}`
    for await (const row of tables.query(table, { partitionRange: [prefix, `${prefix}~`] })) {
      if (name === 'mailboxes' && row.rowKey !== 'lane~0') continue
      const aged = columns.flatMap((column) => {
        const value = Number(row[column] ?? 0)
        return value > passedMs ? [[column, value - passedMs]] : []
      })
      const { partitionKey, rowKey, etag = '' } = row
      if (aged.length > 0) await tables.update(table, { ...Object.fromEntries(aged), partitionKey, rowKey }, etag)
    }
  }
}

/** Waits until every accepted mail is sent, or unknown and shown to a person. */
async function settle(
  stack: Stack,
  app: ApiClient,
  ids: Map<string, string>,
  settleMs: number,
): Promise<Map<string, CrashMail>> {
  const mails = new Map<string, CrashMail>()
  const open = (): string[] => [...ids.keys()].filter((subject) => mails.get(subject)?.state !== 'sent')
  const look = async (): Promise<boolean> => {
    for (const subject of open()) mails.set(subject, await app.call<CrashMail>('GET', `v1/mails/${ids.get(subject)}`))
    const attention = JSON.stringify(await app.list('attention'))
    return open().every((subject) => {
      const mail = mails.get(subject)
      return mail?.state === 'unknown' && attention.includes(mail.id)
    })
  }
  await until('every mail is settled', settleMs, look).catch((error: Error) => {
    const left = open().map((subject) => `${subject}: ${JSON.stringify(mails.get(subject))}`)
    throw new Error(`${error.message}; arrived ${arrived(stack, [...ids.keys()])}\n${left.slice(0, 5).join('\n')}`)
  })
  return mails
}

async function until(what: string, withinMs: number, is: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + withinMs
  while (performance.now() < end) {
    if (await is()) return
    await delay(100)
  }
  throw new Error(`${what}: not within ${withinMs / 1000} s`)
}
