/** The search for mail: what is asked most stands first, the rest is folded away until it is used. */
import { html, type Markup } from '../html.js'
import { tenantField, type View } from './frame.js'

const states = [
  'queued',
  'held',
  'waiting',
  'sending',
  'handing-over',
  'unknown',
  'sent',
  'failed',
  'cancelled',
] as const
const fields = ['recipient', 'subject', 'messageId', 'idempotencyKey', 'metadata', 'state', 'since', 'until'] as const
const folded = ['messageId', 'idempotencyKey', 'metadata'] as const

/** Finished mail too: something is searched for, or the form was sent empty. */
export const isSearch = (query: URLSearchParams): boolean =>
  query.get('all') === 'true' || fields.some((field) => (query.get(field) ?? '') !== '')

export function mailSearchForm(
  view: View,
  mailboxes: readonly { id: string; address: string }[],
  query: URLSearchParams,
): Markup {
  const value = (name: string): string => query.get(name) ?? ''
  const input = (
    name: string,
    label: string,
    { type = 'text', hint = '' }: { type?: string; hint?: string } = {},
  ): Markup =>
    html`<div><label for="${name}">${label}</label><input id="${name}" name="${name}" type="${type}" value="${value(name)}" maxlength="998"${hint !== '' && html` placeholder="${hint}"`} autocomplete="off"></div>`
  const option = (of: string, text: string, chosen: string): Markup =>
    html`<option value="${of}"${of === chosen ? html` selected` : ''}>${text}</option>`
  const isOpen = folded.some((name) => value(name) !== '')
  return html`<form class="filters" method="get" action="/console/mails" role="search" aria-label="Mail">${tenantField(view)}<input type="hidden" name="all" value="true">
${input('recipient', 'Recipient', { type: 'email', hint: 'ana@example.com' })}${input('subject', 'Part of the subject')}
<div><label for="state">State</label><select id="state" name="state">${option('', 'Any', value('state'))}${states.map((one) => option(one, one.replace('-', ' '), value('state')))}</select></div>
<div><label for="mailbox">Mailbox</label><select id="mailbox" name="mailbox">${option('', 'All', value('mailbox'))}${value('mailbox') !== '' && !mailboxes.some((one) => one.id === value('mailbox')) && option(value('mailbox'), value('mailbox'), value('mailbox'))}${mailboxes.map((one) => option(one.id, one.address, value('mailbox')))}</select></div>
${input('since', 'Accepted from (UTC)', { type: 'date' })}${input('until', 'until', { type: 'date' })}
<details${isOpen ? html` open` : ''}><summary>Message-ID, key, metadata</summary><div class="filters">${input('messageId', 'Message-ID')}${input('idempotencyKey', 'Idempotency key')}${input('metadata', 'Metadata', { hint: 'invoice:4711' })}</div></details>
<button>Search</button>${isSearch(query) && html`<a class="button plain" href="/console/mails${view.caller.role === 'operator' ? `?tenant=${encodeURIComponent(view.tenant)}` : ''}">Open mail only</a>`}</form>`
}
