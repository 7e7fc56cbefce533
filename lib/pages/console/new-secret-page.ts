/** A new client secret for a registration: the one repair of a registration that needs no console but ours. */
import { html } from '../html.js'
import { consolePage, link, segment, type View } from './frame.js'

export interface NamedRegistration {
  id: string
  name: string
  clientId: string
  authority: string
}

export function newSecretPage(view: View, { id, name, clientId, authority }: NamedRegistration): string {
  const title = `New client secret for ${name}`
  return consolePage(
    view,
    '',
    title,
    html`<h1>${title}</h1>
<form class="card wide" method="post" action="${link(view, `/registrations/${segment(id)}/secret`)}" autocomplete="off"><input type="hidden" name="csrf" value="${view.csrf}">
<dl><dt>Client id</dt><dd>${clientId}</dd><dt>Directory</dt><dd>${authority}</dd></dl>
<p>Make a new client secret for this application at the identity provider and paste its value, not its id. One that the provider refuses is not saved; mailboxes that waited for it are tried at once, and nobody has to reconnect.</p>
<label for="secret">Value of the new secret</label>
<input id="secret" name="clientSecret" type="password" required maxlength="1000" autocomplete="off" autocapitalize="off" spellcheck="false">
<label for="ends">Day on which it ends, when known</label>
<input id="ends" name="ends" type="date">
<p class="row"><button>Try and save</button><a class="button plain" href="${link(view, '')}">No, go back</a></p></form>`,
  )
}
