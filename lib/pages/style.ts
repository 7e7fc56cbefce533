import { createHash } from 'node:crypto'

/**
 * The one style sheet; its hash is what the content security policy allows. Contrast is at least 4.5:1 in both schemes.
 */
export const style = `
:root{color-scheme:light dark;--ground:#f3f5f9;--card:#fff;--ink:#16202e;--soft:#4b5a6e;--line:#d5dce6;--accent:#1a56c4;--accent-ink:#fff;--good:#12703c;--bad:#b3261e;--wait:#7a5200;--tint:#eef3fc}
@media (prefers-color-scheme:dark){:root{--ground:#10151d;--card:#19212d;--ink:#e9eef6;--soft:#a9b6c8;--line:#334155;--accent:#8ab4ff;--accent-ink:#0b1526;--good:#6fd39b;--bad:#ff9d94;--wait:#f0c36a;--tint:#1f2b3d}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;background:var(--ground);color:var(--ink);font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;display:flex;flex-direction:column;align-items:center;padding:1rem}
main{width:100%;max-width:34rem;background:var(--card);border:1px solid var(--line);border-radius:16px;padding:1.5rem;margin:auto 0;box-shadow:0 12px 32px rgb(16 32 64 / .08)}
@media (min-width:40rem){main{padding:2.25rem 2.5rem}}
.brand{color:var(--soft);font-size:.875rem;font-weight:600;margin:0 0 1rem}
h1{font-size:clamp(1.25rem,5.2vw,1.5rem);line-height:1.25;margin:0 0 .75rem;overflow-wrap:anywhere;letter-spacing:-.01em}
h2{font-size:1.0625rem;margin:1.75rem 0 .5rem}
p{margin:.5rem 0;overflow-wrap:anywhere}
a{color:var(--accent)}
.address{display:inline-block;max-width:100%}
.soft{color:var(--soft);font-size:.9375rem}
ul{margin:.5rem 0;padding-left:1.25rem}
li{margin:.25rem 0}
dl{margin:1rem 0;border:1px solid var(--line);border-radius:12px;padding:.25rem 1rem}
dl div{padding:.625rem 0;border-bottom:1px solid var(--line)}
dl div:last-child{border-bottom:0}
dt{color:var(--soft);font-size:.875rem}
dd{margin:0;font-weight:600;overflow-wrap:anywhere}
.note{background:var(--tint);border-radius:12px;padding:.75rem 1rem;margin:1rem 0;font-size:.9375rem}
.problem{border:1px solid var(--bad);border-radius:12px;padding:.75rem 1rem;margin:1rem 0}
.problem strong,.field-error{color:var(--bad)}
.field-error{font-size:.9375rem;margin:.125rem 0 .375rem}
[aria-invalid]{border:2px solid var(--bad)}
pre{white-space:pre-wrap;overflow-wrap:anywhere}
.link{user-select:all;-webkit-user-select:all;font-family:ui-monospace,SFMono-Regular,Consolas,monospace;font-size:.875rem;border:1px dashed var(--soft);border-radius:10px;padding:.75rem}
form{margin:0}
label{display:block;font-weight:600;font-size:.9375rem;margin:.875rem 0 .25rem}
input,select{width:100%;font:inherit;color:inherit;background:var(--card);border:1px solid var(--soft);border-radius:10px;padding:.625rem .75rem;min-height:44px}
.row{display:grid;gap:0 .75rem}
@media (min-width:40rem){.row{grid-template-columns:1.8fr .9fr 1.5fr}}
fieldset{border:1px solid var(--line);border-radius:12px;padding:.25rem 1rem 1rem;margin:1.25rem 0 0}
legend{font-weight:600;padding:0 .375rem}
button,.button{display:block;width:100%;font:inherit;font-weight:600;text-align:center;text-decoration:none;cursor:pointer;min-height:48px;padding:.6875rem 1rem;border-radius:12px;border:1px solid var(--accent);background:var(--accent);color:var(--accent-ink);margin-top:1.25rem}
button.plain,.button.plain{background:transparent;color:var(--accent)}
button.quiet{background:transparent;border-color:transparent;color:var(--soft);margin-top:.5rem}
:focus-visible{outline:3px solid var(--accent);outline-offset:3px}
details{margin-top:1.5rem;border-top:1px solid var(--line);padding-top:1rem}
summary{cursor:pointer;font-weight:600;min-height:32px}
.verdicts{list-style:none;padding:0}
.verdicts li{border:1px solid var(--line);border-radius:12px;padding:.75rem 1rem;margin:.625rem 0}
.verdicts .word{float:right;font-weight:700;font-size:.9375rem;margin-left:.5rem}
.works .word{color:var(--good)}
.fails .word{color:var(--bad)}
.not-tested .word{color:var(--wait)}
footer{color:var(--soft);font-size:.8125rem;margin-top:1.75rem;border-top:1px solid var(--line);padding-top:.875rem;overflow-wrap:anywhere}
code{font-family:ui-monospace,SFMono-Regular,Consolas,monospace;font-size:.875em}
`

export const styleHash = `sha256-${createHash('sha256').update(style).digest('base64')}`
