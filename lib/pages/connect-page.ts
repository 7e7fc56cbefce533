import { pagesOf, type Way } from '../model/link-ways.js'
import { providerFacts, type SignInProvider } from '../model/providers.js'
import type { SignInTarget, TypedServers } from '../model/sign-in.js'
import type { SignInChoice } from '../model/sign-in-choices.js'
import { sendFirstForm } from './approval-link.js'
import { type FormProblem, fieldErrors } from './field-errors.js'
import { html, type Markup } from './html.js'
import { layout } from './layout.js'
import { type KnownServer, passwordForm } from './password-form.js'
import { isSendOnly, permissions, type Wanted } from './permissions.js'
import { plainWords } from './plain-words.js'
import { en, type Found } from './texts/en.js'

export interface ConnectPage {
  /** `{id}.{secret}` */
  link: string
  tenantName: string
  target: Pick<SignInTarget, 'kind' | 'address' | 'allowChange'> & Wanted
  signInAs: string
  discovered: Found & { provider: string; imap?: KnownServer; smtp?: KnownServer }
  /** What this link accepts; nothing else is offered. */
  ways: readonly Way[]
  /** Sign-in pages that are accepted and set up. */
  pages: readonly SignInProvider[]
  /** What people can choose among them. */
  choices: readonly SignInChoice[]
  /** The person may say that the mailbox is a shared one; `confirmed`: an administrator has to agree then. */
  sharedOffer?: 'confirmed' | 'open' | undefined
  formToken: string
  /** It may be connected for sending first, while reading waits for an administrator. */
  maySendFirst?: boolean
  /** What was wrong with the form that was sent before. */
  problem?: FormProblem | undefined
  typed?: TypedServers | undefined
  /** The form that was sent was out of date. */
  again?: boolean
}

type Texts = typeof en

const labelOf = (provider: SignInProvider): string => providerFacts[provider].label

/**
 * Who asks, for which mailbox, for which permissions; then the choice how to sign in. Never skipped (SEC-04). After a
 * mistake the form at fault comes first, with its error beside it.
 */
export function connectPage(page: ConnectPage, t = en): string {
  const { target, tenantName, discovered } = page
  const { connect } = t
  const again = target.kind === 'reconnect'
  // Whose mail is at a server that anybody may have is known by nobody.
  const isLikely = ({ provider, registrationId }: SignInChoice): boolean =>
    [provider, 'unknown'].includes(discovered.provider) ||
    (registrationId !== undefined && discovered.provider === 'basic')
  const likely = page.choices.filter(isLikely)
  // Only at a provider that is known is anything known about what needs an administrator.
  const known = likely.find(({ registrationId }) => registrationId === undefined)
  const unlikely = page.choices.filter((one) => !isLikely(one))
  const shared = page.signInAs.toLowerCase() !== target.address.toLowerCase()
  const isForm = page.problem !== undefined && page.typed !== undefined
  const isDelegate = page.problem?.problems?.some(({ field }) => field === 'delegate') ?? false
  const sharedForm = page.sharedOffer ? sharedPart(page, isDelegate, t) : html``
  const password = page.ways.includes('password') ? passwordPart(page, likely.length > 0, t) : html``
  return layout(
    connect.title(again),
    html`<h1>${connect.heading(again, target.address)}</h1>
${page.again ? html`<p class="note" role="status">${connect.outOfDate}</p>` : ''}
${page.problem ? problemPart(page.problem, page, t) : ''}
${isForm ? password : ''}${isDelegate ? sharedForm : ''}
<p>${connect.asks(again, tenantName)} ${connect.onlyIf}</p>
<dl>
<div><dt>${connect.organisation}</dt><dd>${tenantName}</dd></div>
<div><dt>${connect.mailbox}</dt><dd>${target.address}</dd></div>
${shared ? html`<div><dt>${connect.signInAs}</dt><dd>${page.signInAs}</dd></div>` : ''}
</dl>
${shared && page.pages.length > 0 ? html`<p class="soft">${connect.sharedHint}</p>` : ''}
${target.allowChange ? html`<div class="note">${connect.changes(target.allowChange, tenantName)}</div>` : ''}
<h2>${connect.ableTo}</h2>
${permissions(target, t)}
${isSendOnly(target) && page.choices.length > 0 && page.choices.every(({ registrationId }) => registrationId === undefined) ? html`<p class="soft">${connect.sendOnly}</p>` : ''}
${likely.map((choice) => html`${providerButton(page, { choice, isFirst: true }, t)}<p class="soft">${connect.atProvider(choice.label)}</p>`)}
${page.maySendFirst && known ? sendFirstPart(page, known.provider, t) : ''}
${page.pages.length === 0 && !page.ways.includes('password') ? html`<p class="note">${connect.notSetUp(tenantName, pagesOf(page.ways).map(labelOf))}</p>` : ''}
${isForm ? '' : password}
${unlikely.map((one) => otherwise(page, one, t))}
${isDelegate ? '' : sharedForm}
<form method="post" action="/connect/${page.link}/cancel">
<input type="hidden" name="token" value="${page.formToken}">
<button class="quiet" type="submit">${connect.cancel}</button>
</form>`,
    { footer: html`<p>${connect.evidence(discovered)} ${connect.notSure}</p>`, lang: t.lang },
  )
}

