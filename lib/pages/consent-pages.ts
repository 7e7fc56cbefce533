import type { SignInStatus, SignInTarget, Verdicts } from '../model/sign-in.js'
import { html, type Markup } from './html.js'
import { layout } from './layout.js'
import { verdictItem } from './verdict-item.js'

export interface ConsentPage {
  /** `{id}.{secret}` */
  link: string
  tenantName: string
  target: Pick<SignInTarget, 'consent' | 'receive' | 'send'>
  formToken: string
}

/** What an administrator is asked to allow for the whole organisation, before Microsoft asks the same in its words. */
export function consentPage(page: ConsentPage): string {
  const { target, tenantName } = page
  const appOnly = target.consent === 'app-only'
  return layout(
    'Allow access for your organisation',
    html`<h1>Allow ${tenantName} for your organisation</h1>
<p>This page is for administrators of Microsoft 365. <strong>${tenantName}</strong> asks for a permission that holds for your whole organisation. Go on only if you know why.</p>
<h2>${appOnly ? 'It will be able to, in every mailbox' : 'People will be able to let it'}</h2>
<ul>
${target.receive ? html`<li>Read the mail that arrives${appOnly ? '' : ' in their mailbox'}, and mark, move or delete it if that is set up</li>` : ''}
${target.send ? html`<li>Send mail in the name of ${appOnly ? 'the mailbox' : 'their mailbox'}</li>` : ''}
<li>${appOnly ? 'Do so without anybody signed in, until you withdraw it in Microsoft Entra' : 'Keep doing so when they are not signed in, until they or you end it'}</li>
</ul>
${appOnly ? html`<div class="note">You can limit it to chosen mailboxes in Exchange Online (RBAC for Applications).</div>` : html`<p class="soft">Nobody’s mailbox is connected by this; everybody still decides for their own.</p>`}
<form method="post" action="/connect/${page.link}">
<input type="hidden" name="token" value="${page.formToken}">
<button type="submit">Continue with Microsoft</button>
</form>
<p class="soft">Microsoft asks you twice: first for the permission, then who you are, so that ${tenantName} can see who gave it.</p>
<form method="post" action="/connect/${page.link}/cancel">
<input type="hidden" name="token" value="${page.formToken}">
<button class="quiet" type="submit">Cancel, do not allow it</button>
</form>`,
    html`<p>Not sure? Close this page: nothing has been allowed.</p>`,
  )
}

export interface ConsentResultPage {
  status: SignInStatus
  tenantName: string
  target: Pick<SignInTarget, 'consent' | 'receive' | 'send'>
  signedInAs: string
  verdicts: Verdicts
}

export function consentResultPage(page: ConsentResultPage): string {
  const { target, verdicts, status, tenantName } = page
  const appOnly = target.consent === 'app-only'
  const heading = status === 'confirmed' ? 'Your organisation allowed it' : 'Thank you, one step is left'
  return layout(
    heading,
    html`<h1>${heading}</h1>
<p>${lead(page, appOnly)}</p>
<ul class="verdicts">
${verdictItem('Permission', verdicts.signIn, `Given by ${page.signedInAs}.`, '')}
${appOnly && target.receive ? verdictItem('Reading mail', verdicts.reading, '', 'Reading will be checked with each mailbox that is added.') : ''}
${appOnly && target.send ? verdictItem('Sending mail', verdicts.sending, '', 'Sending will be checked with each mailbox that is added.') : ''}
</ul>`,
    html`<p>Organisation that asked: ${tenantName}.</p>`,
  )
}

function lead({ status, tenantName }: ConsentResultPage, appOnly: boolean): Markup {
  if (status !== 'confirmed')
    return html`An administrator of <strong>${tenantName}</strong> now has one day to confirm it; until then nothing is connected. You can close this page.`
  return appOnly
    ? html`<strong>${tenantName}</strong> can add mailboxes of your organisation from now on. You can close this page.`
    : html`People of your organisation can connect their mailboxes to <strong>${tenantName}</strong> from now on; whoever was stopped opens their own link again. No mailbox was connected. You can close this page.`
}
