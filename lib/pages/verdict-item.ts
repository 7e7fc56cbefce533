import type { Verdict } from '../model/sign-in.js'
import { html, type Markup } from './html.js'

/** One line of a result: the word, what it is about, and what helps. */
export function verdictItem(title: string, value: Verdict, works: string, untested: string): Markup {
  const words = { works: 'Works', fails: 'Does not work yet', 'not-tested': 'Not tested yet' }
  const text = value.verdict === 'works' ? works : value.verdict === 'not-tested' ? untested : value.text
  return html`<li class="${value.verdict}"><span class="word">${words[value.verdict]}</span><strong>${title}</strong>
<p class="soft">${text}</p>${value.verdict === 'fails' && value.remedy ? html`<p class="soft"><strong>What helps:</strong> ${value.remedy}</p>` : ''}</li>`
}
