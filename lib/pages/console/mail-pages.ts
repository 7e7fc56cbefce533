import type { Mail, MailAttempt } from '../../model/mail.js'
import { html, type Markup } from '../html.js'
import { buttonOf } from './action-button.js'
import type { ActionName } from './actions.js'
import { consolePage, link, segment, type View } from './frame.js'
import { isSearch, mailSearchForm } from './mail-search-form.js'
import type { MailboxDirection } from './mailbox-pages.js'
import { type Pages, pager } from './pager.js'
import { chip, exactly, mailState, size, when } from './words.js'

/** `whoActs`: empty when nobody has to. */
type ToldAttempt = Omit<MailAttempt, 'hint'> & { whoActs: string }

export type MailEntry = Pick<
  Mail,
  'id' | 'mailboxId' | 'state' | 'held' | 'from' | 'recipients' | 'subject' | 'attempts' | 'acceptedAt'
> & {
  history: readonly ToldAttempt[]
  /** ISO dates; empty for none. */
  plannedAt: string
  notBefore: string
  deadline: string
  /** Of an unknown mail: when the gateway looks for it; empty once only a person can tell. */
  lookUpAt: string
}

export type MailDetails = MailEntry &
  Pick<Mail, 'refused' | 'delivered' | 'messageId' | 'metadata' | 'bytes' | 'finalAt' | 'whenUnknown'>

/** The mailbox a mail leaves from. */
export interface MailPlace {
  id: string
  address: string
  active: boolean
  sending: Pick<MailboxDirection, 'problem' | 'gate' | 'nextTry'>
}

export interface MailsView {
  mails: readonly MailEntry[]
  /** To choose one from. */
  mailboxes: readonly { id: string; address: string }[]
  /** Of the mails that are shown. */
  places: readonly MailPlace[]
  /** What is searched for stands in the address; nothing: open mail. */
  pages: Pages
  /** Why the search was refused, and the cure; empty when it was not. */
  problem: string
}

export function mailsPage(view: View, data: MailsView): string {
  const title = isSearch(data.pages.query) ? 'Found mail' : 'Open mail'
  return consolePage(
    view,
    { current: '/mails', title },
    html`<h1>${title}</h1>
${mailSearchForm(view, data.mailboxes, data.pages.query)}
${data.problem !== '' ? html`<div class="card alert" role="alert"><p>${data.problem}</p></div>` : data.mails.length === 0 ? empty(view, data) : table(view, data.mails, new Map(data.places.map((one) => [one.id, one])))}
${pager(view, '/mails', data.pages)}`,
  )
}

function empty(view: View, { pages }: MailsView): Markup {
  const text =
    pages.next !== ''
      ? 'Nothing found on this page. The search continues under "Older"; a recipient or a mailbox makes it faster.'
      : isSearch(pages.query)
        ? 'No mail matches. Finished mail can be found for as long as it is kept; check the spelling, or leave a field empty.'
        : 'No mail is waiting: everything accepted has been sent, failed or cancelled.'
  const tenant = view.caller.role === 'operator' ? `&tenant=${encodeURIComponent(view.tenant)}` : ''
  const all = pages.next === '' && !isSearch(pages.query)
  return html`<div class="card"><p>${text}</p>${all && html`<p><a href="/console/mails?all=true${tenant}">Show finished mail</a></p>`}</div>`
}

function table(view: View, mails: readonly MailEntry[], places: Map<string, MailPlace>): Markup {
  const row = (mail: MailEntry): Markup => {
    const place = places.get(mail.mailboxId)
    const mailbox = place?.address ?? mail.mailboxId
    return html`<tr><td><a href="${link(view, `/mails/${segment(mail.id)}`)}">To ${recipients(mail.recipients)}</a>${mail.subject !== '' && html`<br>${mail.subject}`}<br><span class="dim">from ${mail.from}${mailbox !== mail.from && html` · ${mailbox}`}</span><br><span class="dim">accepted ${when(mail.acceptedAt, view.now)}</span></td>
<td data-name="State">${mailState(mail)}</td><td data-name="Attempts and last error">${lastError(view, mail, place)}</td><td data-name="Next attempt">${next(view, mail, place)}</td><td><div class="row">${mailActions(view, mail, place)}</div></td></tr>`
  }
  return html`<table><thead><tr><th scope="col">Mail</th><th scope="col">State</th><th scope="col">Attempts and last error</th><th scope="col">Next attempt</th><th scope="col">Actions</th></tr></thead><tbody>${mails.map(row)}</tbody></table>`
}

export function recipients(all: readonly string[]): string {
  return all.length <= 2 ? all.join(', ') : `${all.slice(0, 2).join(', ')} and ${all.length - 2} more`
}

