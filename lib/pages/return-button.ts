import { html, type Markup } from './html.js'

/** The way back to the application, named by the host it leads to: that is what a person can check. */
export function returnButton(returnTo: string | undefined, label: (host: string) => string, plain = false): Markup {
  if (returnTo === undefined) return html``
  const host = URL.canParse(returnTo) ? new URL(returnTo).host : ''
  return html`<a class="button${plain ? ' plain' : ''}" href="${returnTo}" rel="noreferrer">${label(host)}</a>`
}
