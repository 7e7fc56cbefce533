/**
 * Reports in the terminal what fails while `npm start` runs, one line each. A log line of the app says that something
 * failed; the API supplies the text that people also read there: whose mailbox, what happened, what to do, and the page
 * of the console. It reports the same failure once a minute, writes at most twenty lines a minute and counts the rest.
 * The texts of the API and of the error catalogue are bounded and redacted; anything else is redacted here.
 */
import { everyDiagnosis } from '../lib/diagnosis/diagnose.js'
import { redact } from '../lib/diagnosis/redact.js'
import type { ApiClient } from './api-client.js'

export interface NewsSource {
  /** Where the console is. */
  url: string
  /** The API as the operator: for one tenant, `~` for the deployment itself, without one for what belongs to none. */
  api(tenant?: string): ApiClient
  say(line: string): void
  /** Milliseconds since the epoch. */
  now(): number
}

/** One line of the Functions host. */
export interface LogLine {
  level: string
  category: string
  message: string
}

/** What a line is made of: the failure, whose it is, the first sentence of the remedy, where to look. */
interface News {
  /** Two news with one key are the same failure. */
  key: string
  what: string
  who?: string
  code?: string
  remedy?: string
  page?: string
}

type Fields = Record<string, unknown>

interface AttentionEntry {
  tenant: string
  code: string
  class: string
  description: string
  remedy: string
  kind: string
  id: string
  whoActs: string
  subject: string
  mailboxId?: string
}

const quietMs = 60_000
const mostPerMinute = 20

export function terminalNews(source: NewsSource): (line: LogLine) => void {
  const tell = teller(source)
  const known = new Set<string>()
  return (line) => {
    const event = eventOf(line.message)
    if (event !== undefined) void newsOf(event, source, known).then((all) => all.forEach(tell))
    else if (line.level === 'error' || line.level === 'critical') tell(brokenFunction(line))
  }
}

/** The fields of a line that the gateway wrote for machines (`lib/model/telemetry.ts`). */
function eventOf(message: string): Fields | undefined {
  if (!message.startsWith('{"event":')) return undefined
  try {
    return JSON.parse(message) as Fields
  } catch {
    return undefined
  }
}

async function newsOf(event: Fields, source: NewsSource, known: Set<string>): Promise<News[]> {
  const text = (name: string): string => String(event[name] ?? '')
  switch (event['event']) {
    case 'mail-attempt':
      return ['failed', 'unknown', 'waiting'].includes(text('state')) ? [await mailNews(event, source)] : []
    case 'mail-repeated':
      return [
        {
          key: `repeated ${text('mailId')}`,
          what: 'nothing new was sent: this Idempotency-Key already has its mail',
          page: `/console/mails/${text('mailId')}?tenant=${text('tenant')}`,
        },
      ]
    case 'sign-in-refused':
      return [await signInNews(event, source)]
    case 'api-failed':
    case 'page-failed':
    case 'console-failed':
      return [
        {
          key: `${text('event')} ${text('fault')}`,
          what: `a request ended with an internal error of the gateway (${text('fault')}, request ${text('requestId')})`,
          code: text('code'),
        },
      ]
    default:
      return needsLook(event) ? attentionNews(source, known) : []
  }
}

/** Lines after which something may need attention that did not before. */
const needsLook = (event: Fields): boolean =>
  event['level'] !== 'info' || Number(event['failed'] ?? 0) + Number(event['quarantined'] ?? 0) > 0

const stateWords: Record<string, string> = {
  failed: 'mail refused',
  unknown: 'mail may or may not have been sent',
  waiting: 'mail waits',
}

async function mailNews(event: Fields, { api }: NewsSource): Promise<News> {
  const [tenant, mailId, mailboxId] = ['tenant', 'mailId', 'mailboxId'].map((name) => String(event[name] ?? ''))
  const call = api(tenant)
  const mail = await call
    .call<{ lastError: { remedy: string } | null }>('GET', `v1/mails/${mailId}`)
    .catch(() => undefined)
  const mailbox = await call.call<{ address: string }>('GET', `v1/mailboxes/${mailboxId}`).catch(() => undefined)
  return {
    key: `mail ${mailId} ${event['state']} ${event['code']}`,
    what: stateWords[String(event['state'])] ?? '',
    who: mailbox?.address ?? mailboxId ?? '',
    code: String(event['code']),
    remedy: mail?.lastError?.remedy ?? '',
    page: `/console/mails/${mailId}?tenant=${tenant}`,
  }
}

