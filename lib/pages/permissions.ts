import type { SignInTarget } from '../model/sign-in.js'
import { html, type Markup } from './html.js'
import type { Texts } from './texts/texts.js'

/** A direction is wanted for what it needs, or with every permission. */
export type Wanted = Pick<SignInTarget, 'receive' | 'send' | 'leavesMail' | 'permissions'>

/** Nothing but sending is asked for. */
export const isSendOnly = ({ receive, send, permissions }: Wanted): boolean =>
  send && !receive && permissions === undefined

/** Nothing but reading is. */
export const isReadOnly = ({ receive, send, leavesMail, permissions }: Wanted): boolean =>
  receive && !send && leavesMail === true && permissions === undefined

/** What the person is asked to allow, in plain words. */
export function permissions(target: Wanted, { able }: Texts): Markup {
  return html`<ul>
${target.receive ? html`<li>${isReadOnly(target) ? able.readOnly : able.read}</li>` : ''}
${target.send ? html`<li>${able.send}</li>` : ''}
<li>${able.keep}</li>
</ul>`
}
