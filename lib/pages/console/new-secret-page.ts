/** A new client secret for a registration: the one repair of a registration that needs no console but ours. */
import { html } from '../html.js'
import { consolePage, link, segment, type View } from './frame.js'

export interface NamedRegistration {
  id: string
  name: string
  clientId: string
  authority: string
}

/** What was refused, and the day as it was typed; a secret is never shown again. */
export interface RefusedSecret {
  refused: { code: string; field?: string | undefined; description: string; remedy: string }
  ends: string
}

export function newSecretPage(
  view: View,
  { id, name, clientId, authority }: NamedRegistration,
  again?: RefusedSecret,
): string {
  const isOfDay = /^(ends|clientSecretExpiresAt)$/.test(again?.refused.field ?? '')
  const problem =
    again !== undefined &&
    html`<p id="problem" class="field-error" role="alert"><strong>Not saved.</strong> ${again.refused.description} ${again.refused.remedy} <span class="dim">Code ${again.refused.code}</span></p>`
  const marked = html` aria-invalid="true" aria-describedby="problem" autofocus`
  const title = `New client secret for ${name}`
  return consolePage(
    view,
    { current: '', title },
    html`<h1>${title}</h1>
<form class="card wide" method="post" action="${link(view, `/registrations/${segment(id)}/secret`)}" autocomplete="off"><input type="hidden" name="csrf" value="${view.csrf}">
<dl><dt>Client id</dt><dd>${clientId}</dd><dt>Directory</dt><dd>${authority}</dd></dl>
<p>Create a new client secret for this application at the identity provider and paste its value, not its id. The gateway does not save a secret that the provider refuses. It retries the mailboxes that waited for the secret immediately, and nobody has to reconnect.</p>
<label for="secret">Value of the new secret</label>${!isOfDay && problem}
<input id="secret" name="clientSecret" type="password" required maxlength="1000" autocomplete="off" autocapitalize="off" spellcheck="false"${again !== undefined && !isOfDay && marked}>
<label for="ends">Day on which it expires, if known</label>${isOfDay && problem}
<input id="ends" name="ends" type="date" value="${again?.ends ?? ''}"${isOfDay && marked}>
<p class="row"><button>Test and save</button><a class="button plain" href="${link(view, '')}">No, go back</a></p></form>`,
  )
}
