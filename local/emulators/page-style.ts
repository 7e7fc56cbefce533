import { escapeHtml } from './loopback-server.js'

const style = `
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#5b6470;--line:#d8dde4;--card:#fff;--ground:#eef2f7;--brand:#2456b8;--hover:#f3f7ff}
@media(prefers-color-scheme:dark){:root{--ink:#eef1f5;--soft:#a6b0bd;--line:#39424e;--card:#1d232b;--ground:#12161b;--brand:#8ab4ff;--hover:#26303c}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,'Segoe UI',Roboto,sans-serif}
main{max-width:30rem;margin:0 auto;padding:1rem}
main.wide{max-width:60rem}
@media(min-width:40rem){main{padding:3rem 1rem}}
.card{background:var(--card);border:1px solid var(--line);border-radius:14px;padding:1.25rem;box-shadow:0 6px 24px #0f1b3312}
@media(min-width:40rem){.card{padding:2rem}}
h1{font-size:1.4rem;line-height:1.25;margin:.25rem 0 .5rem}
h2{font-size:1.05rem;margin:1.5rem 0 .5rem}
p{margin:.5rem 0}.soft{color:var(--soft);font-size:.92rem}
.badge{display:inline-block;font-size:.75rem;letter-spacing:.03em;color:var(--soft);border:1px solid var(--line);border-radius:99px;padding:.1rem .6rem}
ul.plain{list-style:none;margin:.75rem 0;padding:0;display:grid;gap:.5rem}
button,.button{font:inherit;min-height:44px;border-radius:10px;border:1px solid var(--line);background:transparent;color:inherit;cursor:pointer;padding:.5rem .9rem}
button:hover,a.row:hover{background:var(--hover)}
button.account,a.row{width:100%;text-align:left;display:flex;gap:.8rem;align-items:center;color:inherit;text-decoration:none;border:1px solid var(--line);border-radius:10px;padding:.55rem .8rem}
button.primary{background:var(--brand);border-color:var(--brand);color:var(--card);font-weight:600}
.avatar{flex:none;width:2.3rem;height:2.3rem;border-radius:50%;display:grid;place-items:center;background:var(--brand);color:var(--card);font-weight:600}
.grow{min-width:0;flex:1}.grow b,.grow span{display:block;overflow-wrap:anywhere}
.grow span{color:var(--soft);font-size:.88rem}
.unread b{font-weight:700}.read b{font-weight:400}
label{display:block;margin:.75rem 0 .2rem;font-weight:600}
input,textarea,select{font:inherit;width:100%;padding:.6rem .7rem;border-radius:10px;border:1px solid var(--line);background:var(--card);color:inherit}
textarea{min-height:10rem}
pre{white-space:pre-wrap;overflow-wrap:anywhere;font:15px/1.5 ui-monospace,monospace;background:var(--ground);border-radius:10px;padding:1rem}
a{color:var(--brand)}nav a{margin-right:1rem}
summary{cursor:pointer;min-height:44px;padding:.6rem 0}
:focus-visible{outline:3px solid var(--brand);outline-offset:2px}
.note{border-left:4px solid var(--brand);padding:.5rem .8rem;background:var(--hover);border-radius:6px}
`

/** One emulator page; `body` is trusted HTML whose author has escaped it. */
export function htmlPage(title: string, body: string, wide = false): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="robots" content="noindex"><title>${escapeHtml(title)}</title><style>${style}</style></head>
<body><main${wide ? ' class="wide"' : ''}><div class="card">${body}</div></main></body></html>`
}

export const avatar = (name: string): string =>
  `<span class="avatar" aria-hidden="true">${escapeHtml(name.charAt(0).toUpperCase() || '?')}</span>`
