import type { SignInStatus, SignInTarget, Verdict, Verdicts } from '../model/sign-in.js'
import { approvalLink } from './approval-link.js'
import { breakable, html, type Markup } from './html.js'
import { layout } from './layout.js'
import { returnButton } from './return-button.js'
import { dayAndTime } from './texts/day-and-time.js'
import { en } from './texts/en.js'
import { verdictItem } from './verdict-item.js'

export interface ResultPage {
  status: SignInStatus
  tenantName: string
  target: Pick<SignInTarget, 'kind' | 'address' | 'receive' | 'send' | 'later' | 'confirmation'>
  signedInAs: string
  verdicts: Verdicts
  /** Milliseconds: until when it can be confirmed. */
  until: number
  returnTo?: string
  /** Link for an administrator, where reading waits for one. */
  approval?: string
}

/** Signing in, reading and sending each have their own verdict (M-072); then the one thing to do next. */
export function resultPage(page: ResultPage, t = en): string {
  const { target, verdicts, status, signedInAs } = page
  const { result, verdict } = t
  const done = status === 'confirmed'
  const used = [target.receive && verdicts.reading, target.send && verdicts.sending].filter((one) => one !== false)
  const working = target.later ? result.connectedForSending : result.connected
  const state = used.every((one) => one.verdict === 'fails') ? result.connectedBroken : working
  const title = done ? `${target.address} ${state}` : openTitle(page, t)
  const signIn = { works: signedInAs ? verdict.signedInAs(signedInAs) : verdict.accepted, untested: verdict.notChecked }
  return layout(
    title,
    html`<h1>${done ? html`${breakable(target.address)} ${state}` : title}</h1>
<p>${lead(page, t)}</p>
<ul class="verdicts">
${verdictItem(verdict.signIn, { value: verdicts.signIn, ...signIn }, t)}
${directions(page, t)}
</ul>
${page.approval ? html`<h2>${t.error.forAdministrator}</h2>${approvalLink(page.approval, t)}` : ''}
${done ? '' : html`<p class="soft">${result.noMail}</p>`}
${returnButton(page.returnTo, done ? result.back : result.finish)}`,
    { footer: html`<p>${result.footer(page.tenantName, target.address)}</p>`, lang: t.lang },
  )
}

function openTitle({ returnTo, target }: ResultPage, { result }: typeof en): string {
  if (returnTo) return result.oneMore
  return target.confirmation === 'tenant-admin' ? result.waiting : result.signedIn
}

/** One cause that stops both directions is said once. */
function directions({ target, verdicts: { reading, sending } }: ResultPage, t: typeof en): Markup {
  const { verdict } = t
  const receives = target.receive || target.later !== undefined
  const later = (one: Verdict, words: string): string =>
    one.verdict === 'not-tested' && one.unanswered ? verdict.unanswered : words
  const read = { works: verdict.readable, untested: later(reading, verdict.readLater) }
  const send = { works: verdict.sendable, untested: later(sending, verdict.sendLater) }
  const same = reading.verdict === 'fails' && sending.verdict === 'fails' && reading.text === sending.text
  if (target.receive && target.send && same) return verdictItem(verdict.both, { value: reading, ...read }, t)
  return html`${receives ? verdictItem(verdict.reading, { value: reading, ...read }, t) : ''}
${target.send ? verdictItem(verdict.sending, { value: sending, ...send }, t) : ''}`
}

function lead(
  { status, target, tenantName, returnTo, verdicts, until }: ResultPage,
  { lang, result }: typeof en,
): Markup {
  const failing = (['reading', 'sending'] as const).filter((one) => verdicts[one].verdict === 'fails')
  if (status === 'confirmed' && target.later && verdicts.sending.verdict !== 'fails')
    return result.sendingFirst(tenantName)
  if (status === 'confirmed' && failing.length > 0) return result.failing(tenantName, failing)
  if (status === 'confirmed') return result.done(tenantName)
  if (returnTo) return html`${result.goBack}`
  if (target.confirmation === 'tenant-admin') return result.pending(tenantName, dayAndTime(until, lang))
  return html`${result.thanks}`
}
