import type { AttentionItem } from '../../model/attention.js'
import type { Mailbox } from '../../model/mailbox.js'
import type { MailboxHealth } from '../../model/mailbox-health.js'
import type { MailboxWarning } from '../../model/mailbox-warnings.js'
import type { EffectiveSetting } from '../../model/setting.js'
import { html, type Markup } from '../html.js'
import { buttonOf } from './action-button.js'
import type { ActionName } from './actions.js'
import { type AttentionMailbox, attentionCard } from './attention-card.js'
import { consolePage, link, segment, type View } from './frame.js'
import { type Pages, pager } from './pager.js'
import { chip, size, type Tone, when } from './words.js'

export interface MailboxDirection {
  transport: string
  /** ISO date, empty when there was none. */
  lastSuccess: string
  lastMail: string
  failures: number
  /** What is wrong now, in plain words; empty when it works. */
  problem: string
  gate?: string
  /** ISO date before which nothing is tried; empty: at once, or not before somebody acted. */
  nextTry?: string
}

export interface MailboxEntry
  extends AttentionMailbox,
    Pick<Mailbox, 'active' | 'key' | 'name' | 'displayName' | 'purpose'> {
  isDefault: boolean
  health: MailboxHealth
  attention: readonly AttentionItem[]
  /** Who holds the address when it is not this mailbox. */
  heldBy: string
  connectionState: string
  connectionReason: string
  receiving: MailboxDirection
  sending: MailboxDirection & AttentionMailbox['sending']
  warnings: MailboxWarning[]
}

export interface ReceivedEntry {
  id: string
  state: string
  from: string
  /** ISO date. */
  receivedAt: string
  bytes: number
  /** Why it was not imported, or cannot be shown as a whole; empty otherwise. */
  description: string
  remedy: string
}

const soonMs = 30 * 86_400_000

const healthWords: Record<MailboxHealth, [text: string, tone: Tone]> = {
  working: ['working', 'good'],
  paused: ['paused', 'quiet'],
  failing: ['failing', 'wait'],
  'sending-stopped': ['sending stopped', 'bad'],
  'needs-reconnect': ['owner must reconnect', 'bad'],
  'needs-admin': ['administrator must act', 'bad'],
  'not-connected': ['not connected', 'bad'],
}

/** What a mailbox is, in one chip; one that works and whose authority ends soon (computed from dates) is expiring. */
export function mailboxState({ health }: Pick<MailboxEntry, 'health'>, ends?: { at: string; now: number }): Markup {
  const expiring = ends !== undefined && Date.parse(ends.at) - ends.now < soonMs
  if (health === 'working' && expiring) return chip('expiring', 'wait')
  return chip(...healthWords[health])
}

const connectionStates = new Map([
  ['connected', 'works'],
  ['needs-reconnect', 'the owner must sign in again'],
  ['needs-admin', 'an administrator must act'],
  ['removed', 'removed'],
  ['none', 'none'],
])
const connectionWords = (state: string): string => connectionStates.get(state) ?? state

const isClosed = (direction: MailboxDirection): boolean =>
  direction.gate !== undefined && direction.gate !== '' && direction.gate !== 'open'

/** By address, as far as a page goes: the pages themselves are in the order of the ids. */
export function mailboxesPage(view: View, mailboxes: readonly MailboxEntry[], pages: Pages): string {
  const rows = [...mailboxes]
    .sort((a, b) => a.address.localeCompare(b.address))
    .map(
      (
        one,
      ) => html`<tr><td><a href="${link(view, `/mailboxes/${segment(one.id)}`)}">${one.address}</a> ${one.isDefault && chip('default', 'quiet')}<br><span class="dim">${one.key} ${one.name} ${one.displayName}</span></td>
<td data-name="State">${mailboxState(one)}</td><td data-name="Receiving, last success">${direction(view, one.receiving)}</td><td data-name="Sending, last success">${direction(view, one.sending)}</td></tr>`,
    )
  return consolePage(
    view,
    { current: '/mailboxes', title: 'Mailboxes' },
    html`<h1>Mailboxes</h1>
${
  mailboxes.length === 0
    ? html`<div class="card"><p>No mailbox yet. Start a sign-in with POST /api/v1/sign-ins and send its link to the owner of the mailbox; it appears here once the owner has accepted and the sign-in is confirmed.</p></div>`
    : html`<table><thead><tr><th scope="col">Mailbox</th><th scope="col">State</th><th scope="col">Receiving, last success</th><th scope="col">Sending, last success</th></tr></thead><tbody>${rows}</tbody></table>`
}
${view.may('serverMailboxCreate') && html`<p><a href="${link(view, '/server-mailbox')}">Connect a mailbox at a mail server</a></p>`}
${pager(view, '/mailboxes', { ...pages, words: ['Previous', 'Next'] })}`,
  )
}

