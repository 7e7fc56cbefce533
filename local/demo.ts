/**
 * The whole story, unattended, through the real pages and the real API: connect a mailbox, one that needs an administrator to
 * read, receive, send, a refused send, a reconnect. Each step says what it proves; a failing step says why, and the demo returns false.
 */
import { type ApiClient, apiClient } from './api-client.js'
import { Browser, headingOf, textOf } from './browser.js'
import { demoTenant } from './demo-tenant.js'
import { demo } from './emulators/demo-directory.js'
import { postbox, type Stack } from './stack.js'

type Say = (line: string) => void

interface Story {
  stack: Stack
  app: ApiClient
  admin: ApiClient
  mailboxes: Record<string, string>
  /** Link for the administrator of Ben's organisation. */
  approval?: string
}

const patienceMs = 45_000

export async function playDemo(stack: Stack, say: Say): Promise<boolean> {
  const tenant = await demoTenant(stack)
  const story: Story = {
    stack,
    app: apiClient(stack.url, tenant.appKey),
    admin: apiClient(stack.url, tenant.adminKey),
    mailboxes: {},
  }
  const steps: [string, (story: Story) => Promise<string>][] = [
    ['connect ana@contoso.example with Microsoft, through the real pages', connectMicrosoft],
    [
      'connect ben@contoso.example, who may not approve reading: he sends at once, without an administrator',
      connectBen,
    ],
    ['his administrator opens the approval link: reading starts, and Ben does nothing', approveBen],
    ['connect paula@postbox.example with a password', connectPaula],
    ['receive a mail at Microsoft 365', receiveGraph],
    ['receive a mail over IMAP', receiveImap],
    ['send a mail through Microsoft Graph, once for two requests', sendGraph],
    ['send a mail over SMTP', sendSmtp],
    ['a recipient that does not exist is refused and explained', refusedSend],
    ['revoked sign-in: the mail waits, someone is told who must act', revoked],
    ['reconnect: the gateway sends the waiting mail automatically', reconnect],
  ]
  say('')
  let failed = 0
  for (const [index, [title, play]] of steps.entries()) {
    const started = performance.now()
    try {
      const proof = await play(story)
      say(`  ✓ ${index + 1}/${steps.length} ${title} (${Math.round(performance.now() - started)} ms)`)
      say(`       ${proof}`)
    } catch (error) {
      failed += 1
      say(`  ✗ ${index + 1}/${steps.length} ${title}`)
      say(`       ${error instanceof Error ? error.message : String(error)}`)
      break
    }
  }
  say('')
  say(
    failed === 0
      ? `  The whole story works: ${steps.length} of ${steps.length} steps.`
      : '  The story stopped; see the step above.',
  )
  say('')
  return failed === 0
}

async function connectMicrosoft(story: Story): Promise<string> {
  const html = await connectAna(story.admin)
  story.mailboxes['ana'] = await mailboxOf(story, 'ana@contoso.example')
  return headingOf(html)
}

/** Connects the Microsoft mailbox of the local mode through the real pages; answers with the result page. */
export async function connectAna(admin: ApiClient): Promise<string> {
  const input = { address: 'ana@contoso.example', confirmation: 'confirmed-by-link' }
  const { link } = await admin.call<{ link: string }>('POST', 'v1/sign-ins', input)
  return walkMicrosoft(link)
}

/** Follows a link of Ana's through the real pages and the emulated sign-in; answers with the result page. */
export async function walkMicrosoft(link: string): Promise<string> {
  const browser = new Browser()
  const page = await browser.open(link)
  const signIn = await browser.submit(page, 'Continue with Microsoft')
  const result = await browser.submit(signIn, 'ana@contoso.example', { user: 'ana@contoso.example' })
  if (result.status !== 200)
    throw new Error(`the sign-in ended with ${result.status}: ${textOf(result.html).slice(0, 300)}`)
  return result.html
}

const ben = 'ben@contoso.example'

