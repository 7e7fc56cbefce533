/** A new client secret, or key and certificate, for a registration: the one repair that needs no console but ours. */
import type { CredentialKind } from '../../model/credential.js'
import { html, type Markup } from '../html.js'
import { consolePage, link, segment, type View } from './frame.js'

export interface NamedRegistration {
  id: string
  name: string
  clientId: string
  authority: string
  credential: CredentialKind
}

/** What was refused, and the day as it was typed; a secret is never shown again. */
export interface RefusedSecret {
  refused: { code: string; field?: string | undefined; description: string; remedy: string }
  ends: string
}

export function newSecretPage(
  view: View,
  { id, name, clientId, authority, credential }: NamedRegistration,
  again?: RefusedSecret,
): string {
  const isKey = credential === 'private-key'
  const title = `New ${isKey ? 'certificate' : 'client secret'} for ${name}`
  return consolePage(
    view,
    { current: '', title },
    html`<h1>${title}</h1>
<form class="card wide" method="post" action="${link(view, `/registrations/${segment(id)}/secret`)}" autocomplete="off"><input type="hidden" name="csrf" value="${view.csrf}">
<dl><dt>Client id</dt><dd>${clientId}</dd><dt>Directory</dt><dd>${authority}</dd></dl>
${credential === 'managed-identity' && byIdentity}${isKey ? certificateFields(again) : secretFields(again)}
<p class="row"><button>Test and save</button><a class="button plain" href="${link(view, '')}">No, go back</a></p></form>`,
  )
}

const byIdentity = html`<p>This application proves itself by the managed identity of the gateway, so there is no secret: repair its federated credential at the identity provider, then press <em>Try again</em> on the card. A client secret that you save here takes its place.</p>`

/** What is wrong, before the field that it is about, and the mark at that field. */
function problemAt(again: RefusedSecret | undefined, isHere: boolean): { said: Markup | false; mark: Markup | false } {
  if (again === undefined || !isHere) return { said: false, mark: false }
  const { description, remedy, code } = again.refused
  return {
    said: html`<p id="problem" class="field-error" role="alert"><strong>Not saved.</strong> ${description} ${remedy} <span class="dim">Code ${code}</span></p>`,
    mark: html` aria-invalid="true" aria-describedby="problem" autofocus`,
  }
}

function secretFields(again: RefusedSecret | undefined): Markup {
  const isOfDay = /^(ends|clientSecretExpiresAt)$/.test(again?.refused.field ?? '')
  const secret = problemAt(again, !isOfDay)
  const day = problemAt(again, isOfDay)
  return html`<p>Create a new client secret for this application at the identity provider and paste its value, not its id. The gateway does not save a secret that the provider refuses. It retries the mailboxes that waited for the secret immediately, and nobody has to reconnect.</p>
<label for="secret">Value of the new secret</label>${secret.said}
<input id="secret" name="clientSecret" type="password" required maxlength="1000" autocomplete="off" autocapitalize="off" spellcheck="false"${secret.mark}>
<label for="ends">Day on which it expires, if known</label>${day.said}
<input id="ends" name="ends" type="date" value="${again?.ends ?? ''}"${day.mark}>`
}

function certificateFields(again: RefusedSecret | undefined): Markup {
  const isOfKey = again?.refused.field === 'privateKey'
  const key = problemAt(again, isOfKey)
  const certificate = problemAt(again, !isOfKey)
  return html`<p>Upload the new certificate to this application at the identity provider first, then paste the certificate and its key here, both as PEM text. The gateway does not save a certificate that the provider refuses. It retries the mailboxes that waited for it immediately, and nobody has to reconnect.</p>
<label for="certificate">Certificate (PEM)</label>${certificate.said}
<textarea id="certificate" name="certificate" required rows="6" maxlength="20000" autocomplete="off" autocapitalize="off" spellcheck="false"${certificate.mark}></textarea>
<label for="key">Private key (PEM, without a passphrase)</label>${key.said}
<textarea id="key" name="privateKey" required rows="6" maxlength="10000" autocomplete="off" autocapitalize="off" spellcheck="false"${key.mark}></textarea>`
}
