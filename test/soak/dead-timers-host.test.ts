/** The real host with all three timers disabled, in real time: nobody calls while the work is awaited. */
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { timerNames } from '../../lib/model/timers.js'
import { apiClient } from '../../local/api-client.js'
import { demoTenant } from '../../local/demo-tenant.js'
import { postbox, type Stack, startStack } from '../../local/stack.js'
import { connectBoth } from '../support/soak/crash-run.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const minute = 60_000
const logged: string[] = []
let stack: Stack

beforeAll(async () => {
  stack = await startStack({ root, onLog: ({ message }) => logged.push(message) })
}, 300_000)

afterAll(() => stack?.stop(), 60_000)

/** Milliseconds until it is so. */
async function until(what: string, withinMs: number, is: () => boolean): Promise<number> {
  const started = Date.now()
  while (!is()) {
    if (Date.now() - started > withinMs) throw new Error(`${what}: not within ${withinMs / 1_000} s`)
    await delay(500)
  }
  return Date.now() - started
}

const isSent = (subject: string): boolean => {
  const mailbox = stack.directory.mailbox(stack.directory.user('ben@contoso.example')!)
  const inbox = mailbox.folder('inbox')
  return (
    inbox !== undefined && mailbox.in(inbox).some(({ raw }) => raw.toString('latin1').includes(`Subject: ${subject}`))
  )
}

test('M-171, C9: with all timers of the host dead planned mail leaves and mailboxes are polled within three minutes, and it is told', async () => {
  const tenant = await demoTenant(stack)
  const app = apiClient(stack.url, tenant.appKey)
  const [, paula = ''] = await connectBoth(apiClient(stack.url, tenant.adminKey), app)
  await stack.host().stop()
  for (const timer of timerNames) stack.settings[`AzureWebJobs.${timer}.Disabled`] = 'true'
  await stack.restartHost()
  const restarted = logged.length
  const subject = 'planned with dead timers'
  const notBefore = new Date(Date.now() + minute).toISOString()
  await app.call('POST', 'v1/mails', {
    mailboxId: paula,
    to: ['ben@contoso.example'],
    subject,
    text: 'Hello',
    notBefore,
  })
  stack.imap.deliver(
    postbox.address,
    'From: kim@example.com\r\nSubject: in\r\nMessage-ID: <dead@example.com>\r\n\r\nHello\r\n',
  )
  const since = () => logged.slice(restarted)
  const isPolled = () => since().some((line) => /"event":"polls-ran".*"mail":[1-9]/.test(line))
  await Promise.all([
    until('the planned mail', 4 * minute, () => isSent(subject)),
    until('the poll', 3 * minute, isPolled),
  ])
  for (const timer of timerNames)
    await until(`${timer} is told`, 5 * minute, () =>
      since().some((line) => line.includes('"event":"timer-late"') && line.includes(`"${timer}"`)),
    )
  const health = (await (await fetch(`${stack.url}/api/health`)).json()) as { checks: { name: string; text: string }[] }
  const { text = '' } = health.checks.find(({ name }) => name === 'timers') ?? {}
  for (const timer of timerNames) expect(text).toContain(timer)
  expect(since().filter((line) => /"event":"timer-ran".*"own"/.test(line))).toEqual([])
}, 900_000)
