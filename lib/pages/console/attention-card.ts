import { type AttentionAction, type AttentionItem, attentionActions } from '../../model/attention.js'
import type { Mailbox } from '../../model/mailbox.js'
import { html, type Markup } from '../html.js'
import { actionButton, link, segment, type View } from './frame.js'
import { chip, kindWords, when } from './words.js'

/** A mailbox with the troubles that are its own, as the API gives them. */
export interface AttentionMailbox extends Pick<Mailbox, 'id' | 'address'> {
  attention: readonly Pick<AttentionItem, 'kind' | 'id'>[]
  sending: { refusedMails: number; lastRefused: string }
}

const mostNamed = 10

/**
 * What is broken, whom it stops, who acts, what to do, and the buttons that do it. `mailboxes`: all of the tenant, or
 * the one whose page this is; empty where nobody asked for them.
 */
export function attentionCard(
  view: View,
  item: AttentionItem,
  { mailboxes, onOwnPage = false }: { mailboxes: readonly AttentionMailbox[]; onOwnPage?: boolean },
): Markup {
  const concerned = mailboxes.filter((one) =>
    one.attention.some(({ kind, id }) => kind === item.kind && id === item.id),
  )
  const inTenant: Record<string, string> =
    view.caller.role === 'operator' && item.tenant !== '~' ? { tenant: item.tenant } : {}
  const only = concerned.length === 1 ? concerned[0] : undefined
  const subject = (item.kind.startsWith('mailbox-') && only?.address) || item.subject || (only?.address ?? '')
  return html`<article class="card alert"><h3>${kindWords(item.kind)}${subject !== '' && html`: ${subject}`}</h3>
<p class="row">${chip(`Who must act: ${item.whoActs}`, item.class === 'transient' ? 'wait' : 'bad')} <span>since ${when(item.since, view.now, 'unknown')}</span>${view.tenant === '~' && html`<span>tenant ${item.tenant === '~' ? 'none: the deployment itself' : html`<a href="${link(view, '', inTenant)}">${item.tenant}</a>`}</span>`}</p>
<p>${item.description}</p>
${item.kind === 'mailbox-send' && only && refused(view, only)}
${!onOwnPage && stopped(view, concerned, subject)}
${item.remedy !== '' && html`<p><b>What to do:</b> ${item.remedy}</p>`}
${afterRepair(item)}${item.peerLine !== '' && html`<details><summary>The server's response</summary><div class="words">${item.peerLine}</div></details>`}
${actions(view, item, only?.id ?? concerned[0]?.id)}
<p class="row">${place(view, item, { only, onOwnPage })}<span class="dim">Code ${item.code}</span></p></article>`
}

/** A repair outside is noticed automatically; who repaired it need not wait for that. */
function afterRepair({ kind, class: errorClass }: AttentionItem): Markup | false {
  if (errorClass !== 'needs-admin') return false
  if (kind === 'mailbox-send')
    return html`<p>Afterwards press "Send a test mail", or wait: this ends when the next mail is sent. Then press "Retry failed mail" on the page of the mailbox to retry what failed.</p>`
  return (
    kind === 'mailbox-receive' &&
    html`<p>Afterwards press "Fetch mail now", or wait: the gateway retries automatically.</p>`
  )
}

function refused(view: View, { sending }: AttentionMailbox): Markup | false {
  const { refusedMails, lastRefused } = sending
  if (refusedMails === 0) return false
  return html`<p>${chip(refusedMails === 1 ? '1 mail refused' : `${refusedMails} mails refused`, 'bad')} since the last one that was sent; the latest ${when(lastRefused, view.now, 'unknown')}.</p>`
}

/** Which mailboxes it stops, when the heading does not say it. */
function stopped(view: View, concerned: readonly AttentionMailbox[], subject: string): Markup | false {
  if (concerned.length === 0 || (concerned.length === 1 && concerned[0]?.address === subject)) return false
  const named = concerned.slice(0, mostNamed)
  const more = concerned.length - named.length
  return html`<p>Mailboxes that it stops: ${named.map((one, index) => html`${index > 0 && ', '}<a href="${link(view, `/mailboxes/${segment(one.id)}`)}">${one.address}</a>`)}${more > 0 && ` and ${more} more`}</p>`
}

function place(
  view: View,
  item: AttentionItem,
  { only, onOwnPage }: { only: AttentionMailbox | undefined; onOwnPage: boolean },
): Markup | false {
  const inTenant: Record<string, string> = view.caller.role === 'operator' ? { tenant: item.tenant } : {}
  if (item.kind === 'mail-unknown')
    return html`<a href="${link(view, `/mails/${segment(item.id)}`, inTenant)}">Open the mail</a>`
  if (onOwnPage) return false
  const mailboxId = only?.id ?? (item.kind.startsWith('mailbox-') ? item.id : item.mailboxId)
  if (mailboxId !== '')
    return html`<a href="${link(view, `/mailboxes/${segment(mailboxId)}`, inTenant)}">Open the mailbox</a>`
  return view.tenant === '~' && item.tenant !== '~' && html`<a href="${link(view, '', inTenant)}">Open the tenant</a>`
}

/** What helps, of what the caller's role may do. */
function actions(view: View, item: AttentionItem, mailboxId: string | undefined): Markup | false {
  const offered = mailboxId === undefined ? item.actions : attentionActions(item, mailboxId)
  const allowed = offered.filter((one) => view.may(one.operation))
  // Who looks at all tenants acts in the one it is about.
  const there = { ...view, tenant: item.tenant }
  return (
    allowed.length > 0 && html`<div class="row">${allowed.map((one, index) => button(there, one, index > 0))}</div>`
  )
}

function button(there: View, { console: path, label, asks }: AttentionAction, plain: boolean): Markup {
  return asks
    ? html`<a class="button plain" href="${link(there, path)}">${label}</a>`
    : actionButton(there, path, { text: label, plain })
}

/** Who signed in for which mailbox, for the question about it. */
export function signInFacts(
  view: View,
  signIn: { address: string; signedInAs: string; directory: string; expiresAt: string },
): Markup {
  const { address, signedInAs, directory, expiresAt } = signIn
  return html`<dt>Mailbox</dt><dd>${address || 'none: a permission for the whole organisation'}</dd><dt>Signed in</dt><dd>${signedInAs || 'with a password, or at a server that names nobody'}${directory !== '' && html` <span class="dim">directory ${directory}</span>`}</dd><dt>Expires</dt><dd>${when(expiresAt, view.now)}</dd>`
}
