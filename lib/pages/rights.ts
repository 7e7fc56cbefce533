import { html, type Markup } from './html.js'

/** What the person is asked to allow, in plain words. */
export function rights(target: { receive: boolean; send: boolean }): Markup {
  return html`<ul>
${target.receive ? html`<li>Read the mail that arrives in this mailbox, and mark, move or delete it if that is set up</li>` : ''}
${target.send ? html`<li>Send mail in the name of this mailbox</li>` : ''}
<li>Keep doing so when you are not signed in, until you or an administrator disconnects it</li>
</ul>`
}
