import { html } from './html.js'
import { layout } from './layout.js'
import { plainWords } from './plain-words.js'

export interface ErrorPage {
  code: string
  class: string
  hint?: string | undefined
  description: string
  remedy: string
  requestId: string
  /** Path of our own page to try again. */
  retry?: string | undefined
  /** Link for an administrator, when only one can help. */
  approval?: string | undefined
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

const retryLabels: Readonly<Record<string, string>> = {
  sign_in_used: 'See how it ended',
  sign_in_running: 'Look again',
  sign_in_open: 'Open the link',
}

/** What happened, who can help, how to go on; never the provider's raw words, never a stack (M-073, SEC-11). */
export function errorPage(page: ErrorPage): string {
  const words = Object.hasOwn(plainWords, page.code) ? plainWords[page.code] : undefined
  const heading = words?.heading ?? headingByClass(page.class)
  const remedy = words?.remedy ?? page.remedy
  const text = words?.description ?? page.description
  const told = maybeConnected.has(page.code) || /othing was connected/.test(text + remedy)
  return layout(
    heading,
    html`<h1>${heading}</h1>
<p>${text}</p>
${remedy ? html`<div class="note"><strong>What helps:</strong> ${remedy}</div>` : ''}
${!words && who(page) ? html`<p class="soft">${who(page)}</p>` : ''}
${told ? '' : html`<p class="soft">Nothing was connected by this attempt.</p>`}
${page.approval ? html`<h2>For your administrator</h2><p>Send this link to an administrator of your organisation. It shows what is asked for, and works for one day.</p><p class="link"><a href="${page.approval}">${page.approval}</a></p>` : ''}
${page.retry ? html`<a class="button" href="${page.retry}">${retryLabels[page.code] ?? 'Try again'}</a>` : ''}`,
    html`<p>If you ask for help, give this request id: <code>${page.requestId}</code><br>Code: <code>${page.code}</code></p>`,
  )
}

function headingByClass(errorClass: string): string {
  if (errorClass === 'transient') return 'Please try again in a moment'
  if (errorClass === 'needs-admin') return 'An administrator has to help'
  if (errorClass === 'needs-reconnect') return 'The sign-in did not work'
  return 'This did not work'
}

function who({ class: errorClass, hint }: ErrorPage): string {
  if (errorClass === 'transient') return 'This usually passes by itself.'
  if (errorClass !== 'needs-admin') return ''
  return hint === 'operator'
    ? 'Only the people who run this service can solve it; trying again will not help.'
    : 'An administrator of your organisation can solve it. Show them this page.'
}
