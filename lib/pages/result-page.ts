import type { SignInStatus, SignInTarget, Verdicts } from '../model/sign-in.js'
import { breakable, html, type Markup } from './html.js'
import { layout } from './layout.js'
import { verdictItem } from './verdict-item.js'

export interface ResultPage {
  status: SignInStatus
  tenantName: string
  target: Pick<SignInTarget, 'kind' | 'address' | 'receive' | 'send' | 'confirmation'>
  signedInAs: string
  verdicts: Verdicts
  returnTo?: string
}

/** Signing in, reading and sending each have their own verdict (M-072); then the one thing to do next. */
export function resultPage(page: ResultPage): string {
  const { target, verdicts, status } = page
  const done = status === 'confirmed'
  const used = [target.receive && verdicts.reading, target.send && verdicts.sending].filter((one) => one !== false)
  const state = used.every((one) => one.verdict === 'fails') ? 'is connected, but does not work yet' : 'is connected'
  const title = done ? `${target.address} ${state}` : page.returnTo ? 'One more step' : 'You are signed in'
  return layout(
    title,
    html`<h1>${done ? html`${breakable(target.address)} ${state}` : title}</h1>
<p>${lead(page)}</p>
<ul class="verdicts">
${verdictItem('Signing in', verdicts.signIn, page.signedInAs ? `Signed in as ${page.signedInAs}.` : 'The sign-in was accepted.', 'The sign-in was not checked.')}
${target.receive ? verdictItem('Reading mail', verdicts.reading, 'New mail can be read.', 'Reading will be checked with the first look into the mailbox.') : ''}
${target.send ? verdictItem('Sending mail', verdicts.sending, 'The mail service accepts mail from this mailbox.', 'Sending will be checked with the first mail.') : ''}
</ul>
${page.returnTo && !done ? html`<a class="button" href="${page.returnTo}" rel="noreferrer">Finish in your application</a>` : ''}
${page.returnTo && done ? html`<a class="button" href="${page.returnTo}" rel="noreferrer">Back to your application</a>` : ''}`,
    html`<p>Organisation: ${page.tenantName}. Mailbox: ${target.address}.</p>`,
  )
}

function lead({ status, target, tenantName, returnTo, verdicts }: ResultPage): Markup {
  const failing = (['reading', 'sending'] as const).filter((one) => verdicts[one].verdict === 'fails')
  if (status === 'confirmed' && failing.length > 0)
    return html`<strong>${tenantName}</strong> has access, but ${failing.join(' and ')} mail does not work yet. It is tried again by itself; below you see what helps.`
  if (status === 'confirmed')
    return html`<strong>${tenantName}</strong> can use this mailbox from now on. You can close this page.`
  if (returnTo)
    return html`Your sign-in worked. Go back to the application within ten minutes to finish; until then nothing is connected.`
  if (target.confirmation === 'tenant-admin')
    return html`Thank you. An administrator of <strong>${tenantName}</strong> now has one day to confirm the mailbox; until then nothing is connected. You can close this page.`
  return html`Thank you. You can close this page.`
}
