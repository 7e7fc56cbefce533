import { readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { Browser } from '../../local/browser.js'
import { type DemoTenant, demoTenant } from '../../local/demo-tenant.js'
import { type Stack, startStack } from '../../local/stack.js'
import { clientTypes, compileClient } from '../support/package/typed-client.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
// Inside the repository, so that the packages are found.
const folder = `${root}dist/typed-client`
const patient = { timeout: 60_000, interval: 200 }

const withField = (field: string) => `import { gatewayAt, type MailSubmission } from './typed-client.js'
export const gateway = gatewayAt('http://localhost:7071', 'mbg_demo_x')
// @ts-expect-error
export const body: MailSubmission = { to: ['ben@contoso.example'], ${field}: 'Hello' }
`

// biome-ignore lint/suspicious/noExplicitAny: its types exist in the folder where it is compiled
type Compiled = any

let said: string
let stack: Stack
let tenant: DemoTenant
let app: Server
let self: string
let client: Compiled
const events: Compiled[] = []
let signingKey = ''

describe('D1: a client with types made from docs/openapi.json', () => {
  beforeAll(async () => {
    const types = await clientTypes(folder)
    said = await compileClient(folder, types, { 'wrong.ts': withField('subjct'), 'right.ts': withField('subject') })
    client = await import(pathToFileURL(`${folder}/typed-client.js`).href)
    stack = await startStack({ root })
    tenant = await demoTenant(stack)
    app = createServer(async (request, response) => {
      let body = ''
      for await (const chunk of request) body += chunk
      const event = client.eventOf(request.headers, body, signingKey)
      if (event !== undefined) events.push(event)
      response.end('Welcome back.')
    })
    await new Promise<void>((listening) => app.listen(0, '127.0.0.1', listening))
    self = `http://127.0.0.1:${(app.address() as AddressInfo).port}`
  }, 240_000)

  afterAll(async () => {
    app?.close()
    await stack?.stop()
    rmSync(folder, { recursive: true, force: true })
  }, 30_000)

  test('D1: it compiles in strict mode without any, cast or assertion; a field the API does not have does not', () => {
    // Where the field is right the remark stands for no error, which tsc says: the only thing it has to say.
    expect(said.trim()).toMatch(/^\S*right\.ts\(3,1\): error TS2578[^\n]*$/)
    const code = readFileSync(`${root}docs/examples/typed-client.ts`, 'utf8').replace(/\/\*[\s\S]*?\*\//g, '')
    expect(code).not.toMatch(/\bany\b|\bas \w|@ts-|[\w)\]]!(?!=)/)
  })

  test('D1: it connects, submits once, finds, holds, cancels, hears events, reads mail and shows problems', async () => {
    const gateway = client.gatewayAt(stack.url, tenant.adminKey)
    signingKey = await client.setUp(gateway, self)
    const binding = 'a'.repeat(32)
    const { link } = await client.beginConnect(gateway, 'ana@contoso.example', self, binding)
    const browser = new Browser()
    const signIn = await browser.submit(await browser.open(link), 'Continue with Microsoft')
    const back = await browser.submit(signIn, 'ana@contoso.example', { user: 'ana@contoso.example' })
    const result = new URL(back.url).searchParams.get('result')
    const mailboxId = await client.finishConnect(gateway, result, binding)

    const mail = await client.sendInvoice(gateway, mailboxId, '4711', 'ben@contoso.example')
    expect(mail).toMatchObject({ created: true })
    expect(await client.sendInvoice(gateway, mailboxId, '4711', 'ben@contoso.example')).toMatchObject({
      id: mail.id,
      created: false,
    })
    await vi.waitFor(
      async () => expect(await client.readMail(gateway, mail.id)).toMatchObject({ state: 'sent' }),
      patient,
    )
    expect(await client.mailsOfInvoice(gateway, '4711')).toMatchObject([{ id: mail.id, metadata: { invoice: '4711' } }])

    const [first, second] = [
      await client.sendHeld(gateway, mailboxId, 'ben@contoso.example'),
      await client.sendHeld(gateway, mailboxId, 'ben@contoso.example'),
    ]
    expect(await client.release(gateway, first.id)).toMatchObject({ held: false })
    expect(await client.cancel(gateway, second.id)).toMatchObject({ state: 'cancelled' })

    stack.directory.deliver('ana@contoso.example', withAttachment)
    await gateway.POST('/api/v1/mailboxes/{id}/poll', { params: { path: { id: mailboxId } } })
    await vi.waitFor(() => expect(events.map(({ type }) => type)).toContain('mail.received'), patient)
    await vi.waitFor(() => expect(events.map(client.lineAbout).join()).toContain(`sent: ${mail.id} after 1 `), patient)
    const { data } = events.find(({ type }) => type === 'mail.received')
    const { parsed } = await client.readReceived(gateway, mailboxId, data.receivedId)
    expect(parsed.attachments).toMatchObject([{ index: 0, filename: 'note.txt', type: 'text/plain' }])
    const bytes = await client.downloadAttachment(gateway, mailboxId, data.receivedId, 0)
    expect(bytes.toString().trim()).toBe('paid')

    await expect(client.sendInvoice(gateway, mailboxId, '4712', 'nobody')).rejects.toMatchObject({
      problem: { code: 'invalid_input', class: 'permanent', problems: [{ field: 'to[0]' }] },
    })
  }, 240_000)
})

const withAttachment = [
  'From: ben@contoso.example',
  'To: ana@contoso.example',
  'Subject: Re: Invoice 4711',
  'Message-ID: <paid@contoso.example>',
  'MIME-Version: 1.0',
  'Content-Type: multipart/mixed; boundary=b',
  '',
  '--b',
  'Content-Type: text/plain',
  '',
  'See the note.',
  '--b',
  'Content-Type: text/plain; name=note.txt',
  'Content-Disposition: attachment; filename=note.txt',
  '',
  'paid',
  '--b--',
  '',
].join('\r\n')
