import { html } from '../html.js'
import { page } from './frame.js'

/**
 * `problem` says why the last try failed, `to` where the person goes afterwards; `token` is also in a cookie of this
 * browser.
 */
export interface SignInForm {
  token: string
  to: string
  problem?: string
}

/** Where a person pastes an API key. */
export function signInPage({ token, to, problem = '' }: SignInForm): string {
  return page(
    'Sign in',
    html`<div class="narrow"><h1>Mailbox Gateway console</h1>
<p>See which mailbox is broken, who must act and what to do.</p>
${problem !== '' && html`<div class="card alert" role="alert"><h2>Not signed in</h2><p>${problem}</p></div>`}
<form class="card wide" method="post" action="/console/sign-in" autocomplete="off"><input type="hidden" name="token" value="${token}"><input type="hidden" name="to" value="${to}">
<label for="key">API key</label>
<input id="key" name="key" type="password" required maxlength="200" autocomplete="off" autocapitalize="off" spellcheck="false" aria-describedby="hint">
<p id="hint" class="dim">Begins with mbg_. An operator or your tenant's administrator creates keys. You stay signed in for 8 hours or until you sign out; a revoked key signs you out within a minute.</p>
<button>Sign in</button>
</form></div>`,
  )
}
