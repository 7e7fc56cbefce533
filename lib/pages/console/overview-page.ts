import { type AttentionItem, isForewarning } from '../../model/attention.js'
import type { Mailbox } from '../../model/mailbox.js'
import type { MailboxHealth } from '../../model/mailbox-health.js'
import { html, type Markup } from '../html.js'
import { type AttentionMailbox, attentionCard } from './attention-card.js'
import { consolePage, link, type View } from './frame.js'
import { type Pages, pager } from './pager.js'
import { chip } from './words.js'

/** A mailbox as the overview counts it and names it on the cards. */
export interface OverviewMailbox extends AttentionMailbox, Pick<Mailbox, 'active'> {
  health: MailboxHealth
}

export interface TenantEntry {
  id: string
  name: string
}

export interface HealthVerdict {
  ok: boolean
  checks: readonly { name: string; ok: boolean; text: string; remedy: string }[]
}

/** The first page of what is broken now, as the API gives it. */
export interface Broken {
  attention: readonly AttentionItem[]
  next: string
}

export interface Overview {
  broken: Broken
  boxes: { mailboxes: readonly OverviewMailbox[]; next: string }
  openMails: readonly { state: string; held: boolean }[]
}

/** One tenant: how much, then what is broken, who acts and what to do. */
export function overviewPage(view: View, data: Overview): string {
  const count = (amount: number, text: string): Markup => html`<li><b>${amount}</b> ${text}</li>`
  const open = data.openMails
  const { mailboxes, next } = data.boxes
  const amount = next === '' ? `${mailboxes.length}` : `the first ${mailboxes.length}`
  const working = mailboxes.filter((one) => one.health === 'working').length
  const paused = mailboxes.filter((one) => one.health === 'paused').length
  return consolePage(
    view,
    { current: '', title: 'Overview' },
    html`<h1>${headline(data.broken)}</h1>
<ul class="counts">${count(working, `of ${amount} mailboxes work`)}${paused > 0 && count(paused, 'paused')}${count(open.length, open.length >= 200 ? 'or more open mails' : 'open mails')}${count(open.filter((one) => one.held).length, 'held')}${count(open.filter((one) => one.state === 'unknown').length, 'with unknown outcome')}</ul>
${mailboxes.length === 0 && html`<div class="card"><h2>No mailbox yet</h2><p>Connect the first one: your application, or you with the API, starts a sign-in (POST /api/v1/sign-ins) and sends its link to the owner of the mailbox.</p></div>`}
${attentionList(view, data.broken, mailboxes)}`,
  )
}

/** All tenants, for operators: the gateway's own health, what is broken anywhere, the tenants to choose from. */
export function allTenantsPage(
  view: View,
  data: { broken: Broken; tenants: readonly TenantEntry[]; health: HealthVerdict; pages: Pages },
): string {
  const broken = (id: string): number =>
    data.broken.attention.filter((one) => one.tenant === id && !waitsForYou(one) && !isComing(one)).length
  return consolePage(
    view,
    { current: '', title: 'All tenants' },
    html`<h1>${headline(data.broken)}</h1>
${!data.health.ok && healthCard(data.health)}
${attentionList(view, data.broken, [])}
<h2>Tenants</h2>
${data.tenants.length === 0 ? html`<div class="card"><p>No tenant yet. Create one with POST /api/v1/tenants, then an API key for it.</p></div>` : html`<ul>${data.tenants.map((one) => html`<li><a href="${link(view, '', { tenant: one.id })}">${one.name}</a> <span class="dim">${one.id}</span> ${broken(one.id) > 0 && chip(`${broken(one.id)} broken`, 'bad')}</li>`)}</ul>`}
${pager(view, '', { ...data.pages, words: ['Previous', 'Next'] })}
${data.health.ok && healthCard(data.health)}`,
  )
}

function healthCard(health: HealthVerdict): Markup {
  return html`<section class="card${health.ok ? '' : ' alert'}"><h2>The gateway itself</h2>
<ul class="plain">${health.checks.map((one) => html`<li>${chip(one.ok ? 'works' : 'broken', one.ok ? 'good' : 'bad')} ${one.name}: ${one.text}${one.remedy !== '' && html`<br>What to do: ${one.remedy}`}</li>`)}</ul></section>`
}

/** Nothing is wrong with a sign-in that an administrator has to confirm. */
const waitsForYou = ({ kind }: AttentionItem): boolean => kind === 'sign-in'

const isComing = ({ code }: AttentionItem): boolean => isForewarning(code)

function headline({ attention, next }: Broken): string {
  const amount = attention.filter((one) => !isComing(one)).length
  if (next !== '') return `${amount} or more things need attention`
  return amount === 0
    ? 'Nothing is broken'
    : amount === 1
      ? '1 thing needs attention'
      : `${amount} things need attention`
}

/** The latest trouble first; what has a day that is known beforehand wakes nobody. */
function attentionList(view: View, { attention }: Broken, mailboxes: readonly OverviewMailbox[]): Markup {
  const items = [...attention].sort((a, b) => b.since.localeCompare(a.since))
  const cards = (title: string, some: readonly AttentionItem[]): Markup | false =>
    some.length > 0 && html`<h2>${title}</h2>${some.map((item) => attentionCard(view, item, { mailboxes }))}`
  const waiting = items.filter(waitsForYou)
  const broken = items.filter((one) => !isComing(one) && !waitsForYou(one))
  return html`${cards('Waiting for you', waiting)}${broken.length === 0 ? quiet(view, mailboxes) : cards('Broken now', broken)}${cards('To do before a date', items.filter(isComing))}`
}

/** No card; a mailbox that failed a moment ago has none yet. */
function quiet(view: View, mailboxes: readonly OverviewMailbox[]): Markup {
  const failing = mailboxes.filter(({ health }) => health !== 'working' && health !== 'paused').length
  if (failing > 0)
    return html`<div class="card"><p>${failing === 1 ? '1 mailbox does' : `${failing} mailboxes do`} not work at the moment, and nobody has to act yet: the gateway retries automatically. <a href="${link(view, '/mailboxes')}">See the mailboxes</a></p></div>`
  return html`<div class="card">${chip('all well', 'good')} ${view.tenant === '~' ? 'Choose a tenant to see its mail and logs.' : 'Every mailbox works as far as the gateway knows. Open mail is under Mails, every attempt under Logs.'}</div>`
}