async function signInNews(event: Fields, { api }: NewsSource): Promise<News> {
  const [tenant, signInId] = [String(event['tenant'] ?? ''), String(event['signInId'] ?? '')]
  const signIn = await api(tenant)
    .call<{ address: string }>('GET', `v1/sign-ins/${signInId}`)
    .catch(() => undefined)
  return {
    key: `sign-in ${signInId} ${event['code']}`,
    what: 'sign-in refused',
    who: signIn?.address ?? '',
    code: String(event['code']),
    remedy: remedyOf(String(event['code'])),
    page: `/console/logs?tenant=${tenant}`,
  }
}

/** As the catalogue words it; what is not in there was explained on the page of the sign-in. */
const remedyOf = (code: string): string =>
  everyDiagnosis().find((one) => one.code === code)?.remedy ?? 'The page of the sign-in says what to do.'

/** What needs attention now and did not when it was last looked at. */
async function attentionNews({ api }: NewsSource, known: Set<string>): Promise<News[]> {
  const items = await everyAttention(api)
  const keys = items.map((item) => `${item.tenant} ${item.kind} ${item.id} ${item.code}`)
  const isNew = keys.map((key) => !known.has(key))
  known.clear()
  for (const key of keys) known.add(key)
  return items.flatMap((item, index) => (isNew[index] ? [{ ...itemNews(item), key: `attention ${keys[index]}` }] : []))
}

/** Of the deployment and of every tenant. What waits or was refused in sending was told with the mail it met. */
async function everyAttention(api: NewsSource['api']): Promise<AttentionEntry[]> {
  const items = await api('~')
    .list<AttentionEntry>('attention')
    .catch(() => [])
  return items.filter(({ kind }) => kind !== 'mailbox-send')
}

const itemNews = (item: AttentionEntry): Omit<News, 'key'> => ({
  what: `${item.class === 'transient' ? '' : `${item.whoActs} must act: `}${firstSentence(item.description)}`,
  who: item.subject,
  code: item.code,
  remedy: item.remedy,
  page: (item.mailboxId ?? '') === '' ? '/console' : `/console/mailboxes/${item.mailboxId}?tenant=${item.tenant}`,
})

/** A function threw, or the host itself met a fault: its first line, and the place in the code. */
function brokenFunction({ category, message }: LogLine): News {
  const [first = '', second = '', place = ''] = message.split('\n', 3).map((one) => redact(one))
  const name = category.replace(/^Function\./, '').replace(/\.User$/, '')
  const what = /^Executed '/.test(first) ? `${second} ${place.trim()}` : first
  return { key: `function ${name} ${what}`, what: name === 'Host' ? what : `function ${name} failed: ${what.trim()}` }
}

const firstSentence = (text: string): string => /^.*?[.!?](?=\s|$)/.exec(text)?.[0] ?? text

/** Writes at most `mostPerMinute` lines a minute, each failure once a minute, and says how many it kept back. */
function teller({ url, say, now }: NewsSource): (news: News) => void {
  const toldAt = new Map<string, number>()
  let minute = 0
  let said = 0
  let keptBack = 0
  return ({ key, what, who = '', code = '', remedy = '', page = '' }) => {
    const at = now()
    for (const [old, when] of toldAt) if (at - when >= quietMs) toldAt.delete(old)
    if (toldAt.has(key)) return
    toldAt.set(key, at)
    if (at - minute >= quietMs) {
      if (keptBack > 0) say(`  ! … and ${keptBack} more; all of them: ${url}/console`)
      ;[minute, said, keptBack] = [at, 0, 0]
    }
    if (said >= mostPerMinute) {
      keptBack += 1
      if (keptBack === 1) say(`  ! more failures than fit here; all of them: ${url}/console`)
      return
    }
    said += 1
    const parts = [what, who, code].filter((part) => part !== '').join(' · ')
    const cure = remedy === '' ? '' : ` → ${firstSentence(remedy)}`
    say(`  ! ${oneLine(`${parts}${cure}`)}${page === '' ? '' : `  ${url}${page}`}`)
  }
}

/** Servers' words are in there: one line, no control characters that a terminal would obey. */
const oneLine = (text: string): string =>
  text
    .replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ')
    .trim()
    .slice(0, 400)
