import { html } from './html.js'
import { layout } from './layout.js'

export interface ErrorPage {
  code: string
  class: string
  hint?: string | undefined
  description: string
  remedy: string
  requestId: string
  /** Path of our own page to try again. */
  retry?: string | undefined
}

const headings: Record<string, string> = {
  link_unknown: 'This link does not work',
  link_expired: 'This link has expired',
  sign_in_used: 'This link was already used',
  sign_in_cancelled: 'This sign-in was cancelled',
  flow_expired: 'That took a little too long',
  state_mismatch: 'We lost track of your sign-in',
  form_expired: 'This page is out of date',
  mailbox_mismatch: 'That was another account',
  aadsts_65004: 'You did not allow access',
  oauth_access_denied: 'You did not allow access',
  aadsts_90094: 'An administrator has to approve this',
  unexpected: 'Something went wrong on our side',
}

/** What happened, who can help, how to go on; never the provider's raw words, never a stack (M-073, SEC-11). */
export function errorPage(page: ErrorPage): string {
  const heading = headings[page.code] ?? headingByClass(page.class)
  return layout(
    heading,
    html`<h1>${heading}</h1>
<p>${page.description}</p>
${page.remedy ? html`<div class="note"><strong>What helps:</strong> ${page.remedy}</div>` : ''}
${who(page) ? html`<p class="soft">${who(page)}</p>` : ''}
<p class="soft">Nothing was connected by this attempt.</p>
${page.retry ? html`<a class="button" href="${page.retry}">Try again</a>` : ''}`,
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