/** Microsoft stops him, as it does in most organisations; our page offers what he may do himself. */
async function connectBen(story: Story): Promise<string> {
  const input = { address: ben, confirmation: 'confirmed-by-link' }
  const { link } = await story.admin.call<{ link: string }>('POST', 'v1/sign-ins', input)
  const browser = new Browser()
  const signIn = await browser.submit(await browser.open(link), 'Continue with Microsoft')
  const stopped = await browser.submit(signIn, ben, { user: ben })
  const refused = await browser.submit(stopped, 'Return to the application', { back: '1' })
  const again = await browser.submit(refused, 'Connect for sending now')
  const result = await browser.submit(again, ben, { user: ben })
  const approval = /class="link">([^<]+)</.exec(result.html)?.[1]
  if (result.status !== 200 || approval === undefined)
    throw new Error(`the sign-in ended with ${result.status}: ${textOf(result.html).slice(0, 300)}`)
  story.approval = approval
  story.mailboxes['ben'] = await mailboxOf(story, ben)
  const mail = await submit(story, 'ben', 'ana@contoso.example', 'Sent without an administrator', `demo-${Date.now()}`)
  await stateOf(story, mail.id, 'sent')
  return headingOf(result.html)
}

async function approveBen(story: Story): Promise<string> {
  const browser = new Browser()
  const asked = await browser.submit(await browser.open(story.approval ?? ''), 'Continue with Microsoft')
  const [name, tenant] = ['Accept for Contoso', demo.tenantId]
  const who = await browser.submit(asked, name, { tenant })
  const done = await browser.submit(who, 'ana@contoso.example', { user: 'ana@contoso.example' })
  if (done.status !== 200) throw new Error(`the approval ended with ${done.status}: ${textOf(done.html).slice(0, 300)}`)
  await until('Ben’s mailbox reads', async () => {
    const path = `v1/mailboxes/${story.mailboxes['ben']}`
    const { receive } = await story.app.call<{ receive: { transport: string } }>('GET', path)
    return receive.transport === 'graph' ? true : undefined
  })
  const subject = `Order for Ben ${Date.now()}`
  story.stack.directory.deliver(ben, mailText('kim@example.com', ben, subject))
  return received(story, story.mailboxes['ben'] ?? '', subject)
}

async function connectPaula(story: Story): Promise<string> {
  const html = await connectPostbox(story.admin)
  story.mailboxes['paula'] = await mailboxOf(story, postbox.address)
  return headingOf(html)
}

/** Connects the local password mailbox through the real pages; answers with the result page. */
export async function connectPostbox(admin: ApiClient): Promise<string> {
  const input = { address: postbox.address, confirmation: 'confirmed-by-link' }
  const { link } = await admin.call<{ link: string }>('POST', 'v1/sign-ins', input)
  const browser = new Browser()
  const page = await browser.open(link)
  const result = await browser.submit(page, 'type="password"', { password: postbox.password })
  if (result.status !== 200)
    throw new Error(`the password form ended with ${result.status}: ${textOf(result.html).slice(0, 300)}`)
  return result.html
}

async function mailboxOf(story: Story, address: string): Promise<string> {
  const found = await until(`mailbox ${address}`, async () => {
    const mailboxes = await story.app.list<{ id: string; address: string }>('mailboxes')
    return mailboxes.find((mailbox) => mailbox.address === address)
  })
  return found.id
}

async function receiveGraph(story: Story): Promise<string> {
  const subject = `Order ${Date.now()}`
  story.stack.directory.deliver('ana@contoso.example', mailText('ben@contoso.example', 'ana@contoso.example', subject))
  return received(story, story.mailboxes['ana'] ?? '', subject)
}

async function receiveImap(story: Story): Promise<string> {
  const subject = `Parcel ${Date.now()}`
  story.stack.imap.deliver(postbox.address, mailText('shop@example.org', postbox.address, subject))
  return received(story, story.mailboxes['paula'] ?? '', subject)
}

const mailText = (from: string, to: string, subject: string): string =>
  [
    `From: ${from}`,
    `To: ${to}`,
    `Subject: ${subject}`,
    `Date: ${new Date().toUTCString()}`,
    `Message-ID: <${Date.now()}.${Math.random()}@demo.example>`,
    '',
    'Hello from the demo.',
    '',
  ].join('\r\n')

async function received(story: Story, mailbox: string, subject: string): Promise<string> {
  await story.app.call('POST', `v1/mailboxes/${mailbox}/poll`)
  const mail = await until(`"${subject}" received`, async () => {
    const list = await story.app.call<{ mails?: { id: string }[] } | { id: string }[]>(
      'GET',
      `v1/mailboxes/${mailbox}/received`,
    )
    for (const one of Array.isArray(list) ? list : (list.mails ?? [])) {
      const read = await story.app.call<{ parsed: { subject?: string } }>(
        'GET',
        `v1/mailboxes/${mailbox}/received/${one.id}`,
      )
      if (read.parsed.subject === subject) return read.parsed
    }
    return undefined
  })
  return `"${mail.subject}" arrived, stored and told to the app`
}