function direction(view: View, one: MailboxDirection & { refusedMails?: number }): Markup {
  if (one.transport === 'none') return html`<span class="dim">not used</span>`
  return html`${when(one.lastSuccess, view.now, 'not yet')} <span class="dim">· ${transportName(one.transport)}</span> ${one.failures > 0 && chip(one.failures === 1 ? 'failed last time' : `${one.failures} consecutive failures`, 'bad')} ${isClosed(one) && chip('stopped', 'bad')} ${refusals(one)}${one.problem !== '' && html`<br>${one.problem}`}${(one.nextTry ?? '') !== '' && html` <span class="dim">Next automatic attempt: ${when(one.nextTry ?? '', view.now)}</span>`}`
}

/** Mail that nobody will get although the mailbox can be reached. */
function refusals({ refusedMails = 0 }: { refusedMails?: number }): Markup | false {
  if (refusedMails === 0) return false
  return chip(refusedMails === 1 ? '1 mail refused' : `${refusedMails} mails refused`, 'bad')
}

/** How long the authority lives: ISO dates, empty for none. */
export interface ConnectionLife {
  lastRefresh: string
  nextRefresh: string
  projectedDeath: { at: string; why: 'unused' | 'client-secret' | 'certificate' } | null
}

export interface MailboxView {
  mailbox: MailboxEntry
  connection: ConnectionLife | undefined
  settings: readonly EffectiveSetting[]
  received: readonly ReceivedEntry[]
}

export function mailboxPage(view: View, { mailbox, connection, settings, received }: MailboxView): string {
  const button = (name: ActionName<'mailboxes'>, plain = false) =>
    buttonOf(view, 'mailboxes', { id: mailbox.id, name, plain })
  const receives = mailbox.receiving.transport !== 'none'
  const death = connection?.projectedDeath
  const ends = death ? { at: death.at, now: view.now } : undefined
  return consolePage(
    view,
    { current: '/mailboxes', title: mailbox.address },
    html`<h1>${mailbox.address}</h1>
<p class="row">${mailboxState(mailbox, ends)}${mailbox.isDefault && chip('default', 'quiet')}</p>
${mailbox.attention.length > 0 && html`<h2>What is broken</h2>`}
${mailbox.attention.map((one) => attentionCard(view, one, { mailboxes: [mailbox], onOwnPage: true }))}
<h2>Actions</h2>
<div class="row">${button('check')}${button('reconnect', true)}${receives && mailbox.active && button('poll', true)}${mailbox.sending.transport !== 'none' && mailbox.active && html`${button('test-mail', true)}${button('retry-mails', true)}`}${button(mailbox.active ? 'pause' : 'activate', true)}</div>
<p class="dim">${mailbox.active ? 'A paused mailbox neither receives nor sends; its mail waits.' : 'Paused: it neither receives nor sends until somebody activates it.'}</p>
<h2>Facts</h2>
<dl><dt>Receiving</dt><dd>${direction(view, mailbox.receiving)}</dd><dt>Last mail received</dt><dd>${when(mailbox.receiving.lastMail, view.now)}</dd>
<dt>Sending</dt><dd>${direction(view, mailbox.sending)}</dd>
<dt>Connection</dt><dd>${connectionWords(mailbox.connectionState)}${mailbox.connectionReason !== '' && html` <span class="dim">Code ${mailbox.connectionReason}</span>`}</dd>
${connection !== undefined && connectionLife(view, connection)}${mailbox.heldBy !== '' && html`<dt>Address held by</dt><dd>${chip('not here', 'bad')} ${mailbox.heldBy}: both receive and send; remove one of them.</dd>`}${mailbox.warnings.map((one) => html`<dt>Warning</dt><dd>${chip(one.code === 'password_at_microsoft' ? 'soon' : 'limited', 'wait')} ${one.description} ${one.remedy}</dd>`)}<dt>Name</dt><dd>${mailbox.displayName || '–'}</dd><dt>Purpose</dt><dd>${mailbox.purpose || '–'}</dd><dt>Key and id</dt><dd>${mailbox.key} · ${mailbox.id}</dd></dl>
<p class="row"><a href="${link(view, '/mails', { mailbox: mailbox.id })}">Open mail of this mailbox</a><a href="${link(view, '/logs', { log: 'sending', mailbox: mailbox.id })}">Sending log</a><a href="${link(view, '/logs', { log: 'receiving', mailbox: mailbox.id })}">Receiving log</a></p>
${receives && html`<h2>Received</h2>${receivedTable(view, received)}`}
<h2>Settings</h2><details><summary>Every setting of this mailbox and where it was set</summary>${settingsTable(settings)}</details>`,
  )
}