/** What is wrong, with a link to the field; what several fields lack stands once. */
function problemPart(problem: FormProblem, { typed }: ConnectPage, t: Texts): Markup {
  const { heading, description, remedy } = plainWords(problem, t)
  const isInput = problem.code === 'invalid_input'
  const errors = typed === undefined && !isInput ? new Map<string, string>() : fieldErrors(problem, typed, t)
  const linked = [...errors].filter(([, text], at, all) => all.findIndex(([, other]) => other === text) === at)
  const title = isInput ? t.error.byClass.permanent : (heading ?? description)
  return html`<div class="problem" role="alert"><strong>${title}</strong>
${linked.map(([field, text]) => html`<p><a href="#${field}">${text}</a></p>`)}${isInput ? '' : html`<p>${remedy}</p>`}</div>`
}

function passwordPart(page: ConnectPage, isSecond: boolean, t: Texts): Markup {
  const { connect } = t
  const { provider } = page.discovered
  const open = !isSecond || page.typed !== undefined
  const appPasswords = html`<a href="https://myaccount.google.com/apppasswords" rel="noreferrer">myaccount.google.com/apppasswords</a>`
  return html`<details${open ? html` open` : ''}>
<summary>${isSecond ? connect.passwordInstead : connect.passwordFirst}</summary>
${provider === 'microsoft' ? html`<p class="note">${connect.looksLikeMicrosoft}</p>` : ''}
${provider === 'google' ? html`<p class="note">${connect.looksLikeGoogle(appPasswords)}</p>` : ''}
${passwordForm(page, !isSecond, t)}
</details>`
}

function sendFirstPart(page: ConnectPage, provider: SignInProvider, t: Texts): Markup {
  const { link, formToken, tenantName } = page
  const form = sendFirstForm({ action: `/connect/${link}`, formToken, provider, tenantName }, t)
  return html`<details><summary>${t.connect.sendFirstSummary}</summary>${form}</details>`
}

/** A mailbox that looks like somebody else's: this provider is not the first thing offered. */
function otherwise(page: ConnectPage, choice: SignInChoice, t: Texts): Markup {
  const button = providerButton(page, { choice, isFirst: false }, t)
  return page.ways.includes('password')
    ? html`<details><summary>${t.connect.insteadAt(choice.label)}</summary>${button}</details>`
    : button
}

function providerButton(
  page: ConnectPage,
  { choice, isFirst }: { choice: SignInChoice; isFirst: boolean },
  { connect }: Texts,
): Markup {
  return html`<form method="post" action="/connect/${page.link}">
<input type="hidden" name="token" value="${page.formToken}">
<input type="hidden" name="provider" value="${choice.provider}">
${
  choice.registrationId === undefined
    ? ''
    : html`<input type="hidden" name="registration" value="${choice.registrationId}">
`
}<button type="submit"${isFirst ? '' : html` class="plain"`}>${connect.continueWith(choice.label)}</button>
</form>`
}

/** Nobody signs in as a shared mailbox: a person who may open it names themselves. */
function sharedPart(page: ConnectPage, wrong: boolean, { connect, form }: Texts): Markup {
  const provider = page.pages.find((one) => providerFacts[one].transports.includes('graph'))
  if (provider === undefined) return html``
  const typed = page.problem?.values?.['delegate'] ?? ''
  const state = html` aria-invalid="true" aria-describedby="delegate-error" autofocus`
  return html`<details${wrong ? html` open` : ''}><summary>${connect.shared}</summary>
<p>${connect.sharedText(page.target.address)}</p>
${page.sharedOffer === 'confirmed' ? html`<p>${connect.sharedConfirm(page.tenantName)}</p>` : ''}
<form method="post" action="/connect/${page.link}">
<input type="hidden" name="token" value="${page.formToken}">
<label for="delegate">${connect.delegate}</label>${wrong ? html`<p class="field-error" id="delegate-error">${form.badAddress}</p>` : ''}
<input id="delegate" name="delegate" type="email" autocomplete="email" autocapitalize="none" spellcheck="false" required maxlength="254" value="${typed}"${wrong ? state : ''}>
<input type="hidden" name="provider" value="${provider}">
<button class="plain" type="submit">${connect.continueWith(labelOf(provider))}</button>
</form></details>`
}
