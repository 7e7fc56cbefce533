import { html } from './html.js'
import { layout } from './layout.js'

/** What stands at `/`: what this is, and where to go. */
export function indexPage(): string {
  return layout(
    'Mailbox Gateway',
    html`<h1>Mailbox Gateway</h1>
<p>This service connects applications to mailboxes. If somebody asked you to connect your mailbox, open the link that you were sent.</p>
<ul>
<li><a href="/console">Console for operators and administrators</a></li>
<li><a href="/api/openapi.json">Description of the API</a></li>
<li><a href="/api/health">Health</a></li>
</ul>`,
  )
}

/** For a browser at an address where nothing is. */
export function unknownPage(requestId: string): string {
  return layout(
    'Page not found',
    html`<h1>Page not found</h1>
<p>Check the address. If you were sent a link, open the whole link: part of it may be missing.</p>
<a class="button" href="/">Go to the start page</a>`,
    { footer: html`<p>If you ask for help, give this request id: <code>${requestId}</code></p>` },
  )
}
