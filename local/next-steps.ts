/**
 * What a person can do right now, in one story about one person: Ana, whose mailbox is at the emulated Microsoft 365.
 * It is computed at every start, so that each step works when it is read: a mailbox that is already connected is not
 * connected again, one whose owner must sign in again gets a new link, and the command that sends creates a new
 * Idempotency-Key each time it is pasted. Each step says what one sees afterwards, and where.
 */
import { type ApiClient, apiClient } from './api-client.js'
import type { DemoTenant } from './demo-tenant.js'
import type { Stack } from './stack.js'

export const ana = 'ana@contoso.example'
const ben = 'ben@contoso.example'

interface Mailbox {
  id: string
  address: string
}

/**
 * Ten lines or so, without indentation. `platform` as in `process.platform`: Windows also gets a command for
 * PowerShell.
 */
export async function nextSteps(
  stack: Pick<Stack, 'url' | 'graph' | 'operatorKey'>,
  tenant: DemoTenant,
  platform: string,
): Promise<string[]> {
  const { url, graph } = stack
  const send = { url, key: tenant.appKey, from: ana, to: ben }
  return [
    ...(await connectStep(apiClient(url, tenant.adminKey))),
    '2  Send as Ana           paste this as often as you like; each time is a new mail',
    `   ${curlCommand(send)}`,
    ...(platform === 'win32' ? ['   in PowerShell:', `   ${powerShellCommand(send)}`] : []),
    '   you see               "state":"queued", and the id of the mail',
    `3  Read it as Ben        ${graph.url}/mail/${ben}`,
    '   you see               "Hello" from ana@contoso.example within seconds; open it, and reply as Ben',
    '                         the gateway receives the reply: console, Logs, Receiving',
    `4  Look behind it        ${url}/console?tenant=${tenant.tenant}`,
    `                         operator key ${stack.operatorKey()}`,
    '   you see               her mailbox, each mail with its attempts, what is broken and who must act',
    `5  Run an application    GATEWAY_URL=${url} GATEWAY_KEY=${tenant.adminKey} node docs/examples/app.mjs`,
    '6  See it fail           docs/emulators.md: accounts that are throttled, revoked, blocked, and a password mailbox;',
    '                         this terminal reports what fails, one line each',
  ]
}

async function connectStep(admin: ApiClient): Promise<string[]> {
  const mailboxes = await admin.list<Mailbox>('mailboxes')
  const mailbox = mailboxes.find((one) => one.address === ana)
  const steps = ['                         choose "Continue with Microsoft", then Ana Torres']
  if (mailbox === undefined) {
    const input = { address: ana, confirmation: 'confirmed-by-link' }
    const { link } = await admin.call<{ link: string }>('POST', 'v1/sign-ins', input)
    const seen = `   you see               ${ana} is connected, what works, and what was not tested yet`
    return [`1  Connect Ana           ${link}`, ...steps, seen]
  }
  const items = await admin.list<{ class: string; mailboxId: string; subject: string }>('attention')
  const isHers = (item: { mailboxId: string; subject: string }): boolean =>
    item.mailboxId === mailbox.id || item.subject === ana
  if (!items.some((item) => item.class === 'needs-reconnect' && isHers(item)))
    return [`1  Ana is connected      ${ana}, since an earlier start`]
  const { link } = await admin.call<{ link: string }>('POST', `v1/mailboxes/${mailbox.id}/reconnect`)
  return [
    `1  Reconnect Ana         ${link}`,
    ...steps,
    '   you see               the gateway sends the mail that waited for her',
  ]
}

interface SendCommand {
  url: string
  /** API key of the role `app`. */
  key: string
  from: string
  to: string
}

const mailOf = ({ from, to }: SendCommand): string =>
  JSON.stringify({ mailbox: from, to: [to], subject: 'Hello', text: 'It works.' })

/** For bash, zsh and other POSIX shells. The key changes with the second: the same mail pasted twice is two mails. */
export const curlCommand = (command: SendCommand): string =>
  `curl -s ${command.url}/api/v1/mails -H 'authorization: Bearer ${command.key}' -H 'content-type: application/json' -H "idempotency-key: hello-$(date +%s)" -d '${mailOf(command)}'`

/** For PowerShell, whose own `curl` is another program. */
export const powerShellCommand = (command: SendCommand): string =>
  `Invoke-RestMethod ${command.url}/api/v1/mails -Method Post -ContentType application/json -Headers @{ authorization = 'Bearer ${command.key}'; 'idempotency-key' = "hello-$([guid]::NewGuid())" } -Body '${mailOf(command)}'`
