import { invalidInput } from '../../errors.js'

/** More than any call, page, form or callback takes, every value percent-encoded. */
const mostParameters = 100
const longestQuery = 16_384

/** An address with more behind its ? is refused before anything is made of it (A3). */
export function requireShortQuery(url: string): void {
  const query = url.slice(url.indexOf('?') + 1)
  if (query.length === url.length) return
  if (query.length > longestQuery)
    throw invalidInput(
      'query',
      `is longer than the limit of ${longestQuery} characters; shorten the part of the address after the ?.`,
    )
  requireFew(query, 'query', 'parameters')
}

/** The same for the fields of a form. */
export const requireFewFields = (form: string): void => requireFew(form, 'body', 'fields')

function requireFew(text: string, field: string, things: string): void {
  let count = 1
  for (let at = text.indexOf('&'); at >= 0; at = text.indexOf('&', at + 1))
    if (++count > mostParameters)
      throw invalidInput(
        field,
        `has more than the limit of ${mostParameters} ${things}; leave out those that are not documented.`,
      )
}
