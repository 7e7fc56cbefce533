import type { ReconnectChange, Way } from '../model/link-ways.js'
import type { SignInTarget } from '../model/sign-in.js'
import { breakable, html, type Markup } from './html.js'
import { layout } from './layout.js'
import { type KnownServer, passwordForm, type TypedForm } from './password-form.js'
import { plainWords } from './plain-words.js'
import { rights } from './rights.js'

export interface ConnectPage {
  /** `{id}.{secret}` */
  link: string
  tenantName: string
  target: Pick<SignInTarget, 'kind' | 'address' | 'receive' | 'send' | 'allowChange'>
  signInAs: string
  discovered: { provider: string; evidence: string; imap?: KnownServer; smtp?: KnownServer }
  /** What this link accepts; nothing else is offered. */
  ways: readonly Way[]
  /** Microsoft is accepted and set up. */
  microsoft: boolean
  formToken: string
  /** What was wrong with the form that was just sent. */
  problem?: { code: string; description: string; remedy: string }
  typed?: TypedForm
}

/** Who asks, for which mailbox, for which rights; then the choice how to sign in. Never skipped (SEC-04). */
export function connectPage(page: ConnectPage): string {
  const { target, tenantName, discovered } = page
  const again = target.kind === 'reconnect'
  const microsoftFirst = page.microsoft && discovered.provider !== 'basic' && discovered.provider !== 'google'
  const shared = page.signInAs.toLowerCase() !== target.address.toLowerCase()
  const password = html`<details${passwordOpen(page, microsoftFirst) ? html` open` : ''}>
<summary>${microsoftFirst ? 'Use a user name and password instead' : 'Sign in with a user name and password'}</summary>
${discovered.provider === 'microsoft' ? html`<p class="note">This looks like a Microsoft mailbox. Microsoft has switched passwords off for almost all of them, so this will probably fail. Continue with Microsoft instead.</p>` : ''}
${discovered.provider === 'google' ? html`<p class="note">This looks like a Google mailbox. Google asks for an <em>app password</em> here, which you make in your Google account under Security; your normal password will not work.</p>` : ''}
${passwordForm(page, !microsoftFirst)}
</details>`
  return layout(
    again ? 'Reconnect your mailbox' : 'Connect your mailbox',
    html`<h1>${again ? 'Reconnect' : 'Connect'} ${breakable(target.address)}</h1>
<p>${again ? html`<strong>${tenantName}</strong> was given access to this mailbox and asks you to sign in again.` : html`<strong>${tenantName}</strong> asks for access to this mailbox.`} Go on only if you know why.</p>
${page.problem ? html`<div class="problem" role="alert"><strong>${page.problem.description}</strong><p>${plainWords[page.problem.code]?.remedy ?? page.problem.remedy}</p></div>` : ''}
<dl>
<div><dt>Organisation that gets access</dt><dd>${tenantName}</dd></div>
<div><dt>Mailbox</dt><dd>${target.address}</dd></div>
${shared ? html`<div><dt>Sign in as</dt><dd>${page.signInAs}</dd></div>` : ''}
</dl>
${target.allowChange ? html`<div class="note">${changes(target.allowChange)} ${tenantName} asked for this link so. If you did not expect that, close the page and ask them first.</div>` : ''}
<h2>It will be able to</h2>
${rights(target)}
${page.microsoft ? microsoftButton(page, microsoftFirst) : ''}
${page.microsoft && microsoftFirst ? html`<p class="soft">You sign in on Microsoft’s own page. Your password is never seen here.</p>` : ''}
${!page.microsoft && !page.ways.includes('password') ? html`<p class="note">Signing in with Microsoft is not set up at ${tenantName} yet. Ask an administrator to add an app registration.</p>` : ''}
${page.ways.includes('password') ? password : ''}
<form method="post" action="/connect/${page.link}/cancel">
<input type="hidden" name="token" value="${page.formToken}">
<button class="quiet" type="submit">Cancel, do not connect</button>
</form>`,
    html`<p>${discovered.evidence} Not sure? Close this page: nothing has been connected.</p>`,
  )
}

const changeable: Record<ReconnectChange, string> = {
  provider: 'another provider',
  server: 'other mail servers',
  identity: 'another account',
}

const changes = (allowed: readonly ReconnectChange[]): string =>
  `This link may connect the mailbox with ${allowed.map((one) => changeable[one]).join(' and ')} than before.`

const passwordOpen = (page: ConnectPage, microsoftFirst: boolean): boolean =>
  !microsoftFirst || page.typed !== undefined

function microsoftButton(page: ConnectPage, first: boolean): Markup {
  return html`<form method="post" action="/connect/${page.link}">
<input type="hidden" name="token" value="${page.formToken}">
<button type="submit"${first ? '' : html` class="plain"`}>Continue with Microsoft</button>
</form>`
}
