/** The console's only style sheet: in the page, allowed by its hash; phone first, light and dark. */
export const consoleStyle = `
:root{color-scheme:light dark;--bg:#f5f6f8;--card:#fff;--ink:#17202b;--dim:#566273;--line:#d5dae1;--link:#0b57a4;--act:#0b57a4;--on:#fff;
--good:#e0f2e4;--good-ink:#14532d;--bad:#fde3e1;--bad-ink:#8c1810;--wait:#fdf0cf;--wait-ink:#6b4700;--quiet:#e6e9ee;--quiet-ink:#3a4452}
@media(prefers-color-scheme:dark){:root{--bg:#11161c;--card:#1a212a;--ink:#e7ecf2;--dim:#a3afbd;--line:#36414e;--link:#86bdf5;--act:#86bdf5;--on:#0c1a28;
--good:#173d25;--good-ink:#b5ecc5;--bad:#55201c;--bad-ink:#ffc9c4;--wait:#4b3a10;--wait-ink:#ffe4a3;--quiet:#2e3844;--quiet-ink:#d0d8e2}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;overflow-wrap:anywhere}
a{color:var(--link)}
a:focus-visible,button:focus-visible,input:focus-visible,select:focus-visible,textarea:focus-visible{outline:3px solid var(--link);outline-offset:2px}
.skip{position:absolute;left:-999em}.skip:focus{left:8px;top:8px;background:var(--card);padding:8px;z-index:1}
header,main,footer{max-width:1200px;margin:0 auto;padding:0 16px}
header{padding-top:12px;display:flex;flex-wrap:wrap;gap:8px 16px;align-items:center;justify-content:space-between}
header form{margin:0}
.brand{font-weight:700;font-size:18px;text-decoration:none;color:var(--ink)}
nav{width:100%;display:flex;flex-wrap:wrap;gap:4px 6px;border-bottom:1px solid var(--line);padding-bottom:8px}
nav a{padding:8px 10px;border-radius:6px;text-decoration:none}
nav a[aria-current]{background:var(--quiet);color:var(--quiet-ink);font-weight:600}
h1{font-size:24px;line-height:1.25;margin:20px 0 8px}
h2{font-size:19px;margin:28px 0 8px}
h3{font-size:16px;margin:0 0 4px}
.card h2:first-child{margin-top:0}
p{margin:6px 0}
.dim{color:var(--dim);font-size:14px}
.card,.notice{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:14px 16px;margin:10px 0}
.card.alert{border-left:5px solid var(--bad-ink)}
.notice{border-left:5px solid var(--good-ink)}
.row{display:flex;flex-wrap:wrap;gap:8px;align-items:center}
.row form{margin:0}
.counts{display:grid;grid-template-columns:repeat(auto-fit,minmax(130px,1fr));gap:10px;padding:0;margin:10px 0;list-style:none}
.counts li{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:10px 14px}
ul.plain{list-style:none;padding:0;margin:0}.plain li{margin:6px 0}
.counts b{display:block;font-size:24px;line-height:1.2}
.chip{display:inline-block;border-radius:14px;padding:1px 10px;font-size:14px;font-weight:600;max-width:100%;overflow-wrap:normal}
.good{background:var(--good);color:var(--good-ink)}.bad{background:var(--bad);color:var(--bad-ink)}
.wait{background:var(--wait);color:var(--wait-ink)}.quiet{background:var(--quiet);color:var(--quiet-ink)}
dl{display:grid;grid-template-columns:1fr;gap:0 16px;margin:8px 0}
dt{color:var(--dim);font-size:14px}dd{margin:0 0 8px}
table{width:100%;border-collapse:collapse;background:var(--card);border:1px solid var(--line)}
th,td{text-align:left;vertical-align:top;padding:8px 10px;border-bottom:1px solid var(--line)}
th{font-size:14px;color:var(--dim);font-weight:600}
label{display:block;font-weight:600;font-size:14px;margin-bottom:2px}
label.tick{display:flex;align-items:center;gap:8px;min-height:44px;margin:0;font-weight:400;font-size:16px}
input,select,textarea,button,.button{font:inherit;min-height:44px;border-radius:6px;border:1px solid var(--dim);padding:8px 12px;background:var(--card);color:var(--ink);max-width:100%}
input[type=checkbox]{width:22px;min-height:22px;margin:0}
.wide input,.wide textarea{width:100%}fieldset{border:1px solid var(--line);border-radius:8px;margin:16px 0;padding:4px 14px 14px;min-width:0}legend{font-weight:600;padding:0 6px}.wide label{margin-top:12px}.field-error{color:var(--bad-ink)}[aria-invalid]{border:2px solid var(--bad-ink)}
button,.button{background:var(--act);color:var(--on);border-color:var(--act);font-weight:600;cursor:pointer;text-decoration:none;display:inline-block}
button.plain,.button.plain{background:transparent;color:var(--link);border-color:var(--line)}
.at{white-space:nowrap}button,.button{overflow-wrap:normal}
.filters details{width:100%}summary{min-height:44px;padding:10px 0;cursor:pointer}summary:focus-visible{outline:3px solid var(--link);outline-offset:2px}nav.pages{border:0;margin:12px 0}
.filters{display:flex;flex-wrap:wrap;gap:10px 14px;align-items:end;margin:12px 0}
.copy{user-select:all}.words{font:14px/1.45 ui-monospace,Menlo,Consolas,monospace;background:var(--quiet);color:var(--quiet-ink);padding:8px 10px;border-radius:6px;margin:6px 0;white-space:pre-wrap}
ol.time{list-style:none;margin:0;padding:0 0 0 14px;border-left:3px solid var(--line)}
footer{padding-top:24px;padding-bottom:32px}
@media(max-width:719px){thead{position:absolute;left:-999em}table,tbody,tr,td{display:block}table{border:0;background:transparent}
tr{background:var(--card);border:1px solid var(--line);border-radius:8px;margin:10px 0;padding:8px 12px}td{border:0;padding:3px 0}
td[data-name]::before{content:attr(data-name);display:block;color:var(--dim);font-size:13px}}
@media(min-width:720px){dl{grid-template-columns:180px 1fr}dt{padding-top:1px}.narrow{max-width:560px}td:first-child{min-width:230px}td.about{min-width:200px}}
`