interface MailFacts {
  id: string
  state: string
  created?: boolean
  history?: { code: string; text: string; remedy: string }[]
}

/** From one of the story's own mailboxes. */
async function submit(story: Story, from: string, to: string, subject: string, key: string): Promise<MailFacts> {
  return story.app.call(
    'POST',
    'v1/mails',
    { mailboxId: story.mailboxes[from] ?? '', to: [to], subject, text: 'Sent by the demo.' },
    { 'idempotency-key': key },
  )
}

const stateOf = (story: Story, id: string, wanted: string): Promise<MailFacts> =>
  until(`mail ${id} is ${wanted}`, async () => {
    const mail = await story.app.call<MailFacts>('GET', `v1/mails/${id}`)
    if (mail.state === wanted) return mail
    if (['failed', 'unknown', 'cancelled'].includes(mail.state))
      throw new Error(`the mail is ${mail.state}: ${JSON.stringify(mail.history?.at(-1) ?? {})}`)
    return undefined
  })

async function sendGraph(story: Story): Promise<string> {
  const key = `demo-${Date.now()}`
  const first = await submit(story, 'ana', 'ben@contoso.example', 'Your invoice', key)
  const second = await submit(story, 'ana', 'ben@contoso.example', 'Your invoice', key)
  if (first.id !== second.id) throw new Error('the same Idempotency-Key made two mails')
  await stateOf(story, first.id, 'sent')
  return `sent once as ${first.id}; the repeated request got the same mail`
}

async function sendSmtp(story: Story): Promise<string> {
  const mail = await submit(story, 'paula', 'ben@contoso.example', 'Hello over SMTP', `demo-smtp-${Date.now()}`)
  await stateOf(story, mail.id, 'sent')
  return `sent as ${mail.id}`
}

async function refusedSend(story: Story): Promise<string> {
  const mail = await submit(story, 'paula', 'unknown@nowhere.example', 'Nobody home', `demo-refused-${Date.now()}`)
  const failed = await until('the refusal', async () => {
    const now = await story.app.call<MailFacts>('GET', `v1/mails/${mail.id}`)
    return now.state === 'failed' ? now : undefined
  })
  const last = failed.history?.at(-1)
  return `failed with ${last?.code}: ${last?.text} → ${last?.remedy}`
}

async function revoked(story: Story): Promise<string> {
  story.stack.entra.control.revoke({ upn: 'ana@contoso.example', accessTokens: true })
  const mail = await submit(story, 'ana', 'ben@contoso.example', 'Waiting for you', `demo-revoked-${Date.now()}`)
  story.mailboxes['waiting'] = mail.id
  // One refusal may be a bad moment of the provider and puts the mail off; the second one decides. Somebody who asks has it now.
  await stateOf(story, mail.id, 'waiting')
  const { send } = await story.app.call<{ send: { connectionId: string } }>(
    'GET',
    `v1/mailboxes/${story.mailboxes['ana']}`,
  )
  await story.admin.call('POST', `v1/connections/${send.connectionId}/retry`)
  const item = await until('attention', async () => {
    const list = await story.app.list<{ whoActs: string; class: string; description: string; remedy: string }>(
      'attention',
    )
    return list.find((one) => one.class === 'needs-reconnect')
  })
  return `${item.whoActs} must act: ${item.description} → ${item.remedy}`
}

async function reconnect(story: Story): Promise<string> {
  const { link } = await story.admin.call<{ link: string }>('POST', `v1/mailboxes/${story.mailboxes['ana']}/reconnect`)
  await walkMicrosoft(link)
  const mail = await stateOf(story, story.mailboxes['waiting'] ?? '', 'sent')
  return `the waiting mail ${mail.id} was sent after the reconnect`
}

/** Asks until there is an answer; the demo has no events of its own to wait for. */
async function until<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
  const end = performance.now() + patienceMs
  while (performance.now() < end) {
    const answer = await ask()
    if (answer !== undefined) return answer
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  throw new Error(`${what}: not within ${patienceMs / 1000} s`)
}
