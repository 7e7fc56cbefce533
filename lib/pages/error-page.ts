import { approvalLink, type HandOver, handOverText, type SendFirst, sendFirstForm } from './approval-link.js'
import { html, type Markup } from './html.js'
import { layout } from './layout.js'
import { plainWords } from './plain-words.js'
import { returnButton } from './return-button.js'
import { en } from './texts/en.js'
import { isHopeless, type Values, wordKeyOf } from './texts/words-of-code.js'

export interface ErrorPage {
  code: string
  class: string
  hint?: string | undefined
  description: string
  remedy: string
  values?: Values | undefined
  requestId: string
  /** Path of our own page to try again. */
  retry?: string | undefined
  /** Link for an administrator, when only one can help. */
  approval?: string | undefined
  /** Sending can be connected now, while reading waits for that administrator. */
  sendFirst?: SendFirst | undefined
  /** What somebody else has to know to repair it, where no link does it for them. */
  handOver?: HandOver | undefined
  /** Back to the application, with the code of the error. */
  returnTo?: string | undefined
  /** The mailbox, where somebody signed in who is not its own account: it may be a shared one. */
  maybeShared?: string | undefined
}

/** Where an earlier attempt may well have connected the mailbox. */
const maybeConnected: ReadonlySet<string> = new Set([
  'sign_in_used',
  'sign_in_running',
  'sign_in_open',
  'link_unknown',
  'mailbox_exists',
  'unexpected',
])

/** What happened, who can help, how to continue; never the provider's raw words, never a stack (M-073, SEC-11). */
export function errorPage(page: ErrorPage, t = en): string {
  const { error } = t
  const words = plainWords(page, t)
  const heading = words.heading ?? headingByClass(page.class, t)
  const { description, remedy } = words
  const told = maybeConnected.has(page.code) || /othing was connected|nichts verbunden/.test(description + remedy)
  return layout(
    heading,
    html`<h1>${heading}</h1>
<p>${description}</p>
${remedy ? html`<div class="note"><strong>${error.helps}</strong> ${remedy}</div>` : ''}
${page.maybeShared ? html`<p class="note">${error.sharedHint(page.maybeShared)}</p>` : ''}
${words.heading === undefined && who(page, t) ? html`<p class="soft">${who(page, t)}</p>` : ''}
${told ? '' : html`<p class="soft">${error.nothing}</p>`}
${approval(page, t)}
${page.handOver ? html`<h2>${page.handOver.to === 'operator' ? error.forOperator : error.forAdministrator}</h2>${handOverText(page.handOver, { code: page.code, heading, description, remedy }, t)}` : ''}
${page.retry ? retryButton(page.retry, page, t) : ''}
${returnButton(page.returnTo, t.result.back, true)}`,
    {
      footer: html`<p>${error.requestId(html`<code>${page.requestId}</code>`)}<br>${error.code} <code>${page.code}</code></p>`,
      lang: t.lang,
    },
  )
}

/** What the person can do without an administrator, and the link for one. */
function approval({ approval: link, sendFirst, code }: ErrorPage, t: typeof en): Markup {
  const { error, connect } = t
  const handOver = link === undefined ? html`` : approvalLink(link, t)
  const now = sendFirst === undefined ? html`` : html`<h2>${connect.sendFirst}</h2>${sendFirstForm(sendFirst, t, true)}`
  const key = wordKeyOf(code)
  // Whoever may not consent can only go back at Microsoft, which reports that as declined.
  if (key === 'declined' && (link ?? sendFirst) !== undefined)
    return html`<details${sendFirst ? html` open` : ''}><summary>${error.maybeApproval}</summary>${now}${link === undefined ? '' : html`<h2>${error.forAdministrator}</h2>${handOver}`}</details>`
  if (link === undefined) return now
  // For who reads that nothing is left to do, the link is the second way.
  return key === 'requested'
    ? html`${now}<details><summary>${error.noApproval}</summary>${handOver}</details>`
    : html`${now}<h2>${error.forAdministrator}</h2>${handOver}`
}

/** Not the large button where another attempt of the same person changes nothing. */
function retryButton(path: string, { code }: ErrorPage, { error }: typeof en): Markup {
  const labels: Readonly<Record<string, string>> = {
    sign_in_used: error.seeHow,
    sign_in_running: error.lookAgain,
    sign_in_open: error.openLink,
  }
  // There is nothing to sign in for.
  if (wordKeyOf(code) === 'alreadyConnected') return html``
  if (isHopeless(code)) return html`<p class="soft"><a href="${path}">${error.openAgain}</a></p>`
  return html`<a class="button" href="${path}">${labels[code] ?? error.retry}</a>`
}

const headingByClass = (errorClass: string, { error }: typeof en): string =>
  Object.hasOwn(error.byClass, errorClass)
    ? error.byClass[errorClass as keyof typeof error.byClass]
    : error.byClass.permanent

function who({ class: errorClass, hint }: ErrorPage, { error }: typeof en): string {
  if (errorClass === 'transient') return error.transient
  if (errorClass !== 'needs-admin') return ''
  return hint === 'operator' ? error.operator : error.administrator
}
