import { html, type Markup } from '../html.js'
import { consolePage, link, segment, tenantField, type View } from './frame.js'
import { type Pages, pager } from './pager.js'
import { chip, exactly } from './words.js'

export type LogEntry = Readonly<Record<string, string | number | boolean | undefined>>

export interface LogsView {
  log: 'sending' | 'receiving' | 'audit'
  /** `yyyymmdd`, audit `yyyymm`; empty for today. */
  day: string
  failed: boolean
  mailboxId: string
  /** Of a refused sign-in, as its page shows it; empty: all. */
  requestId: string
  rows: readonly LogEntry[]
  /** To choose one from, and to name those of the rows. */
  mailboxes: readonly { id: string; address: string }[]
  pages: Pages
}

const names = { sending: 'Sending', receiving: 'Receiving', audit: 'Audit' } as const

export function logsPage(view: View, data: LogsView): string {
  const addresses = new Map(data.mailboxes.map((one) => [one.id, one.address]))
  const isAudit = data.log === 'audit'
  const option = (value: string, text: string, chosen: boolean): Markup =>
    html`<option value="${value}"${chosen ? html` selected` : ''}>${text}</option>`
  return consolePage(
    view,
    { current: '/logs', title: `${names[data.log]} log` },
    html`<h1>${names[data.log]} log</h1>
<form class="filters" method="get" action="/console/logs">${tenantField(view)}
<div><label for="log">Log</label><select id="log" name="log">${(['sending', 'receiving', 'audit'] as const).map((one) => option(one, names[one], one === data.log))}</select></div>
<div><label for="day">Day (UTC)</label><input id="day" name="day" type="date" value="${fieldDay(data, view.now)}"></div>
<div><label for="mailbox">Mailbox</label><select id="mailbox" name="mailbox">${option('', 'All', data.mailboxId === '')}${data.mailboxId !== '' && !addresses.has(data.mailboxId) && option(data.mailboxId, data.mailboxId, true)}${data.mailboxes.map((one) => option(one.id, one.address, one.id === data.mailboxId))}</select></div>
<div><label for="request">Request id</label><input id="request" name="request" size="28" maxlength="40" value="${data.requestId}" placeholder="of a refused sign-in"></div>
<label class="tick"><input type="checkbox" name="failed" value="true"${data.failed ? html` checked` : ''}> Failures only</label>
<button>Show</button></form>
${isAudit && html`<p class="dim">The audit log is shown by month.</p>`}
${data.rows.length === 0 ? html`<div class="card"><p>Nothing ${data.pages.query.has('after') && 'more '}was logged on that ${isAudit ? 'month' : 'day'}${data.failed && ' as a failure'}${data.mailboxId !== '' && ' for this mailbox'}${data.requestId !== '' && ' with this request id'}. Choose another ${isAudit ? 'month' : 'day'}, or fewer filters.</p></div>` : html`<table><thead><tr><th scope="col">Time</th><th scope="col">Event</th><th scope="col">About</th><th scope="col">Details</th></tr></thead><tbody>${data.rows.map((row) => entry(view, row, addresses))}</tbody></table>`}
${pager(view, '/logs', data.pages)}`,
  )
}

function fieldDay(data: LogsView, now: number): string {
  const { day } = data
  if (/^\d{8}$/.test(day)) return `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}`
  return /^\d{6}$/.test(day) ? `${day.slice(0, 4)}-${day.slice(4)}-01` : new Date(now).toISOString().slice(0, 10)
}

/** What a row says beside its time, outcome, mail, mailbox and words, in plain names; ids of rows stay in the API. */
const named = new Map([
  ['attempt', 'attempt'],
  ['attempts', 'attempts'],
  ['recipients', 'to'],
  ['recipientCount', 'recipients'],
  ['refusedCount', 'recipients refused'],
  ['handedOver', 'mails received'],
  ['quarantined', 'mails in quarantine'],
  ['duplicates', 'mails already known'],
  ['resynced', 'position found again'],
  ['failures', 'consecutive failures'],
  ['subject', 'about'],
  ['role', 'role'],
  ['keyId', 'API key'],
  ['revocation', 'authority at the provider'],
  ['allowed', 'allowed to change'],
  ['changes', 'may change'],
  ['endpointId', 'webhook'],
  ['receivedId', 'received mail'],
  ['messageId', 'queue message'],
  ['requestId', 'request id'],
  ['trace', 'ids at the provider'],
])

const outcomes = new Map([
  ['handing-over', 'handing over'],
  ['event-dropped', 'event dropped'],
  ['not-imported', 'not imported'],
  ['set-aside', 'set aside, to be retried'],
  ['gone', 'removed before it was read'],
  ['resynced', 'position found again'],
  ['waiting', 'waiting for next attempt'],
  ['unknown', 'outcome unknown'],
])

/** `console-test-mail` → `test mail (console)`. */
const words = (name: string): string =>
  outcomes.get(name) ?? (name.startsWith('console-') ? `${name.slice(8)} (console)` : name).replaceAll(/[-_]/g, ' ')

function entry(view: View, row: LogEntry, addresses: Map<string, string>): Markup {
  const text = (column: string): string => String(row[column] ?? '')
  const what = text('action') || text('state') || text('outcome') || (row['failed'] ? 'failed' : 'done')
  const said = text('text') || text('description')
  const reply = text('reply') || text('peerLine')
  const rest = [...named].filter(([column]) => !['', '0', 'false'].includes(text(column)))
  const value = (column: string): string => (text(column) === 'true' ? 'yes' : text(column))
  return html`<tr><td>${exactly(text('at'), view.now)}</td>
<td data-name="Event">${chip(words(what), row['failed'] ? 'bad' : 'quiet')}${!['', what, 'sent'].includes(text('code')) && html`<br><span class="dim">Code ${text('code')}</span>`}</td>
<td class="about" data-name="About">${text('mailId') !== '' && html`<a href="${link(view, `/mails/${segment(text('mailId'))}`)}">Mail</a><br>`}${text('mailboxId') !== '' && html`<a href="${link(view, `/mailboxes/${segment(text('mailboxId'))}`)}">${addresses.get(text('mailboxId')) ?? 'Mailbox'}</a><br>`}${rest.map(([column, name]) => html`<span class="dim">${name}: ${value(column)}</span><br>`)}</td>
<td data-name="Details">${said}${text('remedy') !== '' && html`<br><b>What to do:</b> ${text('remedy')}`}${reply !== '' && html`<div class="words">${reply}</div>`}</td></tr>`
}
