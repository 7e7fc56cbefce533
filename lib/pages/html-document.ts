import { html, Markup } from './html.js'

/** A whole page. Its style is inline and allowed by its hash; nothing else is loaded from anywhere. */
export function htmlDocument(
  { title, style, lang = 'en', refresh }: { title: string; style: string; lang?: string; refresh?: string | undefined },
  body: Markup,
): string {
  return html`<!doctype html>
<html lang="${lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex, nofollow">${
    refresh === undefined
      ? ''
      : html`
<meta http-equiv="refresh" content="0;url=${refresh}">`
  }
<title>${title} · Mailbox Gateway</title>
<style>${new Markup(style)}</style>
</head>
<body>
${body}
</body>
</html>
`.text
}
