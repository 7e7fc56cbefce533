import type { Mail, MailAttempt } from '../../model/mail.js'
import { actionButton, consolePage, link, segment, tenantField, type View } from './frame.js'
import { html, type Markup } from './markup.js'
import { actorOf, chip, mailState, size, when } from './words.js'

export type MailEntry = Pick<
  Mail,
  'id' | 'mailboxId' | 'state' | 'held' | 'from' | 'recipients' | 'attempts' | 'history' | 'acceptedAt'
> & {
  /** ISO dates; empty for none. */
  notBefore: string
  deadline: string
}

export type MailDetails = MailEntry &
  Pick<Mail, 'refused' | 'delivered' | 'messageId' | 'bytes' | 'finalAt' | 'whenUnknown'>

export interface MailboxName {
  id: string
  address: string
}

export interface MailsView {
  mails: readonly MailEntry[]
  mailboxes: readonly MailboxName[]
  mailboxId: string
  includeDone: boolean
  limit: number
}

export function mailsPage(view: View, data: MailsView): string {
  const addresses = new Map(data.mailboxes.map((one) => [one.id, one.address]))
  return consolePage(
    view,
    '/mails',
    'Mails',
    html`<h1>${data.includeDone ? 'Open and finished mail' : 'Open mail'}</h1>
<form class="filters" method="get" action="/console/mails">${tenantField(view)}
<div><label for="mailbox">Mailbox</label><select id="mailbox" name="mailbox"><option value="">All</option>${data.mailboxes.map((one) => html`<option value="${one.id}"${one.id === data.mailboxId ? html` selected` : ''}>${one.address}</option>`)}</select></div>
<label class="tick"><input type="checkbox" name="done" value="true"${data.includeDone ? html` checked` : ''}> Also finished today</label>
<button>Show</button></form>
${data.mails.length === 0 ? empty(data) : table(view, data.mails, addresses)}
${data.mails.length >= data.limit && html`<p class="dim">The first ${data.limit} are shown. Choose a mailbox to see fewer.</p>`}`,
  )
}

function empty(data: MailsView): Markup {
  return html`<div class="card"><p>${data.includeDone ? 'No mail open or finished today.' : 'No mail is waiting: everything accepted has been sent, failed or cancelled.'} ${!data.includeDone && 'Tick "Also finished today" to see what happened to it, or look at the sending log.'}</p></div>`
}

function table(view: View, mails: readonly MailEntry[], addresses: Map<string, string>): Markup {
  return html`<table><thead><tr><th scope="col">Mail</th><th scope="col">State</th><th scope="col">Attempts and last error</th><th scope="col">Next attempt</th><th scope="col">Actions</th></tr></thead><tbody>${mails.map(
    (
      mail,
    ) => html`<tr><td><a href="${link(view, `/mails/${segment(mail.id)}`)}">To ${recipients(mail.recipients)}</a><br><span class="dim">from ${mail.from} · ${addresses.get(mail.mailboxId) ?? mail.mailboxId}</span><br><span class="dim">accepted ${when(mail.acceptedAt, view.now)}</span></td>
<td data-name="State">${mailState(mail)}</td><td data-name="Attempts and last error">${lastError(mail)}</td><td data-name="Next attempt">${next(view, mail)}</td><td><div class="row">${mailActions(view, mail)}</div></td></tr>`,
  )}</tbody></table>`
}

function recipients(all: readonly string[]): string {
  return all.length <= 2 ? all.join(', ') : `${all.slice(0, 2).join(', ')} and ${all.length - 2} more`
}

function lastError(mail: MailEntry): Markup {
  const last = mail.history.at(-1)
  if (last === undefined) return html`${mail.attempts}, none yet`
  if (last.code === 'sent') return html`${mail.attempts}, sent`
  return html`${mail.attempts} · ${last.text}${last.remedy !== '' && html`<br><b>What to do:</b> ${last.remedy}`}${actorOf(last.class) !== '' && html`<br><span class="dim">Acts: ${actorOf(last.class)}</span>`}`
}

/** Their mail waits at a closed gate, whatever time stands in its row. */
const someoneActs = new Set(['needs-reconnect', 'needs-admin'])

function next(view: View, mail: MailEntry): Markup {
  if (mail.held) return html`when released`
  const actor = someoneActs.has(mail.history.at(-1)?.class ?? '') ? actorOf(mail.history.at(-1)?.class ?? '') : ''
  if (mail.state === 'waiting' && actor !== '') return html`after the ${actor.toLowerCase()} acted`
  if (mail.state === 'waiting' || mail.state === 'queued')
    return !(Date.parse(mail.notBefore) > view.now)
      ? html`as soon as the mailbox is free`
      : when(mail.notBefore, view.now)
  if (mail.state === 'unknown') return html`after your decision`
  return mail.state === 'sending' || mail.state === 'handing-over' ? html`in progress` : html`none`
}