/** Which mailbox it is, for the question about it. */
export function mailboxFacts({
  address,
  displayName,
  health,
}: Pick<MailboxEntry, 'address' | 'displayName' | 'health'>) {
  return html`<dt>Mailbox</dt><dd>${address} ${displayName}</dd><dt>State</dt><dd>${mailboxState({ health })}</dd>`
}

/** What "Retry failed mail" would do. */
export function retriedFacts({ mails, codes, more }: { mails: number; codes: readonly string[]; more: boolean }) {
  if (mails === 0)
    return html`<dt>Mails</dt><dd>None failed because an administrator or the owner had to act first.</dd>`
  return html`<dt>Mails</dt><dd>${more && 'The first '}${mails} that failed because an administrator or the owner had to act first${more && '; press again for the rest'}</dd><dt>They failed with</dt><dd>${codes.join(', ')}</dd>`
}

const sourceName: Record<EffectiveSetting['source'], string> = {
  mailbox: 'this mailbox',
  purpose: 'its purpose',
  tenant: 'the tenant',
  deployment: 'the deployment',
  default: 'default',
}

function settingsTable(settings: readonly EffectiveSetting[]): Markup {
  return html`<table><thead><tr><th scope="col">Setting</th><th scope="col">Value</th><th scope="col">Set by</th></tr></thead><tbody>${settings.map(
    (one) =>
      html`<tr><td>${one.name}<br><span class="dim">${one.description}</span></td><td data-name="Value">${one.value}</td><td data-name="Set by">${one.source === 'default' ? html`<span class="dim">default</span>` : chip(sourceName[one.source], 'quiet')}</td></tr>`,
  )}</tbody></table>`
}

const endsWhen: Record<NonNullable<ConnectionLife['projectedDeath']>['why'], string> = {
  unused: 'if it is not refreshed again',
  'client-secret': 'when the client secret of the registration expires',
  certificate: 'when the certificate of the registration expires',
}

function connectionLife(view: View, { lastRefresh, nextRefresh, projectedDeath }: ConnectionLife): Markup {
  if (lastRefresh === '' && projectedDeath === null) return html``
  const end =
    projectedDeath === null
      ? 'not known'
      : html`${when(projectedDeath.at, view.now)} <span class="dim">${endsWhen[projectedDeath.why]}</span>`
  return html`<dt>Authority refreshed</dt><dd>${when(lastRefresh, view.now, 'not yet')}, next ${when(nextRefresh, view.now, 'not planned')}</dd><dt>Authority expires</dt><dd>${end}</dd>`
}

function receivedTable(view: View, received: readonly ReceivedEntry[]): Markup {
  if (received.length === 0)
    return html`<div class="card"><p>Nothing received yet. If mail is missing, press "Fetch mail now" and check the receiving log.</p></div>`
  return html`<table><thead><tr><th scope="col">Date</th><th scope="col">From</th><th scope="col">State</th><th scope="col">Size</th></tr></thead><tbody>${received.map(
    (one) =>
      html`<tr><td>${when(one.receivedAt, view.now, 'unknown')}</td><td data-name="From">${one.from}</td><td data-name="State">${receivedState(one.state)}${one.description !== '' && html`<br>${one.description} ${one.remedy}`}</td><td data-name="Size">${size(one.bytes)}</td></tr>`,
  )}</tbody></table>`
}

function receivedState(state: string): Markup {
  if (state === 'handed-over') return chip('handed over', 'good')
  return state === 'quarantined' ? chip('in quarantine', 'bad') : chip(state, 'wait')
}

const transportName = (transport: string): string =>
  ({ graph: 'Microsoft Graph', imap: 'IMAP', smtp: 'SMTP' })[transport] ?? transport
