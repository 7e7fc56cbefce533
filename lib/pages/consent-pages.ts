import { providerFacts, type SignInProvider } from '../model/providers.js'
import type { SignInStatus, SignInTarget, Verdicts } from '../model/sign-in.js'
import { type ExchangeSteps, exchangeSteps } from './exchange-steps.js'
import { html, type Markup } from './html.js'
import { layout } from './layout.js'
import { isReadOnly, type Wanted } from './permissions.js'
import { dayAndTime } from './texts/day-and-time.js'
import { en } from './texts/en.js'
import { verdictItem } from './verdict-item.js'

export interface ConsentPage {
  /** `{id}.{secret}` */
  link: string
  tenantName: string
  target: Pick<SignInTarget, 'consent'> & Wanted
  /** What is needed, in the provider's own words. */
  permissions: readonly string[]
  /** Whose administrators are asked. */
  pages: readonly SignInProvider[]
  formToken: string
  /** The form that was sent was out of date. */
  again?: boolean
}

/** What an administrator is asked to allow for the whole organisation, before Microsoft asks the same in its words. */
export function consentPage(page: ConsentPage, t = en): string {
  const { target, tenantName } = page
  const { consent, connect } = t
  const appOnly = target.consent === 'app-only'
  return layout(
    consent.title,
    html`<h1>${consent.heading(tenantName)}</h1>
<p>${consent.intro(tenantName)} ${connect.onlyIf}</p>
${page.again ? html`<p class="note" role="status">${connect.outOfDate}</p>` : ''}
<h2>${consent.able(appOnly)}</h2>
<ul>
${target.receive ? html`<li>${isReadOnly(target) ? consent.readOnly(appOnly) : consent.read(appOnly)}</li>` : ''}
${target.send ? html`<li>${consent.send(appOnly)}</li>` : ''}
<li>${consent.keep(appOnly)}</li>
</ul>
<p class="soft">${consent.named(appOnly, page.permissions.join(', '))}</p>
${appOnly ? html`<div class="note">${consent.limit}</div>` : html`<p class="soft">${consent.nobody}</p>`}
<form method="post" action="/connect/${page.link}">
<input type="hidden" name="token" value="${page.formToken}">
<button type="submit">${connect.continueWith(providerFacts[page.pages[0] ?? 'microsoft'].label)}</button>
</form>
<p class="soft">${consent.twice(tenantName)}</p>
<form method="post" action="/connect/${page.link}/cancel">
<input type="hidden" name="token" value="${page.formToken}">
<button class="quiet" type="submit">${consent.cancel}</button>
</form>`,
    { footer: html`<p>${consent.notSure}</p>`, lang: t.lang },
  )
}

export interface ConsentResultPage {
  status: SignInStatus
  tenantName: string
  target: Pick<SignInTarget, 'consent' | 'receive' | 'send'>
  signedInAs: string
  verdicts: Verdicts
  /** Milliseconds: until when it can be confirmed. */
  until: number
  /** What an administrator of Exchange has to do besides. */
  exchange?: ExchangeSteps
}

export function consentResultPage(page: ConsentResultPage, t = en): string {
  const { target, verdicts, status, tenantName } = page
  const { consent, verdict } = t
  const appOnly = target.consent === 'app-only'
  const heading = status === 'confirmed' ? consent.allowed : consent.oneLeft
  const given = { works: consent.givenBy(page.signedInAs), untested: '' }
  const read = { works: '', untested: consent.readLater }
  const send = { works: '', untested: consent.sendLater }
  return layout(
    heading,
    html`<h1>${heading}</h1>
<p>${lead(page, appOnly, t)}</p>
<ul class="verdicts">
${verdictItem(consent.permission, { value: verdicts.signIn, ...given }, t)}
${appOnly && target.receive ? verdictItem(verdict.reading, { value: verdicts.reading, ...read }, t) : ''}
${appOnly && target.send ? verdictItem(verdict.sending, { value: verdicts.sending, ...send }, t) : ''}
</ul>
${page.exchange ? exchangeSteps(page.exchange, t) : ''}`,
    { footer: html`<p>${consent.footer(tenantName)}</p>`, lang: t.lang },
  )
}

function lead(
  { status, tenantName, until }: ConsentResultPage,
  appOnly: boolean,
  { consent, lang }: typeof en,
): Markup {
  if (status !== 'confirmed') return consent.pending(tenantName, dayAndTime(until, lang))
  return appOnly ? consent.appOnlyDone(tenantName) : consent.delegatedDone(tenantName)
}
