import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { curlCommand, nextSteps, powerShellCommand } from '../../local/next-steps.js'

const stops: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

/** The first step as printed while the gateway gives these answers to the tenant's administrator. */
async function firstStep(answers: Record<string, unknown>): Promise<string> {
  const server = createServer((request, response) => {
    const answer = answers[`${request.method} ${request.url?.split('?')[0]}`]
    response.writeHead(answer === undefined ? 404 : 200).end(JSON.stringify(answer ?? {}))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  stops.push(() => new Promise((resolve) => server.close(resolve)))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const stack = { url, graph: { url: 'http://graph' } as never, operatorKey: () => 'mbg_~_x_y' }
  const tenant = { tenant: 'demo', adminKey: 'mbg_demo_a_b', appKey: 'mbg_demo_c_d', registrationId: 'r1' }
  const lines = await nextSteps(stack, tenant, 'linux')
  return lines
    .slice(
      0,
      lines.findIndex((line) => line.startsWith('2 ')),
    )
    .join('\n')
}

const command = {
  url: 'http://localhost:7071',
  key: 'mbg_demo_a_b',
  from: 'ana@contoso.example',
  to: 'ben@contoso.example',
}

test('N2: each paste has a key of its own, in a POSIX shell and in PowerShell', () => {
  // In double quotes, or the shell would not replace it.
  expect(curlCommand(command)).toContain('-H "idempotency-key: hello-$(date +%s)"')
  expect(powerShellCommand(command)).toContain(`'idempotency-key' = "hello-$([guid]::NewGuid())"`)
})

test('N3: who was connected in the step before sends, named in the mail', () => {
  for (const text of [curlCommand(command), powerShellCommand(command)])
    expect(JSON.parse(/'(\{.*\})'/.exec(text)?.[1] ?? '')).toEqual({
      mailbox: 'ana@contoso.example',
      to: ['ben@contoso.example'],
      subject: 'Hello',
      text: 'It works.',
    })
})

const mailboxes = [
  { id: 'b0', address: 'ben@contoso.example' },
  { id: 'b1', address: 'ana@contoso.example' },
]
const broken = { class: 'needs-reconnect', mailboxId: 'b1', subject: '' }
const reconnect = { 'POST /api/v1/mailboxes/b1/reconnect': { link: 'http://gw/connect/new' } }

test('N1: a mailbox whose owner must sign in again gets a reconnect link, and says what follows', async () => {
  const byMailbox = {
    'GET /api/v1/mailboxes': { mailboxes, next: null },
    'GET /api/v1/attention': { attention: [broken], next: null },
    ...reconnect,
  }
  const text = await firstStep(byMailbox)
  expect(text).toMatch(/^1 {2}Reconnect Ana +http:\/\/gw\/connect\/new\n/)
  expect(text).toContain('then Ana Torres')
  expect(text).toContain('the gateway sends the mail that waited for her')
  // A card about the whole connection names the person, not the mailbox.
  const byPerson = { ...broken, mailboxId: '', subject: 'ana@contoso.example' }
  expect(await firstStep({ ...byMailbox, 'GET /api/v1/attention': { attention: [byPerson], next: null } })).toContain(
    'Reconnect Ana',
  )
})

test('N1: what is wrong with others, or goes away on its own, is no reason to sign in again', async () => {
  const others = [
    { ...broken, mailboxId: 'b0', subject: 'ben@contoso.example' },
    { ...broken, class: 'transient' },
  ]
  const text = await firstStep({
    'GET /api/v1/mailboxes': { mailboxes, next: null },
    'GET /api/v1/attention': { attention: others, next: null },
    ...reconnect,
  })
  expect(text).toBe('1  Ana is connected      ana@contoso.example, since an earlier start')
})

test('N1: nobody is connected yet: a link, and what one sees then', async () => {
  const link = 'http://gw/connect/first'
  const text = await firstStep({
    'GET /api/v1/mailboxes': { mailboxes: [], next: null },
    'POST /api/v1/sign-ins': { link },
  })
  expect(text).toMatch(/^1 {2}Connect Ana +http:\/\/gw\/connect\/first\n/)
  expect(text).toContain('what was not tested yet')
})
