import { html, Markup } from './html.js'
import { style } from './style.js'

/** A whole page. The style is inline and allowed by its hash; nothing else is loaded from anywhere. */
export function layout(title: string, content: Markup, footer?: Markup): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex, nofollow">
<title>${title} · Mailbox Gateway</title>
<style>${new Markup(style)}</style>
</head>
<body>
<main>
<p class="brand">Mailbox Gateway</p>
${content}
${footer ? html`<footer>${footer}</footer>` : ''}
</main>
</body>
</html>
`.text
}