function lastError(view: View, mail: MailEntry, place: MailPlace | undefined): Markup {
  const last = mail.history.at(-1)
  const trouble = troubleOf(view, mail, place)
  const more = trouble && html`<br>${trouble}`
  if (last === undefined) return html`${mail.attempts}, none yet${more}`
  if (last.code === 'sent') return html`${mail.attempts}, sent`
  return html`${mail.attempts} · ${last.text}${last.remedy !== '' && html`<br><b>What to do:</b> ${last.remedy}`}${last.whoActs !== '' && html`<br><span class="dim">Who must act: ${last.whoActs}</span>`}${more}`
}

const waits = ({ state }: { state: string }): boolean => state === 'queued' || state === 'waiting'

/** Why nothing leaves the mailbox, whatever stands in the mail's own history; false when it can send. */
function troubleOf(view: View, mail: MailEntry, place: MailPlace | undefined): Markup | false {
  if (place === undefined || mail.held || !waits(mail)) return false
  const page = html`<a href="${link(view, `/mailboxes/${segment(place.id)}`)}">Open the mailbox</a>`
  if (!place.active) return html`The mailbox is paused. ${page}`
  if (place.sending.problem === '') return false
  return mail.history.at(-1)?.text === place.sending.problem
    ? page
    : html`The mailbox cannot send: ${place.sending.problem} ${page}`
}

/** The application asked for a later start, and it has not come. */
const isPlanned = (view: View, mail: Pick<MailEntry, 'state' | 'plannedAt'>): boolean =>
  waits(mail) && Date.parse(mail.plannedAt) > view.now

const isClosed = (place: MailPlace | undefined): boolean => (place?.sending.gate ?? 'open') !== 'open'

/** Their mail waits at a closed gate, whatever time stands in its row. */
const someoneActs = new Set(['needs-reconnect', 'needs-admin'])

function next(view: View, mail: MailEntry, place: MailPlace | undefined): Markup {
  if (mail.held) return html`when released`
  if (mail.state === 'unknown')
    return mail.lookUpAt === ''
      ? html`after your decision`
      : html`the gateway looks for it in the mailbox: ${when(mail.lookUpAt, view.now)}`
  if (!waits(mail)) return mail.state === 'sending' || mail.state === 'handing-over' ? html`in progress` : html`none`
  if (isPlanned(view, mail)) return html`planned for ${when(mail.plannedAt, view.now)}`
  if (place !== undefined && !place.active) return html`when the mailbox is activated`
  const last = mail.history.at(-1)
  if (mail.state === 'waiting' && last !== undefined && someoneActs.has(last.class))
    return html`when somebody has acted: ${last.whoActs}`
  if (isClosed(place)) return html`when the mailbox can send again`
  const at = [mail.notBefore, place?.sending.nextTry ?? ''].sort().at(-1) ?? ''
  return Date.parse(at) > view.now ? when(at, view.now) : html`as soon as the mailbox is free`
}

/**
 * Only what the state allows: release held mail, retry what waits or failed, send what is planned, cancel what has not
 * left, decide the unknown. What cannot be undone leads to a question first.
 */
export function mailActions(
  view: View,
  mail: Pick<MailEntry, 'id' | 'state' | 'held' | 'lookUpAt' | 'plannedAt'>,
  place?: MailPlace,
): Markup {
  const stuck = isClosed(place) || (place?.sending.nextTry ?? '') !== ''
  const planned = isPlanned(view, mail)
  const again = !mail.held && !planned && (mail.state === 'waiting' || (mail.state === 'queued' && stuck))
  const button = (name: ActionName<'mails'>, plain = false) => buttonOf(view, 'mails', { id: mail.id, name, plain })
  return html`${mail.held && waits(mail) && button('release')}${(again || mail.state === 'failed') && button('retry')}${planned && !mail.held && button('send-now', true)}${waits(mail) && button('cancel', true)}${mail.state === 'unknown' && html`<a class="button" href="${link(view, `/mails/${segment(mail.id)}`)}#decide">${mail.lookUpAt === '' ? 'Decide' : 'Open'}</a>`}`
}

