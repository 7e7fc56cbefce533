/**
 * The pages before and behind that of a list, without a script: the address holds where this page begins (`after`) and,
 * in `trail`, where the pages before it began. Other parameters are the filters and stay.
 */
import { html, type Markup } from '../html.js'
import { link, type View } from './frame.js'

export interface Pages {
  /** Of the page that is shown. */
  query: URLSearchParams
  /** Where the next page begins; empty at the end. */
  next: string
}

/** The way back is kept for so many pages; from there it leads to the first one. */
const mostTrail = 20
/** Stands for the first page, and in no `after`. */
const first = '-'
/** Between two places; in no `after` either. */
const separator = '!'

/** `words`: of the two ways; most lists show the newest first. */
export function pager(
  view: View,
  path: string,
  { query, next, words: [before, behind] = ['Newer', 'Older'] }: Pages & { words?: readonly [string, string] },
): Markup | false {
  const after = query.get('after') ?? ''
  const trail = (query.get('trail') ?? '').split(separator).filter((one) => one !== '')
  const to = (place: string, way: string[]): string => {
    const wanted = new URLSearchParams(query)
    for (const name of ['after', 'trail', 'done']) wanted.delete(name)
    if (place !== first) wanted.set('after', place)
    if (way.length > 0) wanted.set('trail', way.join(separator))
    return link(view, path, Object.fromEntries(wanted))
  }
  if (after === '' && next === '') return false
  const newer =
    after !== '' && html`<a rel="prev" href="${to(trail.at(-1) ?? first, trail.slice(0, -1))}">${before}</a>`
  const older =
    next !== '' &&
    html`<a rel="next" href="${to(next, [...trail, after === '' ? first : after].slice(-mostTrail))}">${behind}</a>`
  return html`<nav class="pages" aria-label="Pages">${newer}${older}</nav>`
}
