/** The question before a sign-in is rejected: a page of its own, so that it works without a script. */
import { html } from '../html.js'
import { actionButton, consolePage, link, segment, type View } from './frame.js'
import { when } from './words.js'

export interface WaitingSignIn {
  signInId: string
  address: string
  signedInAs: string
  directory: string
  expiresAt: string
}

export function askRejectPage(view: View, signIn: WaitingSignIn): string {
  const title = 'Reject this sign-in?'
  const { signInId, address, signedInAs, directory } = signIn
  return consolePage(
    view,
    '',
    title,
    html`<h1>${title}</h1>
<div class="card alert"><dl><dt>Mailbox</dt><dd>${address || 'none: a permission for the whole organisation'}</dd><dt>Signed in</dt><dd>${signedInAs || 'with a password'}${directory !== '' && html` <span class="dim">directory ${directory}</span>`}</dd><dt>Ends</dt><dd>${when(signIn.expiresAt, view.now)}</dd></dl>
<p>The link stops working and nothing of the sign-in is kept. To connect the mailbox after all, a new link is needed.</p>
<div class="row">${actionButton(view, `/sign-ins/${segment(signInId)}/reject`, 'Yes, reject it')}<a class="button plain" href="${link(view, '')}">No, go back</a></div></div>`,
  )
}