/** `place`: absent when the mailbox is gone; its mail outlives it. */
export function mailPage(view: View, mail: MailDetails, place: MailPlace | undefined): string {
  const trouble = troubleOf(view, mail, place)
  return consolePage(
    view,
    { current: '/mails', title: 'Mail' },
    html`<h1>Mail to ${recipients(mail.recipients)}</h1>
<p class="row">${mailState(mail)}<span>next attempt: ${next(view, mail, place)}</span></p>
${trouble && html`<div class="card alert">${trouble}</div>`}
${mail.state === 'unknown' ? decide(view, mail) : html`<div class="row">${mailActions(view, mail, place)}</div>`}
<h2>Attempts</h2>
${mail.history.length === 0 ? html`<div class="card"><p>No attempt yet. ${mail.held ? 'The mail is held: release it to send it.' : trouble ? `It is sent when its mailbox can send${isPlanned(view, mail) ? ', not before its planned time' : ''}.` : isPlanned(view, mail) ? 'It is sent at its planned time.' : 'It is sent as soon as its mailbox is free.'}</p></div>` : html`${mail.attempts > mail.history.length && html`<p class="dim">The last ${mail.history.length} of ${mail.attempts}.</p>`}<ol class="time">${mail.history.toReversed().map((one) => attempt(view, one))}</ol>`}
<h2>Facts</h2>
<dl>${mail.subject !== '' && html`<dt>Subject</dt><dd>${mail.subject}</dd>`}<dt>From</dt><dd>${mail.from}</dd><dt>To</dt><dd>${mail.recipients.join(', ')}</dd>
${mail.refused.length > 0 && html`<dt>Refused permanently</dt><dd>${mail.refused.map((one) => html`<p>${one.address} <span class="dim">(${one.code})</span></p><div class="words">${one.reply}</div>${one.remedy && html`<p>${one.remedy}</p>`}`)}</dd>`}
${mail.delivered.length > 0 && html`<dt>Accepted by the server</dt><dd>${mail.delivered.join(', ')}</dd>`}
<dt>Mailbox</dt><dd><a href="${link(view, `/mailboxes/${segment(mail.mailboxId)}`)}">${place?.address ?? mail.mailboxId}</a></dd>
<dt>Accepted</dt><dd>${when(mail.acceptedAt, view.now)}</dd>${mail.plannedAt !== '' && html`<dt>Planned for</dt><dd>${when(mail.plannedAt, view.now)}</dd>`}${mail.finalAt === '' ? html`<dt>Given up after</dt><dd>${when(mail.deadline, view.now, 'no deadline')}</dd>` : html`<dt>Finished</dt><dd>${when(mail.finalAt, view.now)}</dd>`}
${Object.entries(mail.metadata).map(([name, value]) => html`<dt>${name} (metadata)</dt><dd>${value}</dd>`)}
<dt>Size</dt><dd>${size(mail.bytes)}</dd><dt>Message-ID</dt><dd>${mail.messageId}</dd><dt>Id</dt><dd>${mail.id}</dd></dl>`,
  )
}

function attempt(view: View, one: ToldAttempt): Markup {
  const verdict =
    one.code === 'sent'
      ? chip('sent', 'good')
      : one.class === ''
        ? chip('decided', 'quiet')
        : chip('did not succeed', 'bad')
  return html`<li class="card"><h3>${exactly(one.at, view.now)}</h3><p class="row">${verdict}${one.whoActs !== '' && html`<span>Who must act: ${one.whoActs}</span>`}</p>
${one.text !== '' && html`<p>${one.text}</p>`}${one.remedy !== '' && html`<p><b>What to do:</b> ${one.remedy}</p>`}${one.reply !== '' && html`<p class="dim">The server's response</p><div class="words">${one.reply}</div>`}${one.code !== 'sent' && html`<p class="dim">Code ${one.code}</p>`}</li>`
}

function decide(view: View, mail: MailDetails): Markup {
  const looking = mail.lookUpAt !== ''
  const button = (name: ActionName<'mails'>, plain = true) => buttonOf(view, 'mails', { id: mail.id, name, plain })
  return html`<section class="card alert" id="decide"><h2>${looking ? 'The gateway is finding out whether it was sent' : 'Decide: was it sent?'}</h2>
<p>${looking ? 'The connection broke while the mail was handed over. The gateway looks for it in the mailbox and asks you if it cannot tell. If you already know, say which it is.' : "The connection broke while the mail was handed over; nobody can tell whether the server accepted it. Check the mailbox's Sent folder or ask the recipient, then say which it is."}</p>
<div class="row">${button('resolve-sent', looking)}${button('resolve-not-sent')}${button('resolve-resend')}</div></section>`
}

/** Which mail it is, for the question about it. */
export function mailFacts(view: View, mail: MailEntry): Markup {
  return html`<dt>To</dt><dd>${recipients(mail.recipients)}</dd>${mail.subject !== '' && html`<dt>Subject</dt><dd>${mail.subject}</dd>`}<dt>From</dt><dd>${mail.from}</dd><dt>State</dt><dd>${mailState(mail)}</dd>${isPlanned(view, mail) && html`<dt>Planned for</dt><dd>${when(mail.plannedAt, view.now)}</dd>`}`
}
