import { html, type Markup } from '../html.js'
import { consolePage, link, segment, tenantField, type View } from './frame.js'
import { type Pages, pager } from './pager.js'
import { chip, when } from './words.js'

export type LogEntry = Readonly<Record<string, string | number | boolean | undefined>>

export interface LogsView {
  log: 'sending' | 'receiving' | 'audit'
  /** `yyyymmdd`, audit `yyyymm`; empty for today. */
  day: string
  failed: boolean
  mailboxId: string
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
    '/logs',
    `${names[data.log]} log`,
    html`<h1>${names[data.log]} log</h1>
<form class="filters" method="get" action="/console/logs">${tenantField(view)}
<div><label for="log">Log</label><select id="log" name="log">${(['sending', 'receiving', 'audit'] as const).map((one) => option(one, names[one], one === data.log))}</select></div>
<div><label for="day">Day (UTC)</label><input id="day" name="day" type="date" value="${fieldDay(data, view.now)}"></div>
<div><label for="mailbox">Mailbox</label><select id="mailbox" name="mailbox">${option('', 'All', data.mailboxId === '')}${data.mailboxId !== '' && !addresses.has(data.mailboxId) && option(data.mailboxId, data.mailboxId, true)}${data.mailboxes.map((one) => option(one.id, one.address, one.id === data.mailboxId))}</select></div>
<label class="tick"><input type="checkbox" name="failed" value="true"${data.failed ? html` checked` : ''}> Failures only</label>
<button>Show</button></form>
${isAudit && html`<p class="dim">The audit log is shown by month.</p>`}
${data.rows.length === 0 ? html`<div class="card"><p>Nothing ${data.pages.query.has('after') && 'more '}was logged that ${isAudit ? 'month' : 'day'}${data.failed && ' as a failure'}${data.mailboxId !== '' && ' for this mailbox'}. Choose another ${isAudit ? 'month' : 'day'}, or fewer filters.</p></div>` : html`<table><thead><tr><th scope="col">Time</th><th scope="col">What</th><th scope="col">About</th><th scope="col">Words</th></tr></thead><tbody>${data.rows.map((row) => entry(view, row, addresses))}</tbody></table>`}
${pager(view, '/logs', data.pages)}`,
  )
}

function fieldDay(data: LogsView, now: number): string {
  const { day } = data
  if (/^\d{8}$/.test(day)) return `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}`
  return /^\d{6}$/.test(day) ? `${day.slice(0, 4)}-${day.slice(4)}-01` : new Date(now).toISOString().slice(0, 10)
}

const shown = new Set(['at', 'failed', 'state', 'code', 'class', 'action', 'text', 'description', 'remedy', 'reply'])
const alsoShown = new Set(['id', 'peerLine', 'mailId', 'mailboxId', 'tenant'])

function entry(view: View, row: LogEntry, addresses: Map<string, string>): Markup {
  const text = (column: string): string => String(row[column] ?? '')
  const what = text('action') || text('state') || text('code') || (row['failed'] ? 'failed' : 'done')
  const words = text('text') || text('description')
  const reply = text('reply') || text('peerLine')
  const rest = Object.entries(row).filter(
    ([column, value]) => !shown.has(column) && !alsoShown.has(column) && value !== '' && value !== 0,
  )
  return html`<tr><td>${when(text('at'), view.now)}</td>
<td data-name="What">${chip(what, row['failed'] ? 'bad' : 'quiet')}${text('code') !== '' && text('code') !== what && html`<br><span class="dim">${text('code')}</span>`}</td>
<td class="about" data-name="About">${text('mailId') !== '' && html`<a href="${link(view, `/mails/${segment(text('mailId'))}`)}">Mail</a><br>`}${text('mailboxId') !== '' && html`<a href="${link(view, `/mailboxes/${segment(text('mailboxId'))}`)}">${addresses.get(text('mailboxId')) ?? 'Mailbox'}</a><br>`}${rest.map(([column, value]) => html`<span class="dim">${label(column)}: ${String(value)}</span><br>`)}</td>
<td data-name="Words">${words}${text('remedy') !== '' && html`<br><b>What to do:</b> ${text('remedy')}`}${reply !== '' && html`<div class="words">${reply}</div>`}</td></tr>`
}

/** `recipientCount` → `recipient count`. */
const label = (column: string): string => column.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
