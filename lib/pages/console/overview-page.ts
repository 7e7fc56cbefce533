import type { AttentionItem } from '../../model/attention.js'
import type { Mailbox } from '../../model/mailbox.js'
import { html, type Markup } from '../html.js'
import { actionButton, consolePage, link, segment, type View } from './frame.js'
import { chip, kindWords, when } from './words.js'

export type AttentionMailbox = Pick<Mailbox, 'id' | 'address' | 'active' | 'receive' | 'send'>

export interface TenantEntry {
  id: string
  name: string
}

export interface HealthVerdict {
  ok: boolean
  checks: readonly { name: string; ok: boolean; text: string; remedy: string }[]
}

export interface Overview {
  attention: readonly AttentionItem[]
  mailboxes: readonly AttentionMailbox[]
  openMails: readonly { state: string; held: boolean }[]
}

/** One tenant: how much, then what is broken, who acts and what to do. */
export function overviewPage(view: View, data: Overview): string {
  const count = (amount: number, text: string): Markup => html`<li><b>${amount}</b> ${text}</li>`
  const open = data.openMails
  return consolePage(
    view,
    '',
    'Overview',
    html`<h1>${headline(data.attention.length)}</h1>
<ul class="counts">${count(data.mailboxes.filter((one) => one.active).length, `of ${data.mailboxes.length} mailboxes active`)}${count(open.length, open.length >= 200 ? 'or more open mails' : 'open mails')}${count(open.filter((one) => one.held).length, 'held')}${count(open.filter((one) => one.state === 'unknown').length, 'of unknown outcome')}</ul>
${data.mailboxes.length === 0 && html`<div class="card"><h2>No mailbox yet</h2><p>Connect the first one: your application, or you by the API, starts a sign-in (POST /api/v1/sign-ins) and sends its link to the owner of the mailbox.</p></div>`}
${attentionList(view, data.attention, data.mailboxes)}`,
  )
}

/** All tenants, for operators: the gateway's own health, what is broken anywhere, the tenants to choose from. */
export function allTenantsPage(
  view: View,
  data: { attention: readonly AttentionItem[]; tenants: readonly TenantEntry[]; health: HealthVerdict },
): string {
  const broken = (id: string): number => data.attention.filter((one) => one.tenant === id).length
  return consolePage(
    view,
    '',
    'All tenants',
    html`<h1>${headline(data.attention.length)}</h1>
${!data.health.ok && healthCard(data.health)}
${attentionList(view, data.attention, [])}
<h2>Tenants</h2>
${data.tenants.length === 0 ? html`<div class="card"><p>No tenant yet. Create one with POST /api/v1/tenants, then an API key for it.</p></div>` : html`<ul>${data.tenants.map((one) => html`<li><a href="${link(view, '', { tenant: one.id })}">${one.name}</a> <span class="dim">${one.id}</span> ${broken(one.id) > 0 && chip(`${broken(one.id)} broken`, 'bad')}</li>`)}</ul>`}
${data.health.ok && healthCard(data.health)}`,
  )
}

function healthCard(health: HealthVerdict): Markup {
  return html`<section class="card${health.ok ? '' : ' alert'}"><h2>The gateway itself</h2>
<ul class="plain">${health.checks.map((one) => html`<li>${chip(one.ok ? 'works' : 'broken', one.ok ? 'good' : 'bad')} ${one.name}: ${one.text}${one.remedy !== '' && html`<br>What to do: ${one.remedy}`}</li>`)}</ul></section>`
}

const headline = (broken: number): string =>
  broken === 0 ? 'Nothing is broken' : broken === 1 ? '1 thing needs attention' : `${broken} things need attention`

function attentionList(view: View, items: readonly AttentionItem[], mailboxes: readonly AttentionMailbox[]): Markup {
  if (items.length === 0)
    return html`<div class="card">${chip('all well', 'good')} Every mailbox works as far as the gateway knows. ${view.tenant === '~' ? 'Choose a tenant to see its mail and logs.' : 'Open mail is under Mails, every attempt under Logs.'}</div>`
  return html`<h2>Broken now</h2>${items.map((item) => attentionCard(view, item, mailboxes))}`
}

function signInActions(view: View, item: AttentionItem): Markup | false {
  if (!view.may('signInConfirm')) return false
  const inTenant: View = { ...view, tenant: item.tenant }
  const path = `/sign-ins/${segment(item.id)}`
  return html`<div class="row">${actionButton(inTenant, `${path}/confirm`, 'Confirm')}<a class="button plain" href="${link(inTenant, `${path}/reject`)}">Reject …</a></div>`
}

/** A repair outside is noticed by itself; who repaired it need not wait for that. */
function afterRepair({ kind, class: errorClass }: AttentionItem): Markup | false {
  if (errorClass !== 'needs-admin') return false
  if (kind === 'mailbox-send')
    return html`<p>Afterwards press "Send a test mail" on the mailbox's page, or wait: the gateway tries once an hour.</p>`
  return (
    kind === 'mailbox-receive' &&
    html`<p>Afterwards press "Fetch mail now" on the mailbox's page, or wait: the gateway goes on trying.</p>`
  )
}

/** True when the subject is the mailbox, or the connection it receives or sends by. */
export function concerns(item: AttentionItem, mailbox: AttentionMailbox): boolean {
  if (item.mailboxId === mailbox.id || item.id === mailbox.id) return true
  const connectionId = item.kind === 'connection' ? item.id : item.connectionId
  return [mailbox.receive, mailbox.send].some((one) => one.transport !== 'none' && one.connectionId === connectionId)
}

export function attentionCard(
  view: View,
  item: AttentionItem,
  mailboxes: readonly AttentionMailbox[],
  onOwnPage = false,
): Markup {
  const mailbox = mailboxes.find((one) => concerns(item, one))
  const mailboxId = mailbox?.id ?? (item.kind.startsWith('mailbox-') ? item.id : item.mailboxId)
  const subject = mailbox?.address ?? item.subject
  const inTenant: Record<string, string> = view.caller.role === 'operator' ? { tenant: item.tenant } : {}
  const target =
    item.kind === 'mail-unknown'
      ? html`<a href="${link(view, `/mails/${segment(item.id)}`, inTenant)}">Open the mail</a>`
      : !onOwnPage &&
        (mailboxId !== ''
          ? html`<a href="${link(view, `/mailboxes/${segment(mailboxId)}`, inTenant)}">Open the mailbox</a>`
          : view.tenant === '~' &&
            item.tenant !== '~' &&
            html`<a href="${link(view, '', inTenant)}">Open the tenant</a>`)
  return html`<article class="card alert"><h3>${kindWords(item.kind)}${subject !== '' && html`: ${subject}`}</h3>
<p class="row">${chip(`Acts: ${item.whoActs}`, item.class === 'transient' ? 'wait' : 'bad')} <span>since ${when(item.since, view.now, 'unknown')}</span>${view.tenant === '~' && html`<span>tenant <a href="${link(view, '', inTenant)}">${item.tenant}</a></span>`}</p>
<p>${item.description}</p>
${item.remedy !== '' && html`<p><b>What to do:</b> ${item.remedy}</p>`}
${item.kind === 'sign-in' && signInActions(view, item)}${afterRepair(item)}${item.peerLine !== '' && html`<details><summary>The server's words</summary><div class="words">${item.peerLine}</div></details>`}
<p class="row">${target}<span class="dim">Code ${item.code}</span></p></article>`
}
