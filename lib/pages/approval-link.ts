import { html, type Markup } from './html.js'
import type { Texts } from './texts/texts.js'

/** The link for an administrator as text that one click selects, and as a mail to send: both work without a script. */
export function approvalLink(link: string, { error }: Texts): Markup {
  const mail = `mailto:?subject=${encodeURIComponent(error.mailSubject)}&body=${encodeURIComponent(error.mailBody(link))}`
  return html`<p>${error.sendLink}</p><p class="link">${link}</p><a class="button plain" href="${mail}">${error.mailLink}</a>`
}

export interface SendFirst {
  /** Path of the link's own page. */
  action: string
  formToken: string
  provider: string
  tenantName: string
}

/** Sending needs no administrator in most organisations: it can begin while reading waits for one (M-142). */
export const sendFirstForm = (
  { action, formToken, provider, tenantName }: SendFirst,
  { connect }: Texts,
  isFirst = false,
): Markup =>
  html`<p>${connect.sendFirstText(tenantName)}</p>
<form method="post" action="${action}">
<input type="hidden" name="token" value="${formToken}">
<input type="hidden" name="provider" value="${provider}">
<input type="hidden" name="later" value="receive">
<button type="submit"${isFirst ? '' : html` class="plain"`}>${connect.sendFirst}</button>
</form>`

export interface HandOver {
  to: 'administrator' | 'operator'
  /** Name and client id of the registration. */
  application: string
  clientId: string
  account: string
}

/** A text to pass on, where somebody else must act and no link does it: to be selected, or as a mail. */
export function handOverText(
  to: HandOver,
  said: { code: string; heading: string; description: string; remedy: string },
  { error }: Texts,
): Markup {
  const text = error.handOver({ ...to, ...said })
  const mail = `mailto:?subject=${encodeURIComponent(said.heading)}&body=${encodeURIComponent(text)}`
  return html`<p>${error.passOn}</p><p class="link">${text}</p><a class="button plain" href="${mail}">${error.mailText}</a>`
}
