import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Browser } from '../../local/browser.js'
import { type DemoTenant, demoTenant } from '../../local/demo-tenant.js'
import { demo } from '../../local/emulators/demo-directory.js'
import { type Stack, startStack } from '../../local/stack.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const page = readFileSync(`${root}/docs/emulators.md`, 'utf8')
const commands = [...page.matchAll(/^```sh\n([\s\S]*?)^```/gm)].flatMap(([, block = '']) =>
  block.split('\n').filter((line) => line !== ''),
)
let stack: Stack
let tenant: DemoTenant

beforeAll(async () => {
  stack = await startStack({ root })
  tenant = await demoTenant(stack)
}, 120_000)

afterAll(() => stack?.stop(), 30_000)

/** Runs the page's commands that contain `mark`, at the ports of this stack; the answers of the API and the emulators. */
async function run(mark: string, variables: Record<string, string> = {}): Promise<Record<string, unknown>[]> {
  const discovery = new URL(stack.settings['DNS_RESOLVER_URL'] ?? '').origin
  const answers: Record<string, unknown>[] = []
  for (const command of commands.filter((one) => one.includes(mark))) {
    const here = command
      .replaceAll('http://localhost:7071', stack.url)
      .replaceAll('http://127.0.0.1:7072', stack.entra.url)
      .replaceAll('http://127.0.0.1:7073', stack.graph.url)
      .replaceAll('http://127.0.0.1:7077', discovery)
    const env = { ...process.env, KEY: tenant.adminKey, ...variables }
    const { stdout } = await promisify(execFile)('bash', ['-c', here], { env })
    answers.push(JSON.parse(stdout))
  }
  expect(answers.length, mark).toBeGreaterThan(0)
  return answers
}

test('N6: the commands of docs/emulators.md order what the page says', async () => {
  expect(commands.length).toBeGreaterThan(8)
  expect((await run('/v1/sign-ins -H'))[0]).toMatchObject({ link: expect.stringContaining('/connect/') })
  expect((await run('7072/__control'))[0]).toHaveProperty('counters')
  expect(stack.directory.tenant('contoso.example')).toMatchObject({ consentPolicy: 'legacy' })
  expect(stack.directory.tenant('fabrikam.example')?.assigned).toEqual(['fay@fabrikam.example'])
  expect([...stack.directory.consents.keys()].some((key) => key.endsWith(`tenant:${demo.defaultTenantId}`))).toBe(true)
  await run('7073/__control')
  const inbox = stack.directory.mailbox(stack.directory.user('ana@contoso.example')!)
  expect(inbox.in(inbox.folder('inbox')!)).toHaveLength(1)
  const before = stack.imap.store.folder('paula@postbox.example', 'INBOX')?.uidValidity
  await run('/imap/__control')
  const folder = stack.imap.store.folder('paula@postbox.example', 'INBOX')
  expect(folder?.messages).toHaveLength(1)
  expect(folder?.uidValidity).not.toBe(before)
  expect((await run('/smtp/__control'))[0]).toMatchObject({ counters: { mails: 0 } })
  expect(stack.smtp.control.of('rcpt-to', 'ben@contoso.example')).toMatchObject({ code: 451 })
})

test('N6: an order nobody knows is refused, and reading changes nothing', async () => {
  const discovery = new URL(stack.settings['DNS_RESOLVER_URL'] ?? '').origin
  const unknown = await fetch(`${discovery}/imap/__control`, { method: 'POST', body: '{"explode":1}' })
  expect([unknown.status, await unknown.json()]).toEqual([400, { error: 'No control is called explode' }])
  const seen = await fetch(`${discovery}/smtp/__control?requests`)
  expect(await seen.json()).toMatchObject({ counters: {}, requests: [] })
  expect((await fetch(`${discovery}/pop3/__control`)).status).toBe(404)
})

test('N9: app-only is tried with the commands of the page alone', async () => {
  const [started] = await run('/v1/admin-consents')
  const browser = new Browser()
  const opened = await browser.open(String(started?.['link']))
  const consent = await browser.submit(opened, 'Continue with Microsoft')
  const allowed = await browser.submit(consent, 'Accept for Contoso', { tenant: demo.tenantId })
  const accepted = await browser.submit(allowed, 'ana@contoso.example', { user: 'ana@contoso.example' })
  expect(accepted.status).toBe(200)
  const [who, confirmed] = await run('$SIGN_IN', { SIGN_IN: String(started?.['signInId']) })
  expect(who).toMatchObject({ status: 'signed-in' })
  const [mailbox] = await run('$CONNECTION', { CONNECTION: String(confirmed?.['connectionId']) })
  expect(mailbox).toMatchObject({
    address: 'ben@contoso.example',
    verdicts: { reading: { verdict: 'works' }, sending: { verdict: 'not-tested' } },
  })
})
