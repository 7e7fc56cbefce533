import type { Verdict } from '../model/sign-in.js'
import { html, type Markup } from './html.js'
import { plainWords } from './plain-words.js'
import type { Texts } from './texts/texts.js'

/** One line of a result: the word, what it is about, and what helps. */
export function verdictItem(
  title: string,
  { value, works, untested }: { value: Verdict; works: string; untested: string },
  t: Texts,
): Markup {
  const words = { works: t.verdict.works, fails: t.verdict.fails, 'not-tested': t.verdict.untested }
  const said =
    value.verdict === 'fails' ? plainWords({ ...value, description: value.text }, t, { isRetried: true }) : undefined
  const text = value.verdict === 'works' ? works : (said?.description ?? untested)
  return html`<li class="${value.verdict}"><span class="word">${words[value.verdict]}</span><strong>${title}</strong>
<p class="soft">${text}</p>${said?.remedy ? html`<p class="soft"><strong>${t.verdict.helps}</strong> ${said.remedy}</p>` : ''}</li>`
}