/** Only what the state allows: release held mail, retry what waits or failed, cancel what has not left, decide the unknown. */
export function mailActions(view: View, mail: Pick<MailEntry, 'id' | 'state' | 'held'>): Markup {
  const path = `/mails/${segment(mail.id)}`
  const waits = mail.state === 'queued' || mail.state === 'waiting'
  return html`${mail.held && waits && view.may('mailRelease') && actionButton(view, `${path}/release`, 'Release')}${((mail.state === 'waiting' && !mail.held) || mail.state === 'failed') && view.may('mailRetry') && actionButton(view, `${path}/retry`, 'Try now')}${waits && view.may('mailCancel') && actionButton(view, `${path}/cancel`, 'Cancel', {}, true)}${mail.state === 'unknown' && html`<a class="button" href="${link(view, path)}#decide">Decide</a>`}`
}

export function mailPage(view: View, mail: MailDetails, mailboxAddress: string): string {
  return consolePage(
    view,
    '/mails',
    'Mail',
    html`<h1>Mail to ${recipients(mail.recipients)}</h1>
<p class="row">${mailState(mail)}<span>next attempt: ${next(view, mail)}</span></p>
${mail.state === 'unknown' ? decide(view, mail) : html`<div class="row">${mailActions(view, mail)}</div>`}
<h2>Attempts</h2>
${mail.history.length === 0 ? html`<div class="card"><p>No attempt yet. ${mail.held ? 'The mail is held: release it to send it.' : 'It is sent as soon as its mailbox is free.'}</p></div>` : html`${mail.attempts > mail.history.length && html`<p class="dim">The last ${mail.history.length} of ${mail.attempts}.</p>`}<ol class="time">${mail.history.toReversed().map((one) => attempt(view, one))}</ol>`}
<h2>Facts</h2>
<dl><dt>From</dt><dd>${mail.from}</dd><dt>To</dt><dd>${mail.recipients.join(', ')}</dd>
${mail.refused.length > 0 && html`<dt>Refused for good</dt><dd>${mail.refused.map((one) => html`<p>${one.address} <span class="dim">(${one.code})</span></p><div class="words">${one.reply}</div>`)}</dd>`}
${mail.delivered.length > 0 && html`<dt>Accepted by the server</dt><dd>${mail.delivered.join(', ')}</dd>`}
<dt>Mailbox</dt><dd><a href="${link(view, `/mailboxes/${segment(mail.mailboxId)}`)}">${mailboxAddress}</a></dd>
<dt>Accepted</dt><dd>${when(mail.acceptedAt, view.now)}</dd>${mail.finalAt === '' ? html`<dt>Given up after</dt><dd>${when(mail.deadline, view.now, 'no deadline')}</dd>` : html`<dt>Finished</dt><dd>${when(mail.finalAt, view.now)}</dd>`}
<dt>Size</dt><dd>${size(mail.bytes)}</dd><dt>Message-ID</dt><dd>${mail.messageId}</dd><dt>Id</dt><dd>${mail.id}</dd></dl>`,
  )
}

function attempt(view: View, one: MailAttempt): Markup {
  const actor = actorOf(one.class)
  return html`<li class="card"><h3>${when(one.at, view.now)}</h3><p class="row">${one.code === 'sent' ? chip('sent', 'good') : chip(one.code, 'bad')}${one.code !== 'sent' && actor !== '' && html`<span>Acts: ${actor}</span>`}</p>
${one.text !== '' && html`<p>${one.text}</p>`}${one.remedy !== '' && html`<p><b>What to do:</b> ${one.remedy}</p>`}${one.reply !== '' && html`<p class="dim">The server's words</p><div class="words">${one.reply}</div>`}</li>`
}

function decide(view: View, mail: MailDetails): Markup {
  const path = `/mails/${segment(mail.id)}/resolve`
  return html`<section class="card alert" id="decide"><h2>Decide: did it leave?</h2>
<p>The connection broke while the mail was handed over; nobody can tell whether the server took it. Look into the folder Sent of the mailbox or ask the recipient, then say which it is.</p>
${view.may('mailResolve') && html`<div class="row">${actionButton(view, path, 'It was sent', { outcome: 'sent' })}${actionButton(view, path, 'It was not sent: give up', { outcome: 'not-sent' }, true)}${actionButton(view, path, 'Send again (may arrive twice)', { outcome: 'resend' }, true)}</div>`}</section>`
}
